"""Measured sinograms beside MR: what was measured stays as it is, levels are found, and what cannot be right is refused or noted."""

import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Poisson
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_datasets.pet_mr_sinograms import PetMrSinograms
from mridiff_datasets.real_images import facing, opposite
from mridiff_sdk.fourier import fft


@pytest.fixture(scope="module")
def phantom():
    return PetMrPhantom(counts=1e5)[0]


@pytest.fixture
def arrays(phantom):
    m = phantom.measured
    return {"sinogram": m.y[0][0].numpy(), "angles": m.acquisition["angles"].data[0].numpy(), "kspace": 40 * m.y[1][0].numpy(),
            "background": np.float64(m.noise.parts[0].background)}  # fmt: skip


def test_what_was_measured_stays_and_levels_are_found(tmp_path, save, arrays, phantom):
    scan = PetMrSinograms(path=save(tmp_path / "head.npz", **arrays))[0]
    m, before = scan.measured, phantom.measured
    assert torch.equal(m.y[0], before.y[0]) and torch.equal(m.acquisition["mask"].data, before.acquisition["mask"].data)
    torch.testing.assert_close(m.y[1], 40 * before.y[1], rtol=0, atol=1e-2 * float(40 * before.y[1].abs().max()))
    s, c = (m.acquisition["scale"].data / before.acquisition["scale"].data)[0].tolist()
    assert s == pytest.approx(1, rel=0.2) and c == pytest.approx(40, rel=0.25)
    assert isinstance(m.noise.parts[0], Poisson) and m.noise.parts[0].background == pytest.approx(before.noise.parts[0].background)
    assert float(m.noise.parts[1].std) == pytest.approx(40 * 0.02, rel=0.2)
    assert not scan.truth and scan.id == "head" and "in units of" in scan.notes[-1] and len(scan.notes) == 1


def test_slices_an_image_of_mr_and_what_is_given(tmp_path, save, arrays, phantom):
    v = phantom.truth["x"].data[0, 1].numpy()
    even = np.full_like(arrays["sinogram"], 2.0)
    path = save(tmp_path / "a.h5", sinogram=np.stack([arrays["sinogram"]] * 2), angles=arrays["angles"], mr=np.stack([v, 3 * v]),
                background=np.stack([even, even]), scale=np.array([2.0, 5.0]), noise_std=0.3, other=1)  # fmt: skip
    data = PetMrSinograms(path=path, slices=1)
    scan, (told,) = data[0], data.contents()
    torch.testing.assert_close(scan.measured.y[1][0], fft(torch.from_numpy(3 * v).to(torch.complex64)), rtol=1e-4, atol=1e-4)
    assert scan.measured.acquisition["scale"].data.tolist() == [[2.0, 5.0]] and scan.measured.noise.parts[1].std == pytest.approx(0.3)
    assert scan.measured.noise.parts[0].background.shape == (1, *even.shape) and scan.id == "a-s001"
    assert told.scans == 1 and "other" in told.left_out[0] and told.measured["y1"] == {"ky": 64, "kx": 64}


def test_a_phase_is_taken_out_where_it_is_constant_and_refused_else(tmp_path, save, arrays):
    turned = save(tmp_path / "a.npz", **arrays | {"kspace": arrays["kspace"] * np.exp(2.5j)})
    plain = PetMrSinograms(path=save(tmp_path / "b.npz", **arrays))[0].measured.y[1]
    torch.testing.assert_close(PetMrSinograms(path=turned)[0].measured.y[1], plain, rtol=0, atol=1e-3 * float(plain.abs().max()))
    shifted = save(tmp_path / "c.npz", **arrays | {"kspace": np.roll(arrays["kspace"], 2, 0)})
    with pytest.raises(DataError, match=r"its image has a phase \(.* give the magnitudes of the image as `mr`"):
        PetMrSinograms(path=shifted)[0]


@pytest.mark.parametrize("size", [(5, 7), (6, 8), (6, 7)])
def test_noise_alone_is_no_phase(size):
    rng = torch.Generator().manual_seed(0)
    k = fft(torch.rand(64, 64, generator=rng).to(torch.complex64)) + 0.5 * torch.randn(64, 64, dtype=torch.complex64, generator=rng)
    assert facing(k, torch.ones(64, 64, dtype=torch.bool), 0.5)[1] == []
    real = fft(torch.rand(size, generator=rng).to(torch.complex64))
    torch.testing.assert_close(opposite(real).conj(), real, rtol=1e-4, atol=1e-5)


def test_names_and_shapes_are_refused_together(tmp_path, save, arrays):
    with pytest.raises(DataError, match="there is no angles, no kspace or mr"):
        PetMrSinograms(path=save(tmp_path / "a.npz", sinogram=arrays["sinogram"]))
    wrong = arrays | {"angles": np.ones(3), "mr": np.ones((2, 64, 64)), "scale": np.ones(3), "sinogram": arrays["sinogram"].astype(complex)}
    with pytest.raises(DataError) as told:
        PetMrSinograms(path=save(tmp_path / "b.npz", **wrong))
    for words in (
        "mr: it stands beside kspace",
        "angles: shape (3,)",
        "mr: shape (2, 64, 64)",
        "scale: shape (3,)",
        "sinogram: its values",
    ):
        assert words in told.value.message


def test_values_are_refused_together(tmp_path, save, arrays):
    wrong = arrays | {"sinogram": arrays["sinogram"] - 100, "angles": np.rad2deg(arrays["angles"]), "scale": np.array([1.0, 0.0])}
    with pytest.raises(DataError) as told:
        PetMrSinograms(path=save(tmp_path / "a.npz", **wrong))[0]
    assert all(words in told.value.message for words in ("sinogram: ", "are negative", "no radians", "scale: both"))
    lost = save(tmp_path / "b.npz", **arrays | {"kspace": np.full((64, 64), np.nan + 0j)})
    with pytest.raises(DataError, match="kspace: 4096 of 4096 values are NaN"):
        PetMrSinograms(path=lost)[0]


@pytest.mark.parametrize(("change", "words"), [
    (lambda a: {"sinogram": 0.7 * a["sinogram"]}, "no whole numbers"),
    (lambda a: {"sinogram": (a["sinogram"] * np.linspace(0.5, 1.5, 60)[:, None]).round()}, "totals of the projections differ"),
    (lambda a: {"sinogram": np.repeat(a["sinogram"], 2, 1)[:, 20:-20]}, "the bins of the sinogram must be as wide as a pixel"),
])  # fmt: skip
def test_what_is_odd_is_noted(tmp_path, save, arrays, change, words):
    assert any(words in note for note in PetMrSinograms(path=save(tmp_path / "a.npz", **arrays | change(arrays)))[0].notes)


def test_a_file_is_known_by_its_sinogram(tmp_path, save, arrays):
    path = save(tmp_path / "a.npz", **arrays)
    assert PetMrSinograms.can_read(path) and not Arrays.can_read(path) and not PetMrSinograms.can_read(tmp_path)

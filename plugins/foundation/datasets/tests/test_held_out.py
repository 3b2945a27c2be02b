import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff_datasets.held_out import HeldOutHeads
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import SUBJECTS, measured

KINDS = pytest.mark.parametrize("source", SUBJECTS)


@KINDS
def test_scans_are_named_by_subject_and_slice(measured_folder, source):
    data = HeldOutHeads(measured_folder, source=source, size=24, count=2)
    names = [scan.id for scan in data]
    assert len(set(names)) == len(names) == len(SUBJECTS[source]) * (1 if source == "measured" else 2)
    assert list(dict.fromkeys(name.partition("/")[0] for name in names)) == list(SUBJECTS[source])
    one = SUBJECTS[source][-1]
    chosen = HeldOutHeads(measured_folder, source=source, size=24, count=2, subjects=f" {one}")
    assert [scan.id for scan in chosen] == [name for name in names if name.startswith(one)]


@KINDS
def test_every_scan_has_a_mask_of_its_own_that_the_number_of_slices_does_not_change(measured_folder, source):
    options = {"source": source, "size": 24, "center_fraction": 0.2, "acceleration": 2}
    masks = {scan.id: scan.measured.require("mask")[0] for scan in HeldOutHeads(measured_folder, count=3, **options)}
    few = {scan.id: scan.measured.require("mask")[0] for scan in HeldOutHeads(measured_folder, count=1, **options)}
    assert len({tuple(m[0, 0].tolist()) for m in masks.values()}) > 1 or len(masks) < 3
    assert few and all(torch.equal(masks[name], mask) for name, mask in few.items())
    other = [scan.measured.require("mask")[0] for scan in HeldOutHeads(measured_folder, count=3, mask_seed=1, **options)]
    assert any(not torch.equal(a, b) for a, b in zip(masks.values(), other, strict=True))


def test_one_coil_without_maps(measured_folder):
    scan = HeldOutHeads(measured_folder, size=24, acceleration=1, coils=1, maps="none")[0]
    assert scan.measured.y.shape == (1, 24, 24) and "sensitivity_maps" not in scan.measured.acquisition
    torch.testing.assert_close(ifft(scan.measured.y), scan.truth["x"].data)
    assert float(scan.truth["x"].data.abs().flatten().quantile(0.99)) == pytest.approx(1, abs=1e-5)


def test_k_space_of_a_measured_head_is_that_of_the_file(measured_folder):
    x, maps = measured(measured_folder)
    options = {"source": "measured", "acceleration": 2, "center_fraction": 0.3}
    plain, given = (HeldOutHeads(measured_folder, maps=choice, **options)[0] for choice in ("auto", "given"))
    (mask,) = plain.measured.require("mask")
    full = HeldOutHeads(measured_folder, source="measured", acceleration=1)[0].measured.y
    assert torch.equal(plain.measured.y, mask[:, None] * full) and full.shape == (1, 4, 48, 48)
    assert not torch.allclose(plain.measured.require("sensitivity_maps")[0], maps[None], atol=1e-3)
    torch.testing.assert_close(given.measured.require("sensitivity_maps")[0], maps[None])
    scale = float(given.truth["x"].data.abs().max() / x.abs().max())
    torch.testing.assert_close(given.truth["x"].data, scale * x, rtol=1e-4, atol=1e-3)
    seen = HeldOutHeads(measured_folder, source="measured", acceleration=1, coils=3)[0]
    torch.testing.assert_close(seen.measured.y[0], fft(simulate_maps(3, (48, 48), 0) * x))


def test_without_a_folder_the_error_says_how_to_name_one(measured_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("MRIDIFF_DATA", str(measured_folder))
    assert len(HeldOutHeads(size=24)) == 15
    monkeypatch.delenv("MRIDIFF_DATA")
    with pytest.raises(DataError, match="set MRIDIFF_DATA"):
        HeldOutHeads()
    with pytest.raises(DataError, match="nowhere does not exist"):
        HeldOutHeads(tmp_path / "nowhere")
    with pytest.raises(DataError, match="siat_t2"):
        HeldOutHeads(tmp_path)


def test_unknown_subjects_and_sizes_are_refused(measured_folder):
    with pytest.raises(ConfigError) as error:
        HeldOutHeads(measured_folder, subjects="A, H, nobody")
    assert "'H'" in str(error.value) and "'nobody'" in str(error.value) and "'A'" not in str(error.value)
    for source, most in (("t2", 48), ("t1", 32), ("heart", 48)):
        assert HeldOutHeads(measured_folder, source=source, size=most)[0].truth["x"].data.shape == (1, most, most)
        with pytest.raises(DataError, match="smaller size"):
            HeldOutHeads(measured_folder, source=source, size=most + 1)[0]


@pytest.mark.parametrize(("source", "count"), [("t2", 10), ("measured", 2), ("t1", 2), ("t2-clinical", 2), ("flair", 2), ("heart", 16)])
def test_real_heads(real_data, source, count):
    data = HeldOutHeads(real_data, source=source, count=2, acceleration=4, noise_std=0.0 if source == "measured" else 0.005)
    assert len(data) == count
    for scan in (data[0], data[-1]):
        (mask,) = scan.measured.require("mask")
        x, zero_filled = scan.truth["x"].data, torch.linalg.vector_norm(ifft(scan.measured.y), dim=1)
        assert mask.mean() == pytest.approx(0.25, abs=0.02) and scan.measured.noise.std > 0
        assert x.shape[1:] == ((128, 128) if source != "measured" else scan.measured.y.shape[2:])
        assert 0.01 < float((zero_filled - x.abs()).square().sum() / x.abs().square().sum()) < 0.3

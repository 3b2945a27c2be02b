import h5py
import numpy as np
import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff_datasets.arrays import Arrays
from mridiff_sdk.fourier import ifft


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_layouts(tmp_path, save, kspace, coil_maps, suffix):
    one = Arrays(save(tmp_path / f"one{suffix}", kspace=kspace[0]))[0]
    coils = Arrays(save(tmp_path / f"coils{suffix}", kspace=kspace, sensitivity_maps=coil_maps, noise_std=0.02))
    volume = save(tmp_path / f"volume{suffix}", kspace=torch.stack([kspace, 2 * kspace]), sensitivity_maps=coil_maps)
    assert torch.equal(one.measured.y[0, 0], kspace[0])
    assert len(coils) == 1 and coils[0].id == "coils" and coils[0].measured.noise.std == 0.02
    assert torch.equal(coils[0].measured.y[0], kspace) and torch.allclose(
        coils[0].measured.acquisition["sensitivity_maps"].data[0], coil_maps
    )
    assert [s.id for s in Arrays(volume)] == ["volume-s000", "volume-s001"]
    assert torch.equal(Arrays(volume, slices="1")[0].measured.y[0], 2 * kspace)


def test_mask_of_lines_reference_and_slices_of_both(tmp_path, save, kspace, image, lines):
    stacked = torch.stack([image, 3 * image])
    path = save(tmp_path / "a.h5", kspace=torch.stack([kspace, kspace]), mask=lines[0].to(torch.uint8), reference=stacked)
    scan = Arrays(path)[1]
    assert torch.equal(scan.measured.acquisition["mask"].data[0] > 0, lines) and torch.equal(scan.truth["x"].data[0], 3 * image)


def test_given_maps_of_any_norm_simulate_the_image_that_is_the_truth(tmp_path, save, image, coil_maps):
    for factor in (1, 7):
        scan = Arrays(save(tmp_path / f"{factor}.h5", image=image, sensitivity_maps=factor * coil_maps))[0]
        assert torch.allclose(scan.measured.acquisition["sensitivity_maps"].data[0], coil_maps, atol=1e-5)
        assert torch.allclose(ifft(scan.measured.y[0]), coil_maps * image, atol=1e-5) and torch.allclose(
            scan.truth["x"].data[0], image, atol=1e-6
        )


@pytest.mark.parametrize("names", [("r", "i"), ("real", "imag"), ("Re", "Im")])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_complex_numbers_as_pairs(tmp_path, kspace, names, kind):
    values = np.empty(kspace.shape, np.dtype([(n, kind) for n in names]))
    values[names[0]], values[names[1]] = kspace.real.numpy(), kspace.imag.numpy()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kspace"] = values
    assert torch.allclose(Arrays(tmp_path / "a.h5")[0].measured.y[0], kspace, atol=1e-2 if kind == "f2" else 1e-6)


def test_other_compound_numbers_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kspace"] = np.zeros((4, 4), np.dtype([("magnitude", "f4"), ("phase", "f4")]))
    with pytest.raises(UnsafeInput, match=r"complex numbers also as pairs \(r, i\)"):
        Arrays(tmp_path / "a.h5")


def test_arrays_of_other_names_are_named(tmp_path, save, kspace, coil_maps):
    scan = Arrays(save(tmp_path / "a.h5", kspace=kspace, csm=coil_maps, mask=torch.ones(36)))[0]
    (note,) = scan.notes
    assert note.startswith("not read: csm;") and "sensitivity_maps" in note


def test_image_is_simulated(tmp_path, save, image):
    path = save(tmp_path / "a.npz", image=torch.stack([image, image]).abs())
    scan = Arrays(path, coils=5, acceleration=2, noise_std=0.01, phase=1.0, slices="0")[0]
    x = scan.truth["x"].data[0]
    assert scan.id == "a-s000" and tuple(scan.measured.y.shape) == (1, 5, 40, 36) and torch.allclose(x.abs(), image.abs(), atol=1e-6)
    assert scan.measured.noise.std == pytest.approx(0.01 * float(image.abs().max()))
    turned = x[x.abs() > 0].angle()
    assert 0.3 < float(turned.abs().max()) <= 1.0001
    back = (scan.measured.acquisition["sensitivity_maps"].data[0].conj() * ifft(Arrays(path, coils=5, phase=1.0)[0].measured.y[0])).sum(0)
    assert torch.allclose(back, x, atol=1e-5)


def test_folder_and_can_read(tmp_path, save, kspace):
    save(tmp_path / "b.h5", kspace=kspace)
    save(tmp_path / "a.npz", kspace=kspace)
    save(tmp_path / "other.h5", something=kspace)
    save(tmp_path / "fast.h5", kspace=kspace, ismrmrd_header="<a/>")
    (tmp_path / "c.txt").write_text("kspace")
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    data = Arrays(tmp_path)
    assert [e.id for e in data.entries] == ["a", "b", "broken", "fast", "other"] and data[1].id == "b"
    for index, words in ((2, "broken"), (4, "neither 'kspace' nor 'image'")):
        with pytest.raises(DataError, match=words):
            data[index]
    assert [Arrays.can_read(tmp_path / n) for n in ("a.npz", "b.h5", "other.h5", "fast.h5", "c.txt", "broken.h5")] == [True, True] + 4 * [
        False
    ]


def test_all_faults_of_a_file_at_once(tmp_path, save, kspace, coil_maps):
    path = save(
        tmp_path / "a.h5",
        kspace=kspace.abs(),
        sensitivity_maps=coil_maps[:3],
        mask=torch.ones(7, 7),
        reference=torch.ones(2, 2),
        noise_std=torch.ones(3),
    )
    with pytest.raises(DataError) as caught:
        Arrays(path)
    text = str(caught.value)
    for part in ("a.h5: 5 problems",
                 "kspace: numbers of type float32 are not complex", "sensitivity_maps: shape (3, 40, 36)", "mask: shape (7, 7)",
                 "reference: shape (2, 2)", "noise_std: shape (3,)"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"data": np.ones(3)}, "neither 'kspace' nor 'image'"),
        ({"kspace": np.ones((2, 2, 2, 2, 2), np.complex64)}, r"shape \(2, 2, 2, 2, 2\) is not \(y, x\) or"),
        ({"kspace": np.ones((0, 4, 4), np.complex64)}, r"shape \(0, 4, 4\)"),
        ({"image": np.ones((8, 8)), "kspace": np.ones((8, 8), np.complex64)}, "stands beside 'image'"),
        ({"image": np.ones((8, 8)), "mask": np.full((8, 8), 2.0)}, "mask: 64 of 64"),
        ({"image": np.ones((8, 8)), "mask": np.ones((8, 8), np.complex64)}, "mask: its values of type complex64"),
        ({"image": np.full((8, 8), np.nan)}, "NaN or infinite"),
        ({"kspace": np.full((2, 8, 8), np.inf, np.complex64)}, "NaN or infinite"),
    ],
)
def test_faults(tmp_path, save, arrays, words):
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=words):
        list(Arrays(path))


def test_hostile_and_broken_files(tmp_path, save, kspace):
    whole = save(tmp_path / "whole.h5", kspace=kspace)
    (tmp_path / "short.h5").write_bytes(whole.read_bytes()[:3000])
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["kspace"] = h5py.ExternalLink("whole.h5", "kspace")
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("kspace", (300_000, 300_000), np.complex64, chunks=(64, 64), compression="gzip")
    with pytest.raises(DataError, match=r"short\.h5"):
        Arrays(tmp_path / "short.h5")
    for name in ("link.h5", "bomb.h5"):
        with pytest.raises(UnsafeInput, match=name):
            Arrays(tmp_path / name)[0]
    assert not any(Arrays.can_read(tmp_path / n) for n in ("short.h5", "link.h5"))


def test_index_outside(tmp_path, save, kspace):
    with pytest.raises(IndexError):
        Arrays(save(tmp_path / "a.h5", kspace=kspace))[1]


def test_a_field_map_is_part_of_the_acquisition(tmp_path, save, kspace, coil_maps, image):
    field = 30 * image.real
    stacked = torch.stack([field, 2 * field])
    path = save(tmp_path / "a.h5", kspace=torch.stack([kspace, kspace]), sensitivity_maps=coil_maps, field_map=stacked)
    data = Arrays(path, acceleration=2)
    found = data[1].measured.acquisition["field_map"]
    assert torch.equal(found.data[0], 2 * field) and (found.axes, found.unit) == (("y", "x"), "Hz")
    assert data.contents()[0].measured["field_map"] == {"y": 40, "x": 36} and data[1].notes == ()
    with pytest.raises(DataError, match="field_map: it stands beside 'image'"):
        Arrays(save(tmp_path / "b.h5", image=image, field_map=field))
    with pytest.raises(DataError, match=r"field_map: shape \(40, 4\) is not \(y, x\) = \(40, 36\)"):
        Arrays(save(tmp_path / "c.h5", kspace=kspace, field_map=field[:, :4]))
    with pytest.raises(DataError, match=r"field_map: its values of type complex64 are not real"):
        Arrays(save(tmp_path / "d.h5", kspace=kspace, field_map=image))
    field[3, 3] = torch.nan
    with pytest.raises(DataError, match="field_map: 1 of 1440 values"):
        Arrays(save(tmp_path / "e.h5", kspace=kspace, field_map=field))[0]

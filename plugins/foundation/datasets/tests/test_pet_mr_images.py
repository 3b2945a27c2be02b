"""PET and MR images of one's own: the pair comes back in known units, whatever way the volumes lie; what is no pair is refused at once."""

import nibabel
import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_datasets.pet_mr_head import LEVELS, Phantom
from mridiff_datasets.pet_mr_images import PetMrImages


@pytest.fixture(scope="module")
def pair():
    return Phantom(32).head(1).images.numpy()


def volumes(folder, pet, mr, affine=None, other=None):
    """A head of three slices, as NIfTI: axes (right, front, head), each slice a head turned upside down."""
    for name, x, place in (("pet", pet, affine), ("mr", mr, other if other is not None else affine)):
        stack = np.stack([0.5 * x, x, 0.0 * x])[:, ::-1].transpose(2, 1, 0)
        nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(stack), np.eye(4) if place is None else place), folder / f"{name}.nii.gz")
    return {"path": folder / "pet.nii.gz", "mr": folder / "mr.nii.gz"}


def test_levels_are_those_of_the_phantom():
    found = torch.stack([Phantom().head(n).images for n in range(20)]).flatten(2).quantile(0.99, 2).mean(0)
    assert found.tolist() == pytest.approx(LEVELS, rel=0.03)


def test_a_pair_has_known_units_and_is_measured_as_the_phantom_is(tmp_path, pair):
    np.savez(tmp_path / "pair.npz", pet=5e3 * pair[0], mr=300 * pair[1], age=3)
    data = PetMrImages(path=tmp_path / "pair.npz", counts=1e5, acceleration=2.0)
    scan, (told,) = data[0], data.contents()
    x = scan.truth["x"].data
    assert [float(m.flatten().quantile(0.99)) for m in x[0]] == pytest.approx(LEVELS, rel=1e-3)
    assert float(torch.corrcoef(torch.stack((x[0, 0].flatten(), torch.from_numpy(pair[0]).flatten())))[0, 1]) > 0.9999
    expected = 1e5 * (1 + 0.1)
    assert float(scan.measured.y[0].sum()) == pytest.approx(expected, abs=5 * expected**0.5)
    assert scan.id == "pair" and "divided, pet by" in scan.notes[0] and "age" in told.left_out[0]
    phantom = PetMrPhantom(size=32, acceleration=2.0)[0].measured
    assert {k: f.axes for k, f in scan.measured.acquisition.items()} == {k: f.axes for k, f in phantom.acquisition.items()}
    assert [b.shape for b in scan.measured.y] == [b.shape for b in phantom.y]


@pytest.mark.parametrize("codes", ["RAS", "LPI", "SRA"])
def test_volumes_lie_as_they_like_and_keep_their_place(tmp_path, pair, codes):
    files = volumes(tmp_path, *pair)
    for path in files.values():
        image = nibabel.load(path)
        turn = nibabel.orientations.ornt_transform(
            nibabel.orientations.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(codes)
        )
        nibabel.save(image.as_reoriented(turn), path)
    data = PetMrImages(**files, counts=1e6)
    scan, faint = data[1], data[0]
    assert len(data) == 3 and scan.id == "pet-s001"
    torch.testing.assert_close(scan.truth["x"].data, 2 * faint.truth["x"].data)
    for found, given in zip(scan.truth["x"].data[0].numpy(), pair, strict=True):
        np.testing.assert_allclose(found * (given.max() / found.max()), given, rtol=1e-4, atol=1e-5)
    assert np.asarray(scan.measured.geometry.affine) @ [0, 31, 0, 1] == pytest.approx([0, 0, 1, 1])
    assert float(data[2].measured.y[0].sum()) == pytest.approx(1e5, rel=0.05)  # an empty slice counts its background


def test_fewer_pixels_keep_the_field_of_view(tmp_path, pair):
    scan = PetMrImages(**volumes(tmp_path, *pair), size=16, slices=1)[0]
    assert scan.truth["x"].data.shape == (1, 2, 16, 16) and scan.measured.geometry.voxel_size == (2.0, 2.0)
    assert np.asarray(scan.measured.geometry.affine) @ [-0.5, 15.5, 0, 1] == pytest.approx([-0.5, -0.5, 1, 1])
    whole = PetMrImages(**volumes(tmp_path, *pair), slices=1)[0].truth["x"].data
    ratio = scan.truth["x"].data.mean((2, 3)) / whole.mean((2, 3))
    assert ratio.flatten().tolist() == pytest.approx([1, 1], rel=0.15)  # the brightest are averaged, too


def test_grids_and_affines_that_differ_are_refused_together(tmp_path, pair):
    moved = np.eye(4)
    moved[0, 3] = 5
    with pytest.raises(DataError, match="mr: its affine places the voxels elsewhere"):
        PetMrImages(**volumes(tmp_path, *pair, other=moved))
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6, 2), np.complex64), np.eye(4)), tmp_path / "mr.nii.gz")
    with pytest.raises(DataError) as told:
        PetMrImages(path=tmp_path / "pet.nii.gz", mr=tmp_path / "mr.nii.gz")
    assert all(words in told.value.message for words in ("is not one volume", "complex; store magnitudes", "is not that of pet"))
    with pytest.raises(DataError, match="mr: it is not given"):
        PetMrImages(path=tmp_path / "pet.nii.gz")
    with pytest.raises(DataError, match="is a folder"):
        PetMrImages(path=tmp_path)


def test_arrays_of_other_names_shapes_and_types_are_refused_together(tmp_path, save):
    with pytest.raises(DataError, match="there is no `mr`"):
        PetMrImages(path=save(tmp_path / "a.h5", pet=np.ones((4, 4))))
    with pytest.raises(DataError) as told:
        PetMrImages(path=save(tmp_path / "b.h5", pet=np.ones((4, 4), np.complex64), mr=np.ones(4)))
    assert all(
        words in told.value.message for words in ("pet: its values of type complex64", "mr: shape (4,) is neither", "is not that of pet")
    )


def test_values_of_both_are_refused_together(tmp_path, save, pair):
    below, lost = pair[0] - 0.1, pair[1].copy()
    lost[3, 4] = np.nan
    with pytest.raises(DataError) as told:
        PetMrImages(path=save(tmp_path / "a.npz", pet=below, mr=lost))[0]
    assert (
        "pet: " in told.value.message
        and "are negative, down to -0.1" in told.value.message
        and "mr: 1 of 1024 values" in told.value.message
    )
    spots = np.zeros((32, 32))
    spots[4, 5] = 1.0
    with pytest.raises(DataError, match="pet: almost all of it is zero"):
        PetMrImages(path=save(tmp_path / "b.npz", pet=spots, mr=pair[1]))[0]

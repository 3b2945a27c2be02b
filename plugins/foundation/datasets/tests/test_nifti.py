import struct

import nibabel
import numpy as np
import pytest
import torch

from mridiff import Reconstruction
from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Gaussian, Geometry, Measured, Scan
from mridiff_datasets.nifti import NIfTI
from mridiff_datasets.nifti_writer import write_nifti, write_result

SIZE = (6, 8, 10)


def volume():
    """Values that tell where a voxel is: 1 + left-right + 100 back-front + 10,000 down-up, in RAS order."""
    a, b, c = np.meshgrid(*(np.arange(n) for n in SIZE), indexing="ij")
    return (1 + a + 100 * b + 10_000 * c).astype(np.float32)


def save(path, values, affine=None):
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 2.0, 3.0, 1.0]) if affine is None else affine), path)
    return path


@pytest.mark.parametrize(("axis", "size", "voxel"), [(0, (10, 8), (3, 2)), (1, (10, 6), (3, 1)), (2, (8, 6), (2, 1))])
def test_slices_stand_upright_whatever_the_order_of_the_file(tmp_path, axis, size, voxel):
    plain = save(tmp_path / "plain.nii.gz", volume())
    turned = np.array(
        [[0, -1, 0, 7], [0, 0, 2, -3], [-3, 0, 0, 30], [0, 0, 0, 1]], dtype=float
    )  # file axes: up-down, right-left, back-front
    other = save(tmp_path / "other.nii", np.ascontiguousarray(volume().transpose(2, 0, 1)[::-1, ::-1]), turned)
    data = NIfTI(plain, axis=axis)
    assert len(data) == SIZE[axis] and data[3].id == "plain-s003"
    x = data[3].truth["x"].data[0].real
    assert tuple(x.shape) == size and data[3].measured.geometry.voxel_size == pytest.approx(voxel)
    assert torch.equal(x, NIfTI(other, axis=axis)[3].truth["x"].data[0].real)
    down, right = x[1, 0] - x[0, 0], x[0, 1] - x[0, 0]
    assert (float(down), float(right)) == {0: (-10_000, 100), 1: (-10_000, 1), 2: (-100, 1)}[axis]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_affine_leads_from_column_and_row_to_the_world(tmp_path, axis):
    affine = np.array([[0, -1.5, 0, 7], [0, 0, 2, -3], [-3, 0, 0.1, 30], [0, 0, 0, 1]])
    values = np.ascontiguousarray(volume().transpose(2, 0, 1))
    path = save(tmp_path / "a.nii", values, affine)
    scan = NIfTI(path, axis=axis)[4]
    x, matrix = scan.truth["x"].data[0].real.numpy(), np.array(scan.measured.geometry.affine)
    for row, column in ((0, 0), (1, 0), (2, 3)):
        voxel = np.argwhere(values == x[row, column])[0]
        assert np.allclose(matrix @ [column, row, 0, 1], affine @ [*voxel, 1], atol=1e-5)


def test_series_complex_values_and_options(tmp_path):
    series = np.stack([volume(), 2j * volume()], axis=-1).astype(np.complex64)
    data = NIfTI(save(tmp_path / "a.nii", series), slices="13", acceleration=2, noise_std=0.01, coils=3)
    scan = data[0]
    assert scan.id == "a-v001-s003" and tuple(scan.measured.y.shape) == (1, 3, 8, 6)
    assert torch.equal(scan.truth["x"].data[0].imag, 2 * NIfTI(save(tmp_path / "b.nii", volume()))[3].truth["x"].data[0].real)
    assert scan.measured.noise.std == pytest.approx(0.01 * float(scan.truth["x"].data.abs().max()))


def test_faults(tmp_path):
    (tmp_path / "text.nii").write_text("no image")
    whole = save(tmp_path / "whole.nii", volume()).read_bytes()
    (tmp_path / "short.nii").write_bytes(whole[:700])
    flat = save(tmp_path / "flat.nii", volume()[0])
    singular = np.diag([0.0, 1, 1, 1])
    rgb = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    header = nibabel.Nifti1Image(rgb, None).header
    header.set_sform(singular, 1)
    nibabel.save(nibabel.Nifti1Image(rgb, None, header), tmp_path / "rgb.nii")
    nan = save(tmp_path / "nan.nii", np.full(SIZE, np.nan, np.float32))
    for path, words in (
        (tmp_path / "text.nii", "cannot be read as NIfTI"),
        (tmp_path / "short.nii", "cannot be read"),
        (flat, r"shape \(8, 10\)"),
        (nan, "NaN or infinite"),
    ):
        with pytest.raises(DataError, match=words):
            list(NIfTI(path))
    with pytest.raises(DataError, match=r"2 problems:\n.*not single numbers.*\n.*affine"):
        NIfTI(tmp_path / "rgb.nii")
    assert NIfTI.can_read(tmp_path / "whole.nii") and not NIfTI.can_read(tmp_path / "text.nii") and not NIfTI.can_read(flat)


def test_one_slice_and_not_the_volume_counts_against_the_budget(tmp_path, monkeypatch):
    path = save(tmp_path / "whole.nii", volume())
    plane = 8 * 6 * 8 * 8 * 8  # y, x, coils, bytes, copies
    monkeypatch.setenv("MRIDIFF_MEMORY", str(plane / 1e9))
    assert NIfTI(path)[9].truth["x"].data.shape == (1, 8, 6)
    monkeypatch.setenv("MRIDIFF_MEMORY", str((plane - 1) / 1e9))
    with pytest.raises(UnsafeInput, match=r"whole\.nii: a scan of shape \(8, 6, 8\) takes"):
        NIfTI(path)[9]
    monkeypatch.setattr("mridiff_datasets.files.MOST_SLICES", 9)
    with pytest.raises(UnsafeInput, match="it claims 10 slices; at most 9"):
        NIfTI(path)


FIELDS = {"a size": (40, "<8h", (-1,) * 8), "a type": (70, "<h", (9999,)), "an offset": (108, "<f", (-5.0,)), "no offset": (108, "<f", (1e30,)),
          "a slope": (112, "<2f", (1.0, float("inf"))), "an affine": (280, "<12f", (1e38,) * 12), "a magic word": (344, "<4B", (1, 2, 3, 4))}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_lies_is_one_error_and_nothing_else_is_said(tmp_path, field, capfd):
    blob = bytearray(save(tmp_path / "a.nii", volume()).read_bytes())
    offset, form, values = FIELDS[field]
    struct.pack_into("<h", blob, 254, 1)
    struct.pack_into(form, blob, offset, *values)
    (tmp_path / "a.nii").write_bytes(blob)
    with pytest.raises((DataError, UnsafeInput), match=r"a\.nii"):
        NIfTI(tmp_path / "a.nii")[0]
    assert not NIfTI.can_read(tmp_path / "a.nii") or field in {"an offset", "no offset", "a slope"}
    assert "".join(capfd.readouterr()) == ""


def test_a_stream_that_does_not_inflate_is_one_error(tmp_path):
    path = save(tmp_path / "a.nii.gz", volume())
    blob = bytearray(path.read_bytes())
    for place in range(20, len(blob) - 12, 37):
        damaged = blob.copy()
        damaged[place] ^= 255
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.nii\.gz"):
            list(NIfTI(path))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_written_back_lies_where_it_came_from(tmp_path, axis):
    affine = np.array([[0, -1.5, 0, 7], [0, 0, 2, -3], [-3, 0, 0, 30], [0, 0, 0, 1]])
    values = np.ascontiguousarray(volume().transpose(2, 0, 1))
    scan = NIfTI(save(tmp_path / "a.nii", values, affine), axis=axis)[4]
    write_nifti(tmp_path / "b.nii", scan.truth["x"].data[0].abs().numpy(), ("y", "x"), scan.measured.geometry)
    written = nibabel.load(tmp_path / "b.nii")
    back = np.linalg.inv(affine) @ written.affine
    for place in np.ndindex(written.shape):
        assert values[tuple(np.round(back @ [*place, 1])[:3].astype(int))] == written.get_fdata()[place]


@pytest.mark.parametrize(("value", "written"), [(-2.0, -2.0), (3.0 - 4.0j, 5.0), (3e25 - 4e25j, 5e25)])
def test_real_maps_keep_their_sign_in_image_files_and_complex_ones_give_magnitudes(tmp_path, value, written):
    x = torch.full((1, 4, 6), value)
    place = Geometry((1.0, 1.0), ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)))
    result = Reconstruction("s", x, x, ("y", "x"), 1.0)
    write_result(tmp_path / "a.nii", result, Scan("s", Measured(None, Gaussian(), geometry=place)))
    image = nibabel.load(tmp_path / "a.nii").get_fdata()
    assert image.shape == (6, 4, 1) and np.allclose(image, written)
    for nowhere in (None, Geometry((1.0, 1.0))):
        write_result(tmp_path / "b.nii", result, Scan("s", Measured(None, Gaussian(), geometry=nowhere)))
    assert not (tmp_path / "b.nii").exists()

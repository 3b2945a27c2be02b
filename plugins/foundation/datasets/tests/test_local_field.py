"""Local fields in NIfTI files: the scan of the phantom comes back, whatever way the volume lies; what is no local field is refused."""

import math

import nibabel
import numpy as np
import pytest
import torch

from mridiff import Registry, load
from mridiff.errors import DataError
from mridiff_datasets.local_field import GAMMA, LocalField, field_noise
from mridiff_datasets.qsm import QsmPhantom
from mridiff_sdk.fits import fits

STRENGTH, ECHO = 3.0, 0.02


@pytest.fixture(scope="module")
def phantom():
    return QsmPhantom(first=1, size=32, tilt=25.0)[0]


def save(path, values, affine):
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(values), affine), path)
    return path


@pytest.fixture
def written(tmp_path, phantom):
    """Write the phantom as a scanner would place it: the head tilted by 25 degrees, the field along the bore, axes in any order."""

    def written(order=(0, 1, 2), flips=(1, 1, 1), scale=1.0, **changes):
        t = math.radians(25)
        tilted = np.array([[1, 0, 0, -30], [0, math.cos(t), -math.sin(t), 12], [0, math.sin(t), math.cos(t), 7], [0, 0, 0, 1]])
        affine = tilted @ np.diag([3.0, 3.0, 3.0, 1.0])
        volumes = {"field": phantom.measured.y[0] * scale, "mask": phantom.measured.acquisition["brain_mask"].data[0],
                   "reference": phantom.truth["x"].data[0]}  # fmt: skip
        files, turn = {}, nibabel.orientations.axcodes2ornt([("LR", "PA", "IS")[a][f == 1] for a, f in zip(order, flips, strict=True)])
        for name, values in {**volumes, **changes}.items():
            image = nibabel.Nifti1Image(np.asarray(values, dtype=np.float32).T, affine)
            moved = nibabel.orientations.ornt_transform(nibabel.orientations.io_orientation(affine), turn)
            files[name] = tmp_path / f"{name}.nii.gz"
            nibabel.save(image.as_reoriented(moved), files[name])
        return files

    return written


def test_the_main_field_is_found_in_a_tilted_volume(written, phantom):
    files = written()
    scan = LocalField(path=files["field"], mask=files["mask"], reference=files["reference"])[0]
    given = phantom.measured.acquisition["b0_direction"].data[0]
    assert torch.allclose(scan.measured.acquisition["b0_direction"].data[0], given, atol=1e-5)
    assert torch.allclose(scan.measured.y, phantom.measured.y, atol=1e-7)
    assert scan.measured.geometry.voxel_size == pytest.approx((3.0, 3.0, 3.0))
    assert torch.allclose(scan.truth["x"].data, phantom.truth["x"].data, atol=1e-6) and scan.id == "field"


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (1, 1, 1)), ((1, 2, 0), (0, 1, 0)), ((0, 1, 2), (0, 0, 0))])
def test_the_map_does_not_depend_on_the_order_of_the_axes(written, order, flips):
    plain, turned = written(), None
    tkd = load({"recipe": "tkd", "dataset": None})
    found = tkd(LocalField(path=plain["field"], mask=plain["mask"], reference=plain["reference"])[0]).metrics["x"]["nrmse"]
    turned = written(order, flips)
    again = tkd(LocalField(path=turned["field"], mask=turned["mask"], reference=turned["reference"])[0]).metrics["x"]["nrmse"]
    assert again == pytest.approx(found, rel=1e-3) and found < 0.6


@pytest.mark.parametrize(("unit", "scale", "options"), [
    ("Hz", GAMMA * STRENGTH, {"field_strength": STRENGTH}),
    ("rad", 2 * math.pi * ECHO * GAMMA * STRENGTH, {"field_strength": STRENGTH, "echo_time": ECHO}),
])  # fmt: skip
def test_units(written, phantom, unit, scale, options):
    files = written(scale=scale)
    scan = LocalField(path=files["field"], mask=files["mask"], unit=unit, **options)[0]
    assert torch.allclose(scan.measured.y, phantom.measured.y, atol=1e-6)


def test_the_noise_level_is_told_by_neighbours(written, phantom):
    files = written()
    assert 0.001 < LocalField(path=files["field"], mask=files["mask"])[0].measured.noise.std < 0.002  # what is left of the signal raises it
    assert LocalField(path=files["field"], mask=files["mask"], noise_std=0.003)[0].measured.noise.std == 0.003
    white = 0.02 * torch.randn(20, 20, 20, generator=torch.Generator().manual_seed(0))
    assert field_noise(white, torch.ones(20, 20, 20, dtype=torch.bool)) == pytest.approx(0.02, rel=0.1)


def test_without_a_mask_the_brain_is_where_the_field_is_not_zero(written, phantom):
    scan = LocalField(path=written()["field"])[0]
    assert torch.equal(scan.measured.acquisition["brain_mask"].data, phantom.measured.acquisition["brain_mask"].data)


def test_headers_and_options_are_refused_together(written, tmp_path, phantom):
    files = written(mask=torch.ones(8, 8, 8))
    with pytest.raises(DataError) as told:
        LocalField(path=files["field"], mask=files["mask"], unit="rad", bore=(0.0, 0.0, 0.0))
    for words in (
        "mask: shape (8, 8, 8) is not that of the field",
        "field_strength: it is not given",
        "echo_time: it is not given",
        "bore: ",
    ):
        assert words in told.value.message


@pytest.mark.parametrize(("change", "words"), [
    (lambda f, m: {"field": 400 * f}, "is the background still in it, the phase wrapped, or the unit another"),
    (lambda f, m: {"field": torch.where(m > 0, torch.nan, f)}, "voxels of the brain are NaN or infinite"),
    (lambda f, m: {"mask": 0.5 * m}, "other values than 0 and 1"), (lambda f, m: {"mask": 0 * m}, "0 voxels are no brain"),
    (lambda f, m: {"field": 0 * f}, "it is zero in the brain"),
])  # fmt: skip
def test_values_that_are_no_local_field_are_refused(written, phantom, change, words):
    mask = phantom.measured.acquisition["brain_mask"].data[0]
    files = written(**change(phantom.measured.y[0], mask))
    with pytest.raises(DataError, match=words):
        LocalField(path=files["field"], mask=files["mask"])[0]


def test_what_it_holds_is_told_and_the_method_fits(written):
    files = written()
    data, registry = LocalField(path=files["field"], mask=files["mask"]), Registry.discover()
    (contents,), scan = data.contents(), data[0]
    reader = registry.find("dataset", "local-field")
    assert tuple(contents.measured["y"].values()) == scan.measured.y.shape[1:]
    assert "along (0.906, 0.423, 0)" in contents.holds["main field"]
    fitting = [name for name, reason in fits(contents, reader, registry).items() if not reason]
    assert "tkd" in fitting and "cg-sense" not in fitting

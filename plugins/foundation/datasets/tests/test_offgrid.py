"""Radial and spiral ISMRMRD files: samples, places and coil maps are those that were put in, whatever the unit; and no Cartesian method takes them."""

import math

import ismrmrd
import numpy as np
import pytest
import torch

from mridiff import Registry, load, open_scans
from mridiff.errors import DataError
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fits import fits, fits_with
from mridiff_sdk.sampling_patterns import radial, spiral

NX, COILS = 44, 3
SPACE = f"<matrixSize><x>{NX}</x><y>{NX}</y><z>1</z></matrixSize><fieldOfView_mm><x>{NX}</x><y>{NX}</y><z>5</z></fieldOfView_mm>"
XML = f"""<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions><H1resonanceFrequency_Hz>123
</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace>{SPACE}</encodedSpace><reconSpace>{SPACE}</reconSpace>
<encodingLimits></encodingLimits><trajectory>radial</trajectory></encoding></ismrmrdHeader>"""

UNITS = {"parts of the sampling rate": lambda k: k / (NX, NX), "radians per pixel": lambda k: 2 * math.pi * k / (NX, NX),
         "cycles per encoded field of view": lambda k: k}  # fmt: skip


@pytest.fixture(scope="module")
def image():
    y, x = torch.meshgrid(torch.linspace(-1, 1, NX), torch.linspace(-1, 1, NX), indexing="ij")
    return (((y / 0.8) ** 2 + (x / 0.7) ** 2 < 1) * (1 + 0.4 * torch.cos(8 * x) * torch.sin(6 * y))).to(torch.complex64)


def sampled(image, maps, k):
    """Coil samples (coil, shot, readout) of an image (y, x) at k (shot, readout, 2), by the sum that defines them."""
    ny, nx = image.shape
    y, x = (torch.exp(-2j * math.pi * k[..., a : a + 1] * (torch.arange(n) - n // 2) / n) for a, n in enumerate((ny, nx)))
    return torch.einsum("cab,sra,srb->csr", maps * image, y, x) / math.sqrt(ny * nx)


def shots(path, y, places, more=()):
    lines = list(more)
    for i in range(y.shape[1]):
        line = ismrmrd.Acquisition.from_array(np.ascontiguousarray(y[:, i].numpy()), np.ascontiguousarray(places[i], dtype=np.float32))
        line.idx.kspace_encode_step_1 = i
        lines.append(line)
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(XML)
        for line in lines:
            file.append_acquisition(line)
    return path


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("pattern", [radial(41, 64, NX), spiral(9, 300, NX, turns=6.0)], ids=["radial", "spiral"])
def test_samples_places_and_maps_are_those_that_were_put_in(tmp_path, image, pattern, unit):
    k, maps = pattern[0], simulate_maps(COILS, (NX, NX), 1)
    y = sampled(image, maps, k)
    noise = ismrmrd.Acquisition.from_array(
        (0.01 * torch.randn(COILS, 900, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))).numpy()
    )
    noise.setFlag(ismrmrd.ACQ_IS_NOISE_MEASUREMENT)
    calibration = ismrmrd.Acquisition.from_array(np.ones((COILS, NX), np.complex64))
    calibration.setFlag(ismrmrd.ACQ_IS_PARALLEL_CALIBRATION)
    path = shots(tmp_path / "a.h5", y, UNITS[unit](k.flip(-1).double().numpy()), (noise, calibration))
    data = open_scans(path)
    (told,) = data.contents()
    scan = data[0]
    trajectory = scan.measured.acquisition["trajectory"]
    assert trajectory.axes == ("shot", "readout", "channel") and torch.allclose(trajectory.data[0], k, atol=1e-4)
    assert scan.measured.y.shape == (1, COILS, *k.shape[:2]) and not scan.truth
    assert scan.measured.noise.std == pytest.approx(0.01, rel=0.1) and any(unit in note for note in scan.notes)
    assert any("1 calibration lines are left out" in note for note in scan.notes)
    found = scan.measured.acquisition["sensitivity_maps"].data[0]
    inside = image.abs() > 0
    turned = found * torch.sgn((found.conj() * maps).sum(0))
    assert float((turned - maps)[:, inside].norm() / maps[:, inside].norm()) < 0.1
    assert told.measured == {"y": dict(zip(("coil", "shot", "readout"), y.shape, strict=True)), "sensitivity_maps": {"coil": COILS, "y": NX, "x": NX},
                             "trajectory": {"shot": k.shape[0], "readout": k.shape[1], "channel": 2}}  # fmt: skip


@pytest.mark.parametrize(("arms", "warned"), [(9, False), (3, True)])
def test_maps_of_an_undersampled_centre_are_told(tmp_path, image, arms, warned):
    k = spiral(arms, 300, NX, turns=6.0)[0]
    path = shots(tmp_path / "a.h5", sampled(image, simulate_maps(COILS, (NX, NX), 1), k), k.flip(-1).numpy() / NX)
    assert any("undersampled centre" in note for note in ISMRMRD(path)[0].notes) is warned


def test_phases_along_spokes_are_one_scan(tmp_path, image):
    k, maps = radial(26, 64, NX)[0], simulate_maps(COILS, (NX, NX), 1)
    y = sampled(image, maps, k)
    lines = []
    for i in range(26):
        line = ismrmrd.Acquisition.from_array(np.ascontiguousarray(y[:, i].numpy()), np.ascontiguousarray(k[i].flip(-1).numpy() / NX))
        line.idx.kspace_encode_step_1, line.idx.phase = i, i // 13
        lines.append(line)
    path = shots(tmp_path / "a.h5", y[:, :0], k[:0].numpy(), lines)
    data = ISMRMRD(path, series="frames")
    (scan,), (told,) = data, data.contents()
    assert torch.allclose(scan.measured.y, y.unflatten(1, (2, 13))[None], atol=1e-5)
    trajectory = scan.measured.acquisition["trajectory"]
    assert trajectory.axes == ("t", "shot", "readout", "channel") and torch.allclose(trajectory.data[0], k.unflatten(0, (2, 13)), atol=1e-4)
    assert told.measured["trajectory"] == {"t": 2, "shot": 13, "readout": 64, "channel": 2} and scan.id == "a"
    assert any("undersampled centre" in note for note in scan.notes) and len(set(scan.notes)) == len(scan.notes)
    other = [line for line in lines if line.idx.kspace_encode_step_1 != 3]
    with pytest.raises(DataError, match="its 2 frames are of several sizes"):
        ISMRMRD(shots(tmp_path / "b.h5", y[:, :0], k[:0].numpy(), other), series="frames")[0]


def test_methods_on_a_grid_refuse_it_with_the_reason(tmp_path, image):
    k = radial(41, 64, NX)[0]
    path = shots(tmp_path / "a.h5", sampled(image, torch.ones(1, NX, NX), k), k.flip(-1).numpy() / NX)
    scan = open_scans(path)[0]
    with pytest.raises(DataError, match="the scan has no mask; it has trajectory"):
        load("cg-sense")(scan)
    for options, words in (
        ({"acceleration": 2}, "leave acceleration at 1"),
        ({"noise_std": 0.1}, "noise_std at 0"),
        ({"maps": "given"}, "on a grid"),
    ):
        with pytest.raises(DataError, match=words):
            ISMRMRD(path, **options)[0]
    assert ISMRMRD(path, maps="none")[0].measured.y.shape == (1, 41, 64)


@pytest.mark.parametrize(("change", "words"), [
    (lambda k: 1000 * k, "reaches .* in no known unit"), (lambda k: np.concatenate([k, k], -1)[..., :1], "do not tell where their samples lie"),
    (lambda k: 0 * k, "in no known unit"), (lambda k: np.where(k > 0.4, np.nan, k), "NaN|no known unit"),
])  # fmt: skip
def test_faults_of_a_trajectory(tmp_path, image, change, words):
    k = radial(41, 64, NX)[0]
    path = shots(tmp_path / "a.h5", sampled(image, torch.ones(1, NX, NX), k), change(k.flip(-1).numpy() / NX))
    with pytest.raises(DataError, match=words):
        ISMRMRD(path)[0]


def test_a_radial_file_is_told_with_the_operator_that_takes_it(tmp_path, image):
    path = shots(tmp_path / "a.h5", sampled(image, torch.ones(1, NX, NX), radial(41, 64, NX)[0]), radial(41, 64, NX)[0].numpy() / NX)
    (contents,), registry = ISMRMRD(path).contents(), Registry.discover()
    reader = registry.find("dataset", "ismrmrd")
    assert all(fits(contents, reader, registry).values())
    others = fits_with(contents, reader, registry)
    assert {"cg-sense", "dpir"} <= set(others["noncartesian-sense"]) and "gldm" not in str(others)
    assert load({"recipe": "cg-sense", "operator": {"use": "noncartesian-sense"}, "dataset": None})(open_scans(path)[0]).x.shape == (
        1,
        NX,
        NX,
    )

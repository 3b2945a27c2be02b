"""ISMRMRD files of volumes: two phase-encoding directions, read as one scan with axes (z, y, x)."""

import ismrmrd
import numpy as np
import pytest
import torch
from ismrmrd import xsd

import mridiff
from mridiff.errors import DataError
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_datasets.nifti_writer import write_result
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft

NZ, NY, NX = 12, 20, 16
AXES = (-3, -2, -1)


def header(nz=NZ, oversampling=1, centre=NZ // 2):
    def space(x):
        return xsd.encodingSpaceType(
            matrixSize=xsd.matrixSizeType(x=x, y=NY, z=nz), fieldOfView_mm=xsd.fieldOfViewMm(x=2.0 * x, y=1.5 * NY, z=3.0 * nz)
        )

    steps = [xsd.limitType(minimum=0, maximum=n - 1, center=c) for n, c in ((NY, NY // 2), (nz, centre))]
    limits = xsd.encodingLimitsType(kspace_encoding_step_1=steps[0], kspace_encoding_step_2=steps[1])
    encoding = xsd.encodingType(encodedSpace=space(NX * oversampling), reconSpace=space(NX), encodingLimits=limits,
                                trajectory=xsd.trajectoryType("cartesian"))  # fmt: skip
    conditions = xsd.experimentalConditionsType(H1resonanceFrequency_Hz=123)
    return xsd.ToXML(xsd.ismrmrdHeader(experimentalConditions=conditions, encoding=[encoding]))


@pytest.fixture
def head():
    """An ellipsoid with detail, and what four coils measure of it, (coil, kz, ky, kx)."""
    z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in (NZ, NY, NX)), indexing="ij")
    inside = ((z / 0.8) ** 2 + (y / 0.75) ** 2 + (x / 0.7) ** 2 < 1).float()
    image = (inside * (1 + 0.4 * torch.cos(6 * x) * torch.sin(5 * y + 4 * z))).to(torch.complex64)
    maps = simulate_maps(4, (NY, NX), seed=1)[:, None] * torch.polar(1 + 0.3 * torch.rand(4, 1, 1, 1), torch.rand(4, 1, 1, 1) * z)
    maps = maps / torch.linalg.vector_norm(maps, dim=0)
    rng = torch.Generator().manual_seed(0)
    return image, fft(maps * image, AXES) + 0.005 * torch.randn(4, NZ, NY, NX, generator=rng, dtype=torch.complex64)


def line(values, step, partition=0, flag=None):
    acquisition = ismrmrd.Acquisition.from_array(np.ascontiguousarray(values.astype(np.complex64)))
    acquisition.center_sample = values.shape[1] // 2
    acquisition.idx.kspace_encode_step_1, acquisition.idx.kspace_encode_step_2 = step, partition
    if flag:
        acquisition.setFlag(flag)
    return acquisition


def write(path, header, lines):
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(header)
        for acquisition in lines:
            file.append_acquisition(acquisition)
    return path


def lines(kspace, kept=None):
    kept = np.ones((NZ, NY), dtype=bool) if kept is None else kept
    return [line(kspace[:, z, y].numpy(), int(y), int(z)) for z, y in np.argwhere(kept)]


def test_a_volume_is_one_scan_as_it_was_measured(tmp_path, head):
    _, kspace = head
    made = lines(kspace)
    for one in made:
        one.position[:], one.read_dir[:], one.phase_dir[:], one.slice_dir[:] = (10, -20, 30), *np.eye(3)
    data = ISMRMRD(write(tmp_path / "head.h5", header(), made))
    (scan,) = data
    assert scan.id == "head" and torch.equal(scan.measured.y[0], kspace) and scan.notes == ()
    fields = scan.measured.acquisition
    assert fields["mask"].axes == ("kz", "ky", "kx") and bool(fields["mask"].data.all()) and not scan.truth
    assert fields["sensitivity_maps"].axes == ("coil", "z", "y", "x") and fields["sensitivity_maps"].data.shape == (1, 4, NZ, NY, NX)
    assert scan.measured.noise.std == pytest.approx(0.005, rel=0.3)
    affine = np.array(scan.measured.geometry.affine)
    assert scan.measured.geometry.voxel_size == (3.0, 1.5, 2.0)
    assert affine @ (NX // 2, NY // 2, NZ // 2, 1) == pytest.approx([-10, 20, 30, 1], abs=1e-4)
    (held,) = data.contents()
    assert held.measured["mask"] == {"kz": NZ, "ky": NY, "kx": NX} and "second phase encoding" in held.holds["encoding"]
    assert held.holds["sampling"].startswith(f"{NZ * NY} of {NZ * NY} lines (1 x)")


def test_lines_and_oversampling_of_a_volume_go_where_they_belong(tmp_path, head):
    """Partial Fourier along the second phase encoding, every second line of the outer ones, and a readout of twice the field of view."""
    _, kspace = head
    wide = torch.zeros(4, NZ, NY, 2 * NX, dtype=torch.complex64)
    wide[..., NX // 2 : NX // 2 + NX] = torch.fft.fftshift(torch.fft.ifft(torch.fft.ifftshift(kspace, -1), norm="ortho"), -1)
    wide = fft(wide, (-1,))
    kept = np.zeros((NZ, NY), dtype=bool)
    kept[3:, ::2] = kept[3:, 7:14] = True
    made = [line(wide[:, z, y].numpy(), int(y), int(z) - 3) for z, y in np.argwhere(kept)]
    (scan,) = ISMRMRD(write(tmp_path / "head.h5", header(oversampling=2, centre=NZ // 2 - 3), made))
    mask = scan.measured.acquisition["mask"].data[0]
    assert torch.equal(mask.bool(), torch.from_numpy(kept)[..., None].expand(NZ, NY, NX)) and not scan.truth
    assert torch.allclose(scan.measured.y[0], kspace * mask, atol=2e-4)


@pytest.mark.parametrize("pattern", ["random", "poisson"])
def test_a_full_volume_is_undersampled_across_the_readout(tmp_path, head, pattern):
    """Lines leave out whole planes of ky, points both directions; an elliptical shutter counts as full."""
    image, kspace = head
    z, y = np.meshgrid(np.linspace(-1, 1, NZ), np.linspace(-1, 1, NY), indexing="ij")
    path = write(tmp_path / "head.h5", header(), lines(kspace, z**2 + y**2 <= 1.05))
    (scan,) = ISMRMRD(path, acceleration=2, pattern=pattern, center_fraction=0.3)
    mask, truth = scan.measured.acquisition["mask"].data[0], scan.truth["x"]
    assert bool((mask == mask[..., :1]).all()) and truth.axes == ("z", "y", "x")
    assert (len(mask[..., 0].unique(dim=0)) == NZ) == (pattern == "poisson") or pattern == "random"
    error = (truth.data[0].abs() - image.abs()).norm() / image.norm()
    assert error < 0.35  # the corners of k-space are not there
    assert bool((mask.bool() & ~torch.from_numpy(z**2 + y**2 <= 1.05)[..., None]).any()) is False


def test_a_volume_is_reconstructed_and_written_with_its_place(tmp_path, head):
    nibabel = pytest.importorskip("nibabel")
    _, kspace = head
    made = lines(kspace)
    for one in made:
        one.read_dir[:], one.phase_dir[:], one.slice_dir[:] = np.eye(3)
    path = write(tmp_path / "head.h5", header(), made)
    wanted = {"dataset": {"use": "ismrmrd", "options": {"path": str(path), "acceleration": 2, "center_fraction": 0.3}},
              "operator": {"use": "sense-3d"}}  # fmt: skip
    method = mridiff.load("cg-sense", **wanted)
    (scan,) = mridiff.load_dataset(method.plan)
    result = method(scan)
    assert result.axes == ("z", "y", "x") and result.metrics["x"]["psnr"] > result.metrics["baseline"]["psnr"] + 1

    write_result(tmp_path / "x.nii.gz", result, scan)
    assert nibabel.load(tmp_path / "x.nii.gz").shape == (NX, NY, NZ)


def test_what_is_no_volume_is_refused(tmp_path, head):
    _, kspace = head
    with pytest.raises(DataError, match="all lines lie in one partition"):
        ISMRMRD(write(tmp_path / "a.h5", header(), [line(kspace[:, 3, y].numpy(), y) for y in range(NY)]))
    with pytest.raises(DataError, match="encoding steps 2 put lines at 0 to 11, outside the encoded matrix 6"):
        ISMRMRD(write(tmp_path / "b.h5", header(nz=6, centre=3), lines(kspace)))
    with pytest.raises(DataError, match="ESPIRiT is for planes"):
        ISMRMRD(write(tmp_path / "c.h5", header(), lines(kspace)), maps="espirit")[0]
    reverse = line(kspace[:, 0, 0].numpy(), 0, flag=ismrmrd.ACQ_IS_REVERSE)
    with pytest.raises(DataError, match="run backwards"):
        ISMRMRD(write(tmp_path / "d.h5", header(), [*lines(kspace), reverse]))

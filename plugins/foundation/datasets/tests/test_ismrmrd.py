import warnings

import h5py
import ismrmrd
import numpy as np
import pytest
import torch
from ismrmrd import xsd

from mridiff.errors import DataError, UnsafeInput
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.heads import read_heads
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_sdk.fourier import fft, ifft


def xml(nx, ny, nz=1, oversampling=2, trajectory="cartesian", centre=None):
    def space(x, fov):
        return xsd.encodingSpaceType(
            matrixSize=xsd.matrixSizeType(x=x, y=ny, z=nz), fieldOfView_mm=xsd.fieldOfViewMm(x=fov, y=1.5 * ny, z=5.0)
        )

    step = xsd.limitType(minimum=0, maximum=ny - 1, center=ny // 2 if centre is None else centre)
    encoding = xsd.encodingType(
        encodedSpace=space(nx, 2.0 * nx), reconSpace=space(nx // oversampling, 2.0 * nx / oversampling),
        encodingLimits=xsd.encodingLimitsType(kspace_encoding_step_1=step), trajectory=xsd.trajectoryType(trajectory),
    )  # fmt: skip
    subject = xsd.subjectInformationType(patientName="Somebody", patientID="12345")
    header = xsd.ismrmrdHeader(
        experimentalConditions=xsd.experimentalConditionsType(H1resonanceFrequency_Hz=123), encoding=[encoding], subjectInformation=subject
    )
    return xsd.ToXML(header)


def line(values, step, flag=None, **counters):
    acquisition = ismrmrd.Acquisition.from_array(np.ascontiguousarray(values.astype(np.complex64)))
    acquisition.center_sample = values.shape[1] // 2
    acquisition.idx.kspace_encode_step_1 = step
    for name, value in counters.items():
        setattr(acquisition.idx, name, value)
    if flag:
        acquisition.setFlag(flag)
    return acquisition


def write(path, header, lines):
    with ismrmrd.Dataset(str(path), "dataset", mode="w") as file:
        file.write_xml_header(header)
        for acquisition in lines:
            file.append_acquisition(acquisition)
    return path


@pytest.fixture
def wide(kspace):
    """The head in a field of view that is twice as wide along the readout: (coil, ky, 72)."""
    x = torch.zeros(4, 40, 72, dtype=torch.complex64)
    x[..., 18:54] = ifft(kspace)
    return fft(x).numpy()


def test_round_trip_with_oversampling_averages_and_other_lines(tmp_path, wide, kspace):
    lines = [line(wide[:, r], r, average=a) for a in (0, 1) for r in reversed(range(40))]
    lines[7].data[:] *= 0.5
    lines[47].data[:] *= 1.5  # the same line of the other average
    lines.insert(3, line(100 * wide[:, 5], 5, flag=ismrmrd.ACQ_IS_NAVIGATION_DATA))
    path = write(tmp_path / "raw.h5", xml(72, 40), lines)
    before = path.read_bytes()
    data = ISMRMRD(path)
    scan = data[0]
    assert scan.notes == ("1 lines of navigators are left out",)
    assert len(data) == 1 and scan.id == "raw" and scan.measured.geometry.voxel_size == (1.5, 2.0)
    assert torch.allclose(scan.measured.y[0], kspace, atol=1e-4) and not scan.truth and bool(scan.measured.acquisition["mask"].data.all())
    assert path.read_bytes() == before
    assert "Somebody" not in repr(scan) and "12345" not in repr(scan)
    assert ISMRMRD.can_read(path) and not Arrays.can_read(path) and not FastMRI.can_read(path)


def test_slices_and_repetitions_are_scans(tmp_path, wide, kspace):
    lines = [line((1 + s + 10 * r) * wide[:, k], k, slice=s, repetition=r) for k in range(10, 30) for s in (0, 1) for r in (0, 2)]
    data = ISMRMRD(write(tmp_path / "raw.mrd", xml(72, 40), lines), maps="low-frequency")
    assert [s.id for s in data] == ["raw-s000-r000", "raw-s000-r002", "raw-s001-r000", "raw-s001-r002"]
    assert torch.allclose(data[3].measured.y[0, :, 10:30], 22 * kspace[:, 10:30], atol=1e-2)


def test_phases_of_a_slice_are_one_scan_with_an_axis_t(tmp_path, wide, kspace):
    """Interleaved lines: each frame has every third, all together the whole."""
    lines = [line((1 + p) * wide[:, k], k, slice=s, phase=p) for s in (0, 1) for k in range(40) for p in (0, 1, 2) if k % 3 == p]
    path = write(tmp_path / "cine.h5", xml(72, 40), lines)
    data = ISMRMRD(path, series="frames")
    assert [s.id for s in data] == ["cine-s000", "cine-s001"]
    scan, (told,) = data[1], data.contents()
    mask = scan.measured.acquisition["mask"].data[0]
    assert [m[:, 0].nonzero().ravel().tolist() for m in mask] == [list(range(p, 40, 3)) for p in range(3)] and not scan.truth
    for p in range(3):
        assert torch.allclose(scan.measured.y[0, :, p, p::3], (1 + p) * kspace[:, p::3], atol=1e-3)
    assert told.scans == 2 and told.measured["y"] == dict(zip(("coil", "t", "ky", "kx"), scan.measured.y.shape[1:], strict=True))
    assert told.measured["mask"] == {"t": 3, "ky": 40, "kx": 36}


def test_missing_lines_are_not_measured_and_leave_no_truth(tmp_path, wide):
    kept = [r for r in range(40) if r % 2 == 0 or 13 <= r < 27]
    data = ISMRMRD(write(tmp_path / "raw.h5", xml(72, 40), [line(wide[:, r], r) for r in kept]))
    mask = data[0].measured.acquisition["mask"].data[0]
    assert mask.sum() == 36 * len(kept) and not data[0].truth and mask[:, 0].nonzero().ravel().tolist() == kept


def test_undersampling_chooses_phase_encoding_lines(tmp_path, wide):
    path = write(tmp_path / "raw.h5", xml(72, 40), [line(wide[:, r], r) for r in range(40)])
    mask = ISMRMRD(path, acceleration=2, center_fraction=0.2)[0].measured.acquisition["mask"].data[0]
    assert bool((mask == mask[:, :1]).all()) and mask[:, 0].sum() == 20


def test_partial_fourier_lines_stand_at_their_centre(tmp_path, wide):
    lines = [line(wide[:, r], r - 10) for r in range(10, 40)]
    path = write(tmp_path / "raw.h5", xml(72, 40, centre=10), lines)
    scan = ISMRMRD(path)[0]
    assert not scan.truth and "x" in ISMRMRD(path, acceleration=2, center_fraction=0.2)[0].truth
    assert scan.measured.acquisition["mask"].data[0, :, 0].nonzero().ravel().tolist() == list(range(10, 40))


def test_asymmetric_echo_stands_at_its_centre(tmp_path, wide):
    def short(r):
        acquisition = line(wide[:, r, 12:], r)
        acquisition.center_sample = 24
        return acquisition

    scan = ISMRMRD(write(tmp_path / "raw.h5", xml(72, 40, oversampling=1), [short(r) for r in range(40)]))[0]
    assert torch.allclose(scan.measured.y[0, :, :, 12:], torch.from_numpy(wide[..., 12:])) and not bool(scan.measured.y[..., :12].any())


@pytest.mark.parametrize(
    ("header", "change", "words"),
    [
        ({"trajectory": "radial"}, {}, "trajectory is 'radial'"),
        ({"nz": 4}, {}, "3-D"),
        ({"nx": 32}, {}, "do not fit the encoded matrix 32"),
        ({}, {"step": 90}, "outside the encoded matrix 40"),
        ({}, {"flag": ismrmrd.ACQ_IS_REVERSE}, "run backwards"),
        ({}, {"flag": ismrmrd.ACQ_IS_NOISE_MEASUREMENT}, "no line of an image"),
        ({}, {"channels": 3}, r"channels \[3, 4\]"),
    ],
)
def test_what_is_not_cartesian_2d_is_refused(tmp_path, wide, header, change, words):
    lines = [line(wide[: change.get("channels", 4), 1], change.get("step", 1), flag=change.get("flag"))]
    lines += [line(wide[:, 2], 2)] if "channels" in change else []
    path = write(tmp_path / "raw.h5", xml(**{"nx": 72, "ny": 40, **header}), lines)
    with pytest.raises(DataError, match=words):
        ISMRMRD(path)


def test_hostile_and_broken_files(tmp_path, wide):
    good = write(tmp_path / "good.h5", xml(72, 40), [line(wide[:, r], r) for r in range(40)])
    (tmp_path / "short.h5").write_bytes(good.read_bytes()[:-9000])
    write(tmp_path / "entity.h5", '<!DOCTYPE a [<!ENTITY b "c">]>' + xml(72, 40), [line(wide[:, 1], 1)])
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["dataset/xml"] = h5py.SoftLink("/other")
        file["dataset/data"] = np.ones(3)
    with h5py.File(tmp_path / "type.h5", "w") as file:
        file["dataset/xml"] = [xml(72, 40)]
        file["dataset/data"] = np.ones(3)
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file["dataset/xml"] = [xml(72, 40)]
        layout = h5py.VirtualLayout((40,), ismrmrd.hdf5.acquisition_header_dtype)
        layout[:] = h5py.VirtualSource("good.h5", "dataset/data", (40,))
        file.create_virtual_dataset("dataset/data", layout)
    for name, kind, words in (
        ("short.h5", DataError, r"short\.h5"),
        ("entity.h5", UnsafeInput, "entities"),
        ("link.h5", UnsafeInput, "link"),
        ("type.h5", DataError, "not a list of acquisitions"),
        ("virtual.h5", UnsafeInput, "from other files"),
    ):
        with pytest.raises(kind, match=words):
            ISMRMRD(tmp_path / name)
    with h5py.File(tmp_path / "none.h5", "w") as file:
        file["a"] = 1
    with pytest.raises(DataError, match="no group with 'data' and 'xml'"):
        ISMRMRD(tmp_path / "none.h5")


def test_a_line_whose_head_lies_about_its_size(tmp_path, wide):
    path = write(tmp_path / "raw.h5", xml(72, 40), [line(wide[:, 1], 1)])
    with h5py.File(path, "r+") as file:
        row = file["dataset/data"][0]
        row["head"]["number_of_samples"] = 36
        row["head"]["center_sample"] = 18
        file["dataset/data"][0] = row
    with warnings.catch_warnings(), pytest.raises(DataError, match="cannot be read"):
        ISMRMRD(path)[0]


@pytest.mark.parametrize("layout", [{"chunks": (1,)}, {"chunks": (7,)}, {"chunks": (5,), "compression": "gzip"}, {}])
def test_heads_are_the_same_however_they_are_stored(tmp_path, wide, layout):
    lines = [line(wide[:, r], r, slice=s) for s in (0, 1) for r in range(wide.shape[1])]
    plain = write(tmp_path / "a.h5", xml(72, 40), lines)
    with h5py.File(plain) as file, h5py.File(tmp_path / "b.h5", "w") as other:
        group = other.create_group("dataset")
        group["xml"] = file["dataset/xml"][()]
        data = group.create_dataset("data", dtype=file["dataset/data"].dtype, shape=(len(lines),), **layout)
        for i in range(len(lines)):
            data[i] = file["dataset/data"][i]
    heads = []
    for path in (plain, tmp_path / "b.h5"):
        with h5py.File(path) as file:
            heads.append(read_heads(file["dataset/data"], path))
            assert (heads[-1] == file["dataset/data"]["head"]).all()
    assert (heads[0] == heads[1]).all() and heads[0]["idx"]["slice"].tolist() == [0] * 40 + [1] * 40

"""What the lines of an ISMRMRD file are there for: calibration, noise, parts of an echo, other measurements, and what is left out."""

import h5py
import ismrmrd
import numpy as np
import pytest
import torch
from ismrmrd import xsd

from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_datasets.noise_level import noise_level
from mridiff_sdk.coils import calibration_region, espirit_maps, simulate_maps
from mridiff_sdk.fourier import fft

NY, NX, COILS = 48, 44, 6
CALIBRATION, BOTH, NOISE = (
    ismrmrd.ACQ_IS_PARALLEL_CALIBRATION,
    ismrmrd.ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING,
    ismrmrd.ACQ_IS_NOISE_MEASUREMENT,
)


def complex_normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def image():
    y, x = torch.meshgrid(torch.linspace(-1, 1, NY), torch.linspace(-1, 1, NX), indexing="ij")
    return (((y / 0.8) ** 2 + (x / 0.7) ** 2 < 1) * (1 + 0.4 * torch.cos(8 * x) * torch.sin(6 * y))).to(torch.complex64)


@pytest.fixture(scope="module")
def full(image):
    return fft(simulate_maps(COILS, (NY, NX), 1) * image) + 0.003 * complex_normal(COILS, NY, NX)


def space(x, fov):
    return xsd.encodingSpaceType(matrixSize=xsd.matrixSizeType(x=x, y=NY, z=1), fieldOfView_mm=xsd.fieldOfViewMm(x=fov, y=1.0 * NY, z=5.0))


def encoding(mode=None, oversampling=1, trajectory="cartesian", fov=1.0):
    step = xsd.limitType(minimum=0, maximum=NY - 1, center=NY // 2)
    factor = xsd.accelerationFactorType(kspace_encoding_step_1=3, kspace_encoding_step_2=1)
    parallel = mode and xsd.parallelImagingType(accelerationFactor=factor, calibrationMode=xsd.calibrationModeType(mode))
    return xsd.encodingType(
        encodedSpace=space(NX * oversampling, fov * oversampling * NX), reconSpace=space(NX, fov * NX),
        encodingLimits=xsd.encodingLimitsType(kspace_encoding_step_1=step), trajectory=xsd.trajectoryType(trajectory),
        parallelImaging=parallel or None,
    )  # fmt: skip


def header(*encodings, bandwidth=None):
    system = None if bandwidth is None else xsd.acquisitionSystemInformationType(relativeReceiverNoiseBandwidth=bandwidth)
    conditions = xsd.experimentalConditionsType(H1resonanceFrequency_Hz=123)
    made = xsd.ismrmrdHeader(experimentalConditions=conditions, encoding=list(encodings), acquisitionSystemInformation=system)
    return xsd.ToXML(made)


def line(values, step, flag=None, centre=None, discard=(0, 0), space=0, dwell=0.0, **counters):
    made = ismrmrd.Acquisition.from_array(np.ascontiguousarray(np.asarray(values, dtype=np.complex64)))
    made.center_sample = values.shape[1] // 2 if centre is None else centre
    made.discard_pre, made.discard_post = discard
    made.idx.kspace_encode_step_1 = step
    made.encoding_space_ref, made.sample_time_us = space, dwell
    for name, value in counters.items():
        setattr(made.idx, name, value)
    if flag:
        made.setFlag(flag)
    return made


def write(path, xml, lines, group="dataset"):
    with ismrmrd.Dataset(str(path), group, create_if_needed=True) as file:
        file.write_xml_header(xml)
        for made in lines:
            file.append_acquisition(made)
    return path


def integrated(full):
    """Every third line, and 16 lines about the origin: those off the comb for calibration alone, those on it for both."""
    lines = []
    for r in range(NY):
        comb, centre = (r - NY // 2) % 3 == 0, abs(r - NY // 2 + 0.5) < 8
        if comb or centre:
            lines.append(line(full[:, r], r, flag=None if not centre else BOTH if comb else CALIBRATION))
    return lines


def rows(scan):
    return scan.measured.acquisition["mask"].data[0].any(1).nonzero().ravel().tolist()


def maps(scan):
    return scan.measured.acquisition["sensitivity_maps"].data[0]


def test_embedded_calibration_lines_are_of_the_image_too(tmp_path, full):
    lines = integrated(full)
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding("embedded")), lines))[0]
    plain = ISMRMRD(
        write(tmp_path / "b.h5", header(encoding()), [line(full[:, m.idx.kspace_encode_step_1], m.idx.kspace_encode_step_1) for m in lines])
    )[0]
    assert rows(scan) == sorted(m.idx.kspace_encode_step_1 for m in lines) and scan.notes == ()
    assert torch.equal(scan.measured.y, plain.measured.y) and torch.equal(maps(scan), maps(plain))


@pytest.mark.parametrize("mode", ["separate", None])
def test_separate_calibration_lines_serve_the_maps_alone(tmp_path, full, mode):
    lines = [m for m in integrated(full) if not m.isFlagSet(BOTH)]
    lines += [line(full[:, r], r) for r in range(NY // 2 - 9, NY // 2 + 9) if (r - NY // 2) % 3 == 0]  # the comb has no flag here
    lines = [line(2 * full[:, r], r, flag=CALIBRATION) for r in range(NY // 2 - 8, NY // 2 + 8)] + [
        m for m in lines if not m.isFlagSet(CALIBRATION)
    ]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding(mode)), lines))[0]
    assert rows(scan) == list(range(NY // 2 % 3, NY, 3))
    centre = torch.zeros(NY, NX, dtype=torch.bool)
    centre[NY // 2 - 8 : NY // 2 + 8] = True
    region = calibration_region(centre)
    inner = (region[0], slice(NX // 2 - 16, NX // 2 + 16))
    assert torch.allclose(maps(scan), espirit_maps((2 * full * centre)[None], inner)[0], atol=1e-4)


def test_lines_for_both_complete_the_calibration(tmp_path, full):
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding("separate")), integrated(full)))[0]
    whole = ISMRMRD(write(tmp_path / "b.h5", header(encoding("embedded")), integrated(full)))[0]
    assert rows(scan) == list(range(0, NY, 3)) and torch.allclose(maps(scan), maps(whole), atol=1e-4)


def test_calibration_of_another_slice_is_not_taken_and_one_of_another_repetition_is(tmp_path, full):
    lines = [line((1 + s) * full[:, r], r, slice=s, repetition=p) for r in range(0, NY, 3) for s in (0, 1) for p in (0, 1)]
    lines += [line(full.flip(0)[:, r], r, flag=CALIBRATION) for r in range(NY // 2 - 8, NY // 2 + 8)]
    data = ISMRMRD(write(tmp_path / "a.h5", header(encoding("separate")), lines))
    scans = {s.id: s for s in data}
    assert torch.equal(maps(scans["a-s000-r000"]), maps(scans["a-s000-r001"]))
    assert not torch.allclose(maps(scans["a-s000-r000"]), maps(scans["a-s001-r000"]), atol=0.1)


@pytest.mark.parametrize(("dwell", "bandwidth", "factor"), [((0.0, 0.0), None, 1), ((4.0, 1.0), None, 4), ((1.0, 1.0), 0.8, 1.25)])
def test_a_noise_scan_whitens_and_tells_the_level(tmp_path, image, dwell, bandwidth, factor):
    mix = 0.01 * torch.eye(COILS, dtype=torch.complex64) + 0.004 * complex_normal(COILS, COILS, seed=5)
    mix[2] *= 8
    clean = fft(simulate_maps(COILS, (NY, NX), 1) * image)
    k = clean + (mix @ complex_normal(COILS, NY * NX, seed=6)).reshape(clean.shape)
    noise = mix @ complex_normal(COILS, 4000, seed=7) / factor**0.5
    lines = [line(noise[:, i : i + 500], 0, flag=NOISE, dwell=dwell[0]) for i in range(0, 4000, 500)]
    lines += [line(k[:, r], r, dwell=dwell[1]) for r in range(NY)]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding(), bandwidth=bandwidth), lines))[0]
    raw = ISMRMRD(tmp_path / "a.h5").raw(ISMRMRD(tmp_path / "a.h5").entries[0])
    covariance = mix @ mix.mH
    level = float(covariance.diagonal().real.median().sqrt())
    assert scan.measured.noise.std == pytest.approx(level, rel=0.05)
    # What whitening does to the noise itself, found from the linear map that leads from k to raw.kspace.
    W = raw.kspace.flatten(1) @ torch.linalg.pinv(k.flatten(1))
    white = W @ covariance @ W.mH / level**2
    assert float((white - torch.eye(COILS)).abs().max()) < 0.1 and scan.notes == ()


def test_noise_and_calibration_of_their_own_groups_serve_the_others(tmp_path, full):
    image = [line(full[:, r], r) for r in range(0, NY, 3)]
    noise = [line(0.003 * complex_normal(COILS, 800), 0, flag=NOISE)]
    calibration = [line(full[:, r], r, flag=CALIBRATION) for r in range(NY // 2 - 8, NY // 2 + 8)]
    together = ISMRMRD(write(tmp_path / "a.h5", header(encoding("separate")), noise + calibration + image))[0]
    path = write(tmp_path / "b.h5", header(encoding("separate")), image)
    write(path, header(encoding()), noise, group="noise")
    write(path, header(encoding()), calibration, group="reference")
    data = ISMRMRD(path)
    assert [e.id for e in data.entries] == ["b"] and torch.equal(data[0].measured.y, together.measured.y)
    assert data[0].measured.noise == together.measured.noise and torch.equal(maps(data[0]), maps(together)) and data[0].notes == ()
    with pytest.raises(DataError, match="no line of an image"):
        ISMRMRD(write(tmp_path / "c.h5", header(encoding()), noise))


def test_a_noise_scan_that_is_too_short_or_too_loud_is_said(tmp_path, full):
    image = [line(full[:, r], r) for r in range(NY)]
    short = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), [line(complex_normal(COILS, 30), 0, flag=NOISE), *image]))[0]
    assert torch.equal(short.measured.y[0], full) and "1 lines of noise are left out: 30 samples of 6 channels" in short.notes[0]
    loud = ISMRMRD(write(tmp_path / "b.h5", header(encoding()), [line(complex_normal(COILS, 900), 0, flag=NOISE), *image]))[0]
    assert loud.measured.noise.std == pytest.approx(0.003, rel=0.3) and "times as loud" in loud.notes[0]


@pytest.mark.parametrize(("cut", "discard"), [(14, (0, 0)), (0, (14, 0)), (0, (0, 9)), (5, (3, 2))])
def test_what_no_echo_reached_is_not_measured(tmp_path, full, cut, discard):
    lines = [line(full[:, r, cut:], r, centre=NX // 2 - cut, discard=discard) for r in range(NY)]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), lines))[0]
    expected = torch.zeros(NY, NX, dtype=torch.bool)
    expected[:, cut + discard[0] : NX - discard[1]] = True
    assert torch.equal(scan.measured.acquisition["mask"].data[0] > 0, expected)
    assert torch.equal(scan.measured.y[0], torch.where(expected, full, 0)) and not scan.truth


def test_each_line_has_its_own_part_of_the_echo(tmp_path, full):
    lines = [line(full[:, r], r, discard=(r % 5, 0)) for r in range(NY)]
    mask = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), lines))[0].measured.acquisition["mask"].data[0]
    assert [int((row == 0).sum()) for row in mask] == [r % 5 for r in range(NY)]


def test_a_partial_echo_with_oversampling_is_measured_where_it_was_taken(tmp_path, image):
    maps_, wide = simulate_maps(COILS, (NY, NX), 1), torch.zeros(COILS, NY, 2 * NX, dtype=torch.complex64)
    wide[..., NX // 2 : NX // 2 + NX] = maps_ * image
    cut, k = 28, fft(wide)
    lines = [line(k[:, r, cut:], r, centre=NX - cut) for r in range(NY)]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding(oversampling=2)), lines))[0]
    taken = scan.measured.acquisition["mask"].data[0] > 0
    assert taken[0].tolist() == [2 * j >= cut for j in range(NX)]
    right = fft(maps_ * image)
    error = (scan.measured.y[0] - right)[:, taken].norm() / right[:, taken].norm()
    edge = (scan.measured.y[0] - right)[:, :, cut // 2].norm() / right[:, :, cut // 2].norm()
    assert error < 0.01 and edge < 0.1  # as zeros the rest would cost 0.02 and 0.3


def test_averages_are_averaged_and_what_has_more_of_them_weighs_more(tmp_path, image):
    clean = fft(simulate_maps(COILS, (NY, NX), 1) * image)
    noisy = [clean + 0.02 * complex_normal(COILS, NY, NX, seed=s) for s in range(4)]
    noise = [line(0.02 * complex_normal(COILS, 4000, seed=9), 0, flag=NOISE)]
    even = noise + [line(noisy[a][:, r], r, average=a) for a in range(4) for r in range(NY)]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), even))[0]
    assert scan.measured.noise.weight is None and scan.measured.noise.std == pytest.approx(0.01, rel=0.05)
    uneven = noise + [line(noisy[a][:, r], r, average=a) for a in range(4) for r in range(NY) if a == 0 or abs(r - NY // 2) < 6]
    for options in ({}, {"noise_std": 0.02}):
        scan = ISMRMRD(write(tmp_path / f"b{len(options)}.h5", header(encoding()), uneven), **options)[0]
        std = scan.measured.noise.std / scan.measured.noise.weight.sqrt()[0]
        data = ISMRMRD(tmp_path / f"b{len(options)}.h5", **options)
        residual = data[0].measured.y[0] - data.raw(data.entries[0]).kspace
        added = float(residual.abs().square().mean().sqrt()) if options else 0.0
        for row, averages in ((3, 1), (NY // 2, 4)):
            assert float(std[:, row].mean()) == pytest.approx((0.02**2 / averages + added**2) ** 0.5, rel=0.06)
    assert scan.measured.noise.weight.shape == scan.measured.y.shape


def test_every_group_and_encoding_of_a_file_is_read_or_named(tmp_path, full):
    lines = [line(full[:, r], r) for r in range(NY)]
    path = write(tmp_path / "a.h5", header(encoding()), lines)
    write(path, header(encoding()), [line(3 * full[:, r], r, slice=s) for r in range(NY) for s in (0, 1)], group="second")
    write(path, header(encoding(trajectory="spiral")), lines, group="third")
    with h5py.File(path, "a") as file:
        file["dataset/waveforms"] = np.ones(3)
        file["extra"] = np.ones(3)
    data = ISMRMRD(path)
    assert [s.id for s in data] == ["a-g0", "a-g1-s000", "a-g1-s001"]
    assert torch.equal(data[0].measured.y[0], full) and torch.equal(data[2].measured.y[0], 3 * full)
    assert any("third: data: the trajectory is 'spiral'" in n for n in data[0].notes) and any(
        "dataset/waveforms, extra" in n for n in data[2].notes
    )
    two = [line(full[:, r], r) for r in range(NY)] + [line(2 * full[:, r], r, space=1) for r in range(0, NY, 2)]
    data = ISMRMRD(write(tmp_path / "b.h5", header(encoding(), encoding()), two), maps="low-frequency")
    assert [s.id for s in data] == ["b-n0", "b-n1"] and rows(data[1]) == list(range(0, NY, 2))
    assert torch.equal(data[1].measured.y[0, :, ::2], 2 * full[:, ::2])
    scan = ISMRMRD(write(tmp_path / "c.h5", header(encoding()), two))[0]
    assert torch.equal(scan.measured.y[0], full) and "24 lines of an encoding that the header does not describe" in scan.notes[0]
    scan = ISMRMRD(write(tmp_path / "d.h5", header(encoding(), encoding(trajectory="radial")), two))[0]
    assert "left out: encoding 1: data: the trajectory is 'radial'" in scan.notes[0]


def test_measurements_of_one_group_are_told_apart_by_their_numbers(tmp_path, full):
    def numbered(lines, uid):
        for made in lines:
            made.measurement_uid = uid
        return lines

    first, second = numbered([line(full[:, r], r) for r in range(NY)], 700), numbered([line(5 * full[:, r], r) for r in range(NY)], 300)
    data = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), first + second))
    assert [s.id for s in data] == ["a-m000", "a-m001"] and torch.equal(data[1].measured.y[0], full)
    lines = [line(full[:, r], r) for r in range(NY)]
    for i, made in enumerate(lines):
        made.measurement_uid = i
    assert torch.equal(ISMRMRD(write(tmp_path / "b.h5", header(encoding()), lines))[0].measured.y[0], full)


def test_a_trajectory_of_the_lines_is_noted(tmp_path, full):
    lines = [line(full[:, r], r) for r in range(NY)]
    for made in lines:
        made.resize(NX, COILS, 2)
        made.data[:] = full[:, made.idx.kspace_encode_step_1].numpy()
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), lines))[0]
    assert "trajectory of their own" in scan.notes[0] and torch.equal(scan.measured.y[0], full)


def test_calibration_of_another_encoding_is_placed_by_its_origin_or_said(tmp_path, full):
    lines = [line(full[:, r], r) for r in range(0, NY, 3)]
    small = [line(full[:, r], r, flag=CALIBRATION, space=1) for r in range(NY // 2 - 8, NY // 2 + 8)]
    good = ISMRMRD(write(tmp_path / "a.h5", header(encoding("separate"), encoding()), lines + small))[0]
    here = ISMRMRD(
        write(
            tmp_path / "b.h5",
            header(encoding("separate")),
            lines + [line(full[:, r], r, flag=CALIBRATION) for r in range(NY // 2 - 8, NY // 2 + 8)],
        )
    )[0]
    assert torch.equal(maps(good), maps(here)) and good.notes == ()
    other = ISMRMRD(write(tmp_path / "c.h5", header(encoding("separate"), encoding(fov=1.3)), lines + small), maps="low-frequency")[0]
    assert "16 calibration lines are left out: its field of view is another" in other.notes[0]


def test_what_is_left_out_is_counted(tmp_path, full):
    flags = (ismrmrd.ACQ_IS_NAVIGATION_DATA, ismrmrd.ACQ_IS_PHASECORR_DATA, ismrmrd.ACQ_IS_DUMMYSCAN_DATA, ismrmrd.ACQ_IS_HPFEEDBACK_DATA,
             ismrmrd.ACQ_IS_RTFEEDBACK_DATA, ismrmrd.ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA, ismrmrd.ACQ_IS_PHASE_STABILIZATION,
             ismrmrd.ACQ_IS_PHASE_STABILIZATION_REFERENCE)  # fmt: skip
    lines = [line(full[:, r], r) for r in range(NY)] + [line(9 * full[:, i], 5, flag=f) for i, f in enumerate(flags)]
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), lines))[0]
    assert torch.equal(scan.measured.y[0], full) and sorted(n.split()[0] for n in scan.notes) == ["1", "1", "1", "1", "2", "2"]


def test_the_plane_lies_where_its_lines_say(tmp_path, full):
    turn = np.deg2rad(20)
    frame = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    lines = [line(full[:, r], r) for r in range(NY)]
    for made in lines:
        made.position[:] = (10, -20, 30)
        made.read_dir[:], made.phase_dir[:], made.slice_dir[:] = frame.T
    geometry = ISMRMRD(write(tmp_path / "a.h5", header(encoding(fov=1.5)), lines))[0].measured.geometry
    affine = np.array(geometry.affine)
    assert geometry.voxel_size == (1.0, 1.5)
    assert affine @ (NX // 2, NY // 2, 0, 1) == pytest.approx([-10, 20, 30, 1], abs=1e-4)  # right, front, head
    assert affine[:3, 0] == pytest.approx(1.5 * frame[:, 0] * (-1, -1, 1)) and affine[:3, 1] == pytest.approx(frame[:, 1] * (-1, -1, 1))
    assert np.linalg.norm(affine[:3, 2]) == pytest.approx(5)
    plain = ISMRMRD(write(tmp_path / "b.h5", header(encoding(fov=1.5)), [line(full[:, r], r) for r in range(NY)]))[0]
    assert plain.measured.geometry == type(geometry)((1.0, 1.5))


def test_partitions_are_not_averages(tmp_path, full):
    lines = [line(full[:, r], r, kspace_encode_step_2=p) for r in range(NY) for p in (0, 1)]
    with pytest.raises(DataError, match="outside the encoded matrix 1 of"):
        ISMRMRD(write(tmp_path / "a.h5", header(encoding()), lines))


def test_heads_of_another_kind_and_lines_without_a_sample(tmp_path, full):
    for name, dtype in (("int", "i4"), ("signed", np.dtype([("flags", "i8")])), ("few", np.dtype([("flags", "u8"), ("idx", "u2")]))):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["dataset/xml"] = [header(encoding())]
            file["dataset"].create_dataset("data", (4,), np.dtype([("head", dtype), ("data", h5py.vlen_dtype("f4"))]))
        with pytest.raises(DataError, match="is not a list of acquisitions"):
            ISMRMRD(tmp_path / f"{name}.h5")
    with pytest.raises(DataError, match="1 lines discard all of their samples"):
        ISMRMRD(write(tmp_path / "a.h5", header(encoding()), [line(full[:, 3], 3, discard=(40, 40))]))


def test_the_level_of_a_file_without_a_noise_scan_is_that_of_the_array(tmp_path, save, full):
    scan = ISMRMRD(write(tmp_path / "a.h5", header(encoding()), [line(full[:, r], r) for r in range(NY)]))[0]
    other = Arrays(save(tmp_path / "b.h5", kspace=full))[0]
    assert scan.measured.noise == other.measured.noise and torch.equal(maps(scan), maps(other))
    assert scan.measured.noise.std == noise_level(full, torch.ones(NY, NX, dtype=torch.bool))


def test_what_a_file_holds_is_told_by_its_heads(tmp_path, full):
    lines = [line(0.01 * complex_normal(COILS, 500), 0, flag=NOISE)]
    lines += [line(full[:, r], r, flag=CALIBRATION) for r in range(NY // 2 - 8, NY // 2 + 8)]
    for s, c, p in ((s, c, p) for s in (0, 1) for c in (0, 1) for p in (0, 1)):
        lines += [line(full[:, r, 10:], r, centre=NX // 2 - 10, slice=s, contrast=c, repetition=p) for r in range(12, NY, 3)]
    lines += [line(full[:, 0], 0, flag=ismrmrd.ACQ_IS_NAVIGATION_DATA)]
    data = ISMRMRD(write(tmp_path / "a.h5", header(encoding("separate"), encoding(trajectory="spiral")), lines))
    data.raw = None  # no scan is read
    (told,) = data.contents()
    held = told.holds
    assert told.scans == 8 and (held["slices"], held["contrasts"], held["repetitions"]) == ("2", "2", "2") and "phases" not in held
    assert held["lines"] == "96 of images, 16 of calibration, 1 of noise" and held["coil maps"] == "from calibration lines"
    assert held["sampling"] == (f"12 of {NY} lines (4 x), 1 of them side by side about the origin; "
                                f"partial Fourier: lines 12 to 45, the origin is 24; asymmetric echo: samples 10 to {NX - 1} of {NX}")  # fmt: skip
    assert held["noise"] == "whitened, at the level of the noise scan" and told.left_out == ("1 lines of navigators are left out",)
    assert told.measured["y"] == {"coil": COILS, "ky": NY, "kx": NX}

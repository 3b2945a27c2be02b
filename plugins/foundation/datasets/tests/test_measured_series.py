import pytest
import torch

import mridiff
from mridiff.errors import DataError
from mridiff_datasets.echo_planar_head import EchoPlanarHead
from mridiff_datasets.measured_series import NAMES, MeasuredSeries
from mridiff_sdk.fourier import ifft

SIZES = {"t2star": (12, 192, 192), "t1": (9, 128, 128), "cine": (8, 192, 192)}
SOURCES = pytest.mark.parametrize("source", NAMES)


@SOURCES
def test_lines_are_interleaved_over_time_and_the_truth_is_the_series(measured_folder, source):
    data = MeasuredSeries(measured_folder, source=source, acceleration=3, center_lines=2, noise_std=0, coils=2)
    assert [scan.id for scan in data] == [f"{source}/{name}" for name in NAMES[source]]
    scan = data[-1]
    (mask, maps), x = scan.measured.require("mask", "sensitivity_maps"), scan.truth["x"].data
    assert x.abs().max() == 1 and x.shape[2:] == (24, 24) and len(x[0]) == mask.shape[1] == scan.measured.y.shape[2]
    assert (mask[0, :3].sum(0) > 0).all() and not torch.equal(mask[0, 0], mask[0, 1])
    full = MeasuredSeries(measured_folder, source=source, acceleration=1, noise_std=0, coils=2)[-1].measured.y
    torch.testing.assert_close(scan.measured.y, mask[:, None] * full)
    torch.testing.assert_close((maps.conj()[:, :, None] * ifft(full)).sum(1), x, rtol=1e-4, atol=1e-4)


def test_what_is_known_of_the_echoes_is_told(measured_folder):
    for source, rank in (("t2star", 4), ("t1", 3)):
        basis = MeasuredSeries(measured_folder, source=source, rank=rank)[0].measured.require("basis")[0][0]
        torch.testing.assert_close(basis.T @ basis, torch.eye(rank))
    times = MeasuredSeries(measured_folder, source="multi-echo")[0].measured.acquisition["echo_times"]
    assert times.unit == "ms" and times.data[0, 0] == 2
    count = MeasuredSeries(measured_folder)[0].measured.acquisition["echo_times"]
    assert count.unit == "echo" and torch.equal(count.data[0], torch.arange(len(count.data[0])).float())
    assert {*MeasuredSeries(measured_folder, source="cine")[0].measured.acquisition} == {"mask", "sensitivity_maps"}


def test_so_many_series_are_taken_evenly_spread(measured_folder):
    assert [MeasuredSeries(measured_folder, count=n).names for n in (1, 2, 99)] == [["003"], ["001", "005"], [f"{i:03d}" for i in range(7)]]


def test_the_head_is_displaced_by_its_field_and_told_its_times(measured_folder):
    data = EchoPlanarHead(measured_folder, count=3, noise_std=0, coils=2, acceleration=1)
    assert [scan.id for scan in data] == ["head/009", "head/017", "head/024"]
    scan = data[0]
    field, times, maps = scan.measured.require("field_map", "sample_times", "sensitivity_maps")
    assert float(times[0, 12, 0]) == 0 and float(times[0, 13, 5]) == pytest.approx(0.0005)
    assert field.abs().max() < 203.3
    plain = (maps.conj() * ifft(scan.measured.y)).sum(1)
    x = scan.truth["x"].data
    assert (plain - x).norm() > 0.1 * x.norm()


def test_without_a_folder_it_says_how_to_name_one(monkeypatch, tmp_path):
    monkeypatch.delenv("MRIDIFF_DATA", raising=False)
    for make in (MeasuredSeries, EchoPlanarHead):
        with pytest.raises(DataError, match="set MRIDIFF_DATA"):
            make()
        with pytest.raises(DataError, match=r"t2star|gre_mag"):
            make(tmp_path)[0]


@SOURCES
def test_real_series(real_data, source):
    data = MeasuredSeries(real_data, source=source)
    scan = data[0]
    x = scan.truth["x"].data
    assert x.shape[1:] == SIZES.get(source, x.shape[1:]) and scan.measured.y.shape[1:3] == (8, x.shape[1])
    moved = (x[0].abs() - x[0].abs().mean(0)).norm() / x[0].norm()
    assert 0.02 < moved < 0.9
    if "basis" in scan.measured.acquisition:  # four vectors of the model hold more of it than any two can
        B, values = scan.measured.require("basis")[0][0].double(), x[0].real.flatten(1).double()
        best = torch.linalg.svdvals(values)
        assert (values - B @ (B.T @ values)).norm() < best[2:].norm()


def test_a_real_head_is_undistorted(real_data):
    scan = EchoPlanarHead(real_data, count=1)[0]
    (field,) = scan.measured.require("field_map")
    assert 20 < field.abs().max() < 204
    sampler = {"use": "cg-sense", "options": {"iterations": 40, "l2": 1e-4}}
    made = mridiff.load("cg-sense", operator={"use": "off-resonance-sense"}, sampler=sampler)(scan)
    plain = mridiff.load("cg-sense", sampler=sampler)(scan)
    assert made.metrics["x"]["psnr"] > plain.metrics["x"]["psnr"] + 5

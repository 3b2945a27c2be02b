"""What a scan leaves: all of it or nothing, whatever fails on the way; and what stands in it."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mridiff.interfaces import Field, Geometry
from mridiff.pipeline import output
from mridiff.pipeline.method import Reconstruction
from mridiff.pipeline.output import write_scan
from toy import Few

GEOMETRY = Geometry((1.5, 0.5), ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)))


def _given():
    scan = Few()[0]
    samples = torch.stack([torch.full((4, 6), 1.0 + 1j), torch.full((4, 6), 3.0 + 1j)])
    estimates, outputs = {"motion": torch.ones(1, 2)}, {"t1": Field(torch.ones(1, 4, 6), ("y", "x"))}
    result = Reconstruction(scan.id, samples.mean(0, keepdim=True), samples, ("y", "x"), 0.25, estimates=estimates, outputs=outputs)
    return result, replace(scan, measured=replace(scan.measured, geometry=GEOMETRY))


@pytest.fixture
def services(monkeypatch):
    def image(path, result, scan):
        if scan.measured.geometry is not None:
            path.write_bytes(b"image")

    monkeypatch.setattr(output, "image", image, raising=False)
    monkeypatch.setattr(output, "overview", lambda path, result, scan: path.write_bytes(b"picture"), raising=False)
    monkeypatch.setattr(output, "service", lambda name: getattr(output, name))


def test_numbers_and_attributes_are_those_of_the_result(tmp_path, services):
    result, scan = _given()
    record = write_scan(tmp_path / "s", result, scan, {"id": "s"})
    with h5py.File(tmp_path / "s" / "reconstruction.h5") as file:
        np.testing.assert_array_equal(file["reconstruction"], result.x[0])
        np.testing.assert_array_equal(file["samples"], result.samples)
        np.testing.assert_allclose(file["std"], np.full((4, 6), 2**0.5), rtol=1e-6)
        np.testing.assert_array_equal(file["estimates/motion"], np.ones((1, 2)))
        assert list(file["outputs/t1"].attrs["axes"]) == ["y", "x"] and list(file.attrs["axes"]) == ["y", "x"]
        assert file.attrs["scale"] == 0.25 and list(file.attrs["voxel_size_mm"]) == [1.5, 0.5]
    assert sorted(record["files"]) == ["overview.png", "reconstruction.h5", "reconstruction.nii.gz"]
    assert json.loads((tmp_path / "s" / "record.json").read_text()) == record


class FailureError(Exception):
    pass


def _stops(monkeypatch, target, name, call=1):
    """Let the `call`th call of a function do its work and then fail."""
    original, calls = getattr(target, name), []

    def stopped(*given, **named):
        calls.append(1)
        result = original(*given, **named)
        if len(calls) == call:
            raise FailureError
        return result

    monkeypatch.setattr(target, name, stopped)


STEPS = [(output, "_write_arrays", 1), (output, "image", 1), (output, "overview", 1), (output, "sealed", 1), (output, "write_json", 1),
         (output, "to_disk", 1), (output, "to_disk", 5)]  # fmt: skip


@pytest.mark.parametrize(("target", "name", "call"), STEPS)
@pytest.mark.parametrize("before", ["nothing", "a result"])
def test_a_failure_at_any_step_leaves_no_half_of_a_result(tmp_path, monkeypatch, services, target, name, call, before):
    result, scan = _given()
    if before == "a result":
        write_scan(tmp_path / "s", result, scan, {"id": "old"})
    files = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    _stops(monkeypatch, target, name, call)
    with pytest.raises(FailureError):
        write_scan(tmp_path / "s", result, scan, {"id": "new"})
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files
    assert list(tmp_path.iterdir()) == ([] if before == "nothing" else [tmp_path / "s"])


@pytest.mark.parametrize("moved", range(1, 5))
def test_no_record_stands_beside_files_that_it_does_not_describe(tmp_path, monkeypatch, services, moved):
    """Over an old folder, files move one by one: until the last of them has, there is no record."""
    result, scan = _given()
    write_scan(tmp_path / "s", result, scan, {"id": "old"})
    (tmp_path / "s" / "notes.txt").write_text("mine")
    _stops(monkeypatch, Path, "rename", moved)
    with pytest.raises(FailureError):
        write_scan(tmp_path / "s", result, scan, {"id": "new"})
    record = tmp_path / "s" / "record.json"
    assert (json.loads(record.read_text())["id"] == "new") if moved == 4 else not record.exists()
    assert (tmp_path / "s" / "notes.txt").read_text() == "mine" and list(tmp_path.iterdir()) == [tmp_path / "s"]


def test_what_the_new_result_does_not_have_goes(tmp_path, services):
    result, scan = _given()
    write_scan(tmp_path / "s", result, scan, {"id": "old"})
    write_scan(tmp_path / "s", result, replace(scan, measured=replace(scan.measured, geometry=None)), {"id": "new"})
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["overview.png", "reconstruction.h5", "record.json"]


def test_everything_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch, services):
    result, scan = _given()
    events = []
    to_disk, rename = output.to_disk, Path.rename
    monkeypatch.setattr(output, "to_disk", lambda path: (events.append(path.name), to_disk(path)))
    monkeypatch.setattr(Path, "rename", lambda self, to: (events.append("renamed"), rename(self, to))[1])
    write_scan(tmp_path / "s", result, scan, {"id": "s"})
    before = set(events[: events.index("renamed")])
    assert before == {"reconstruction.h5", "reconstruction.nii.gz", "overview.png", "record.json", ".partial-s"}
    assert events[-1] == tmp_path.name


def test_a_folder_that_vanished_is_not_made_again(tmp_path):
    result, scan = _given()
    with pytest.raises(FileNotFoundError):
        write_scan(tmp_path / "gone" / "s", result, scan, {})
    assert not (tmp_path / "gone").exists()

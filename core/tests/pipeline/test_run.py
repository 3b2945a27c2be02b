import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff.pipeline import output
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.run import folder_name, run
from mridiff.pipeline.services import providers
from toy import CONFIG, Few, Mask, registry


def _run(out, **changes):
    method = load(CONFIG, registry(), **changes)
    return list(run(method, load_dataset(method.plan), out))


def _arrays(out):
    found = {}
    for file in sorted(Path(out).glob("*/reconstruction.h5")):
        with h5py.File(file) as f:
            found[file.parent.name] = (f["reconstruction"][()], f["samples"][()])
    return found


def test_a_run_leaves_a_record_and_a_folder_per_scan(tmp_path):
    outcomes = _run(tmp_path / "out", samples=3)
    assert [o.scan for o in outcomes] == ["s0", "s1", "s2"] and not any(o.error for o in outcomes)
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["config"]["sampler"]["options"]["steps"] == 3 and record["seed"] == 0
    assert set(record["versions"]) >= {"python", "torch", "mridiff"} and len(record["weights_sha256"]["prior"]) == 64
    assert record["services"] == providers()
    scan = record["scans"][1]
    assert scan["cost"]["nfe"] == 3 and scan["cost"]["items"] == 9 and len(scan["data_sha256"]) == 64
    with h5py.File(tmp_path / "out" / "s1" / "reconstruction.h5") as f:
        assert f["reconstruction"].shape == (4, 6) and f["samples"].shape == (3, 4, 6) and f["std"].shape == (4, 6)
        np.testing.assert_allclose(f["reconstruction"][()], f["samples"][()].mean(0), rtol=1e-5)
        assert list(f.attrs["axes"]) == ["y", "x"]


def test_scale_is_undone_and_comes_from_the_measurement():
    method = load(CONFIG, registry(), sampler={"options": {"steps": 1}})
    scan = Few()[0]
    result = method(scan)
    measured = scan.measured.y
    assert result.scale == pytest.approx(float(measured.abs().max()))
    kept = scan.measured.acquisition["mask"].data.bool()
    torch.testing.assert_close(result.x[kept], measured[kept])


def test_the_first_look_is_the_operators_own_and_is_called_by_its_name(tmp_path, monkeypatch):
    plain = load(CONFIG, registry())(Few()[0])
    assert plain.baseline_name == "zero-filled"
    torch.testing.assert_close(plain.baseline, Few()[0].measured.y)
    monkeypatch.setattr(Mask, "rough", lambda self, y: 2 * self.H(y))
    monkeypatch.setattr(Mask, "rough_name", "twice")
    drawn = []
    monkeypatch.setattr(output, "service", lambda name: (lambda path, *given: drawn.append(given)) if name == "overview" else None)
    _run(tmp_path / "out")
    result, scan = drawn[2]
    assert result.baseline_name == "twice" and scan.id == result.scan == "s2"
    torch.testing.assert_close(result.baseline, 2 * Few()[2].measured.y)


def test_draws_depend_on_seed_scan_and_sample_not_on_the_batch():
    scan = Few()[0]
    whole = load(CONFIG, registry(), samples=5, batch=5)(scan).samples
    parts = load(CONFIG, registry(), samples=5, batch=2)(scan).samples
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, load(CONFIG, registry(), samples=5, seed=1)(scan).samples)
    assert not torch.equal(whole[0], whole[1])


def test_volumes_are_written_of_what_was_made_each_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(Few, "__getitem__", lambda self, i, read=Few.__getitem__: replace(read(self, i), volume="a/b"))
    given = []

    def volumes(folder, files, mark):
        given.append([f.parent.name for f in files])
        for file in files:
            with h5py.File(file) as f:
                assert f.attrs["volume"] == folder_name("a/b")
        (folder / f"{mark}a.nii.gz").write_bytes(b"whole")
        if len(given) > 1:
            raise OSError("disk full")
        (folder / f"{mark}a.nii.gz").replace(folder / "a.nii.gz")
        return ["one is missing"]

    monkeypatch.setattr("mridiff.pipeline.run.service", lambda name: volumes if name == "volumes" else None)
    _run(tmp_path / "out", dataset={"options": {"broken": 1}})
    assert given == [["s0", "s2"]] and (tmp_path / "out" / "a.nii.gz").read_bytes() == b"whole"
    assert json.loads((tmp_path / "out" / "record.json").read_text())["notes"] == ["one is missing"]
    (tmp_path / "out" / "a.nii.gz").write_bytes(b"earlier")
    with pytest.raises(DataError, match=r"cannot write to .*out: OSError: disk full"):
        _run(tmp_path / "out", dataset={"options": {"broken": 1}})
    assert (tmp_path / "out" / "a.nii.gz").read_bytes() == b"earlier" and list((tmp_path / "out").glob(".partial*"))
    monkeypatch.setattr("mridiff.pipeline.run.service", lambda name: None)
    _run(tmp_path / "out", dataset={"options": {"broken": 1}})
    assert not list((tmp_path / "out").glob(".partial*"))


def test_a_scan_that_fails_is_reported_and_the_rest_go_on(tmp_path):
    outcomes = _run(tmp_path / "out", dataset={"options": {"broken": 1}})
    assert [o.error is None for o in outcomes] == [True, False, True]
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert [s["id"] for s in record["scans"]] == ["s0", "s2"] and "cannot be read" in record["failed"][0]["message"]


def test_nothing_stays_where_nothing_was_made(tmp_path):
    outcomes = _run(tmp_path / "out", sampler={"options": {"fail": True}})
    assert all("diverged" in o.error.message for o in outcomes)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_another_run_is_refused(tmp_path):
    _run(tmp_path)
    with pytest.raises(ConfigError, match="another configuration"):
        _run(tmp_path, seed=1)


def test_an_unwritable_folder_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        _run(tmp_path / "file" / "out")

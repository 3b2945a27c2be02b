import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Geometry
from mridiff.pipeline import output
from mridiff.pipeline import run as run_module
from mridiff.pipeline.method import Reconstruction, load, load_dataset
from mridiff.pipeline.run import run
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
    drawn = {}
    monkeypatch.setattr(output, "service", lambda name: (lambda path, **given: drawn.update(given)) if name == "overview" else None)
    _run(tmp_path / "out")
    assert drawn["baseline_name"] == "twice"
    torch.testing.assert_close(torch.from_numpy(drawn["baseline"]), 2 * Few()[2].measured.y[0])


@pytest.mark.parametrize(("value", "written"), [(-2.0, -2.0), (3.0 - 4.0j, 5.0)])
def test_real_maps_keep_their_sign_in_image_files(tmp_path, monkeypatch, value, written):
    images = []
    monkeypatch.setattr(output, "service", lambda name: (lambda path, image, *_: images.append(image)) if name == "image" else None)
    x = torch.full((1, 4, 6), value)
    scan = Few()[0]
    geometry = Geometry((1.0, 1.0), ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)))
    placed = replace(scan, measured=replace(scan.measured, geometry=geometry))
    output.write_scan(tmp_path / "s", Reconstruction("s", x, x, ("y", "x"), 1.0), placed, {})
    assert images[0].shape == (4, 6) and (images[0] == written).all()


def test_draws_depend_on_seed_scan_and_sample_not_on_the_batch():
    scan = Few()[0]
    whole = load(CONFIG, registry(), samples=5, batch=5)(scan).samples
    parts = load(CONFIG, registry(), samples=5, batch=2)(scan).samples
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, load(CONFIG, registry(), samples=5, seed=1)(scan).samples)
    assert not torch.equal(whole[0], whole[1])


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


def test_a_finished_scan_is_kept_and_a_half_written_one_made_anew(tmp_path, monkeypatch):
    _run(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("s0/*")}
    for p in sorted((tmp_path / "s1").iterdir(), reverse=True):
        p.unlink()
    (tmp_path / "s1").rename(tmp_path / ".partial-s1")
    outcomes = _run(tmp_path)
    assert [o.kept for o in outcomes] == [True, False, True]
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.glob("s0/*")}
    assert not list(tmp_path.glob(".partial*"))


def test_two_scans_never_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "folder_name", lambda scan: "same")
    outcomes = _run(tmp_path)
    assert [o.error is None for o in outcomes] == [True, False, False]


CHILD = """
import sys, time
sys.path.insert(0, {toy!r})
from toy import CONFIG, registry, Walk
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.run import run
from mridiff.pipeline.services import providers
from pathlib import Path
method = load(CONFIG, registry(), dataset={{"options": {{"n": 12}}}}, sampler={{"options": {{"steps": 20}}}})
def watch(*args): time.sleep(0.002)
print("ready", flush=True)
for outcome in run(method, load_dataset(method.plan), Path(sys.argv[1]), watch):
    print("kept" if outcome.kept else "made", outcome.scan, flush=True)
"""


def test_killed_ten_times_and_resumed_a_run_is_that_of_an_undisturbed_one(tmp_path):
    program = CHILD.format(toy=str(Path(__file__).parents[1]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    generator = np.random.default_rng(0)
    made, kills, deadline = [], 0, time.monotonic() + 240
    while time.monotonic() < deadline:
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert child.stdout is not None and child.stdout.readline().strip() == "ready"
        if kills < 10:
            time.sleep(float(generator.uniform(0.005, 0.09)))
            child.send_signal(signal.SIGKILL)
            kills += 1
        lines = child.communicate()[0].splitlines()
        made += [line.split()[1] for line in lines if line.startswith("made")]
        if child.returncode == 0:
            break
    assert kills == 10 and child.returncode == 0
    _run(tmp_path / "whole", dataset={"options": {"n": 12}}, sampler={"options": {"steps": 20}})
    killed, whole = _arrays(tmp_path / "killed"), _arrays(tmp_path / "whole")
    assert killed.keys() == whole.keys() and len(whole) == 12
    assert all(np.array_equal(a, b) for name in whole for a, b in zip(killed[name], whole[name], strict=True))
    assert len(made) == len(set(made))  # what was reported as made was made once

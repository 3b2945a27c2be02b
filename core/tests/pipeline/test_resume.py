"""A second run into a folder: what is kept, what is made again and why, and what no run may touch."""

import json
import os
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Dataset, Field
from mridiff.io import atomic
from mridiff.pipeline import output
from mridiff.pipeline import run as run_module
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.record import recall
from mridiff.pipeline.run import run
from toy import CONFIG, registry


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    monkeypatch.setattr(output, "service", lambda name: None)
    monkeypatch.setattr(run_module, "service", lambda name: None)


class Changed(Dataset):
    """The toy's scans, changed by a function of their number."""

    def __init__(self, inner, change):
        self.inner, self.change = inner, change

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, index):
        return self.change(self.inner[index], index)


def _run(out, change=None, **changes):
    method = load(CONFIG, registry(), **changes)
    dataset = load_dataset(method.plan)
    return list(run(method, dataset if change is None else Changed(dataset, change), out))


def _image(folder):
    with h5py.File(folder / "reconstruction.h5") as file:
        return file["reconstruction"][()]


def _first(part):
    """Changes one half of the first scan."""
    return lambda scan, index: scan if index else part(scan)


def _other_y(scan):
    return replace(scan, measured=replace(scan.measured, y=scan.measured.y + 0.5 * scan.measured.acquisition["mask"].data))


def _other_mask(scan):
    mask = scan.measured.acquisition["mask"]
    return replace(scan, measured=replace(scan.measured, acquisition={"mask": replace(mask, data=0.5 * mask.data)}))


def _other_noise(scan):
    return replace(scan, measured=replace(scan.measured, noise=replace(scan.measured.noise, std=0.2)))


def _other_reference(scan):
    return replace(scan, truth={"x": Field(2 * scan.truth["x"].data, ("y", "x"))})


def test_what_is_finished_is_kept_as_it_is(tmp_path):
    first = _run(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("s*/*")}
    again = _run(tmp_path)
    assert [o.kept for o in first] == [False] * 3 and [o.kept for o in again] == [True] * 3
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.glob("s*/*")}
    assert [o.record for o in again] == [o.record for o in first] and not any(o.again for o in again)


@pytest.mark.parametrize(("change", "word"), [
    (_other_y, "data"), (_other_mask, "data"), (_other_noise, "data"), (_other_reference, "reference"),
])  # fmt: skip
def test_other_data_of_the_same_name_are_reconstructed_and_it_is_said(tmp_path, change, word):
    _run(tmp_path / "out")
    outcomes = _run(tmp_path / "out", _first(change))
    fresh = _run(tmp_path / "fresh", _first(change))
    assert [o.kept for o in outcomes] == [False, True, True]
    assert outcomes[0].again == f"it was made from other {word}"
    assert outcomes[0].record["metrics"] == fresh[0].record["metrics"]
    np.testing.assert_array_equal(_image(tmp_path / "out" / "s0"), _image(tmp_path / "fresh" / "s0"))
    notes = json.loads((tmp_path / "out" / "record.json").read_text())["notes"]
    assert notes == [f"s0 was made again: it was made from other {word}"]


def _edited(path):
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "scale": record["scale"] * 2}))


@pytest.mark.parametrize(("file", "damage", "words"), [
    ("reconstruction.h5", lambda p: p.unlink(), "reconstruction.h5 is missing or changed"),
    ("reconstruction.h5", lambda p: p.write_bytes(p.read_bytes()[:500]), "reconstruction.h5 is missing or changed"),
    ("reconstruction.h5", lambda p: p.write_bytes(p.read_bytes()[:-1] + b"\1"), "reconstruction.h5 is missing or changed"),
    ("record.json", lambda p: p.unlink(), "record.json is missing or damaged"),
    ("record.json", lambda p: p.write_bytes(b""), "record.json is missing or damaged"),
    ("record.json", lambda p: p.write_bytes(b"\xff\xfe{"), "record.json is missing or damaged"),
    ("record.json", lambda p: p.write_text("[]"), "record.json is missing or damaged"),
    ("record.json", lambda p: p.write_text("{}"), "record.json is missing or damaged"),
    ("record.json", lambda p: p.write_text("[" * 100_000), "record.json is missing or damaged"),
    ("record.json", _edited, "record.json was changed"),
])  # fmt: skip
def test_a_damaged_result_is_noticed_told_and_made_again(tmp_path, file, damage, words):
    _run(tmp_path)
    image, path = _image(tmp_path / "s1"), tmp_path / "s1" / file
    (tmp_path / "s1" / "notes.txt").write_text("mine")
    damage(path)
    outcomes = _run(tmp_path)
    assert [o.kept for o in outcomes] == [True, False, True] and not any(o.error for o in outcomes)
    assert words in outcomes[1].again
    np.testing.assert_array_equal(_image(tmp_path / "s1"), image)
    assert (tmp_path / "s1" / "notes.txt").read_text() == "mine"
    assert [o.kept for o in _run(tmp_path)] == [True] * 3


def test_a_result_of_another_run_put_into_the_folder_is_made_again(tmp_path):
    _run(tmp_path / "a")
    _run(tmp_path / "b", seed=1)
    shutil.rmtree(tmp_path / "a" / "s2")
    shutil.copytree(tmp_path / "b" / "s2", tmp_path / "a" / "s2")
    outcomes = _run(tmp_path / "a")
    assert [o.kept for o in outcomes] == [True, True, False] and outcomes[2].again == "it was made from other config"


@pytest.mark.parametrize("damage", [b"", b"[]", b"{\xff", b"no json"])
def test_a_damaged_marker_is_put_aside_and_what_is_right_is_kept(tmp_path, damage):
    _run(tmp_path)
    marker = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_bytes(damage)
    assert [o.kept for o in _run(tmp_path)] == [True] * 3
    made = json.loads((tmp_path / "run.json").read_text())
    assert (tmp_path / "run.json.old").read_bytes() == damage and made["config"] == marker["config"]


def test_only_what_this_folder_marked_is_removed(tmp_path):
    _run(tmp_path)
    token = json.loads((tmp_path / "run.json").read_text())["token"]
    for name in (f".partial-{token}-s1", ".partial-s1", ".partial-backup", ".partial-" + "0" * 16 + "-s1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("mine")
    (tmp_path / f".partial-{token}-record.json").write_text("half")
    (tmp_path / ".partial-file").write_text("mine")
    shutil.rmtree(tmp_path / "s1")
    assert [o.kept for o in _run(tmp_path)] == [True, False, True]
    left = sorted(p.name for p in tmp_path.glob(".partial*"))
    assert left == sorted([".partial-s1", ".partial-backup", ".partial-file", ".partial-" + "0" * 16 + "-s1"])
    assert all((tmp_path / name / "thesis.txt").exists() for name in left if name != ".partial-file")


def test_a_second_run_is_refused_while_the_first_lives_and_does_not_harm_it(tmp_path):
    method = load(CONFIG, registry())
    first = run(method, load_dataset(method.plan), tmp_path)
    next(first)
    with pytest.raises(DataError, match="another run is writing"):
        _run(tmp_path)
    assert [o.error for o in first] == [None, None]
    assert [o.kept for o in _run(tmp_path)] == [True] * 3
    assert not list(tmp_path.rglob(".*"))


def test_a_folder_is_free_again_when_a_run_was_refused_or_given_up(tmp_path):
    method = load(CONFIG, registry())
    given_up = run(method, load_dataset(method.plan), tmp_path)
    next(given_up)
    given_up.close()
    with pytest.raises(ConfigError, match="another configuration"):
        _run(tmp_path, seed=1)
    assert [o.kept for o in _run(tmp_path)] == [True, False, False]


def test_a_file_system_without_locks_is_no_obstacle(tmp_path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(atomic.fcntl, "flock", refuse)
    assert not any(o.error for o in _run(tmp_path))


def test_two_scans_never_share_a_folder(tmp_path, monkeypatch):
    outcomes = _run(tmp_path / "a", lambda scan, index: replace(scan, id="twin"))
    assert [o.error is None for o in outcomes] == [True, False, False] and "share the folder" in outcomes[1].error.message
    monkeypatch.setattr(run_module, "folder_name", lambda scan: "same")
    assert [o.error is None for o in _run(tmp_path / "b")] == [True, False, False]


def test_something_else_in_the_place_of_a_result_is_left_alone(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "s0").write_text("mine")
    (tmp_path / "out" / "s1").symlink_to(tmp_path / "elsewhere")
    outcomes = _run(tmp_path / "out")
    assert [o.error is None for o in outcomes] == [False, False, True]
    assert all("is in the way" in o.error.message for o in outcomes[:2])
    assert (tmp_path / "out" / "s0").read_text() == "mine" and not list((tmp_path / "elsewhere").iterdir())


def test_results_that_vanish_meanwhile_are_an_error(tmp_path):
    method = load(CONFIG, registry())
    outcomes = run(method, load_dataset(method.plan), tmp_path / "out")
    next(outcomes)
    shutil.rmtree(tmp_path / "out" / "s0")
    with pytest.raises(DataError, match=r"vanished.*: s0"):
        list(outcomes)
    outcomes = run(method, load_dataset(method.plan), tmp_path / "gone")
    next(outcomes)
    shutil.rmtree(tmp_path / "gone")
    second = next(outcomes)
    assert "cannot write the result of s1" in second.error.message
    with pytest.raises(DataError, match=r"vanished.*: s0"):
        list(outcomes)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("error", [RuntimeError("sizes differ"), MemoryError(), RecursionError("deep"), OSError(5, "Input/output error")])
def test_whatever_a_scan_raises_is_its_own_affair(tmp_path, error):
    def fail(scan):
        raise error

    outcomes = _run(tmp_path, _first(fail))
    assert [o.error is None for o in outcomes] == [False, True, True]
    assert type(error).__name__ in outcomes[0].error.message and "scan 0" in outcomes[0].error.message


def test_a_name_no_terminal_should_see_is_written_out(tmp_path):
    hostile = os.fsdecode(b"M\xfcller") + "\x1b[31m\n\u202e"
    outcomes = _run(tmp_path, _first(lambda scan: replace(scan, id=hostile)))
    assert outcomes[0].error is None and outcomes[0].scan == r"M\udcfcller\x1b[31m\n\u202e"
    assert all(path.name.isprintable() for path in tmp_path.iterdir())
    assert outcomes[0].record["id"] == outcomes[0].scan


def test_a_pipe_in_the_place_of_a_record_is_no_record(tmp_path, in_time):
    os.mkfifo(tmp_path / "record.json")
    assert recall(tmp_path, {}) == (None, "its record.json is missing or damaged")

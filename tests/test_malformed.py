"""Malformed inputs: a few of every kind, and that the command sees what it is there for."""

import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan

FOLDER = Path(__file__).parent / "malformed"


def test_malformed_inputs_are_one_clear_error_or_a_sound_result():
    done = subprocess.run([sys.executable, FOLDER, "--count", "147", "--seed", "0"], capture_output=True, text=True, check=False,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "147 inputs, 0 faults" in done.stdout


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import worker

    monkeypatch.setattr(worker, "SECONDS", 1.0)
    return worker


def sleep():
    time.sleep(200)


def spin(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


def fill():
    """Four times what is allowed beyond what the process has, in pages that are new; little, since these take long on some machines."""
    import worker

    worker.MEGABYTES = worker._status("VmRSS") * 2**10 / 1e6 + 4
    np.frombuffer(mmap.mmap(-1, 2**24), np.uint8)[:: mmap.PAGESIZE] = 1


def raise_(error):
    raise error


SEEN = {
    "a sound result": (lambda: None, ""), "c crash": (lambda: os.kill(os.getpid(), signal.SIGKILL), "ended with status"),
    "d slow": (lambda: spin(1.2), "it took 1."), "h endless": (lambda: spin(100), "it "), "e memory": (fill, "MB"), "f other error": (lambda: raise_(KeyError("x")), "KeyError"),
    "g no words": (lambda: raise_(DataError("")), "without words"),
    "i long": (lambda: raise_(DataError("x" * 9000)), "of 9000 letters"), "j exit": (lambda: raise_(SystemExit(0)), "SystemExit"),
    "k no name": (lambda: raise_(DataError("it is damaged")), "names no file"),
}  # fmt: skip


def make(use):
    def made(rng, folder):
        (folder / "in.h5").write_bytes(b"")
        return use

    return made


def test_what_waits_and_does_nothing_is_a_fault(worker, monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    monkeypatch.setattr(worker, "KINDS", {"hang": make(sleep)})
    (found,) = worker.outcomes(0, [0], 1)
    assert (found.end, found.fault) == ("lost", "it was not done after 1 s")


def test_what_ends_otherwise_is_a_fault(worker, monkeypatch):
    monkeypatch.setattr(worker, "KINDS", {kind: make(use) for kind, (use, _) in SEEN.items()})
    found = {o.kind: o.fault for o in worker.outcomes(0, range(len(SEEN)), 2)}
    assert found.keys() == SEEN.keys()
    for kind, (_, words) in SEEN.items():
        assert words in found[kind] and bool(words) == bool(found[kind]), (kind, found[kind])


def test_the_same_seed_makes_the_same_inputs(worker, tmp_path):
    def content(seed, number, name):
        folder = tmp_path / name
        folder.mkdir()
        kind, _ = worker.made(seed, number, folder)
        return kind, sorted((f.name, f.read_bytes()) for f in folder.rglob("*") if f.is_file())

    numbers = range(2 * len(worker.KINDS))
    first = [content(3, n, f"{n}-first") for n in numbers]
    time.sleep(2.1)  # formats note the time, to two seconds
    for n in numbers:
        if first[n][0] != "checkpoints":  # PyTorch's older format holds addresses of memory
            assert content(3, n, f"{n}-again") == first[n], first[n][0]
    assert {kind for kind, _ in first} == set(worker.KINDS)
    assert content(4, 0, "other") != first[0]


@pytest.mark.parametrize(("part", "value"), [
    ("y", float("nan")), ("truth", float("inf")), ("mask", 0.5), ("std", float("nan")), ("std", -1.0), ("id", ""), ("", 0),
])  # fmt: skip
def test_a_scan_that_is_not_sound_is_seen(worker, part, value):
    import judge

    y, x, mask = torch.ones(1, 2, 4, 4, dtype=torch.complex64), torch.ones(1, 4, 4), torch.ones(1, 4, 4)
    tensors = {"y": y, "truth": x, "mask": mask}
    if part in tensors:
        tensors[part].view(-1)[1] = value
    measured = Measured(y, Gaussian(None), {"mask": Field(mask, ("ky", "kx"))})
    if part == "std":
        object.__setattr__(measured.noise, "std", value)
    scan = Scan("a", measured, {"x": Field(x, ("y", "x"))})
    if part == "id":
        object.__setattr__(scan, "id", value)
    if not part:
        return judge.check(scan)
    with pytest.raises(judge.UnsoundError):
        judge.check(scan)
    return None

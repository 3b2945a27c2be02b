"""A run killed at every stage and resumed is that of an undisturbed one. The kill comes at a place in the program, not at a time."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

STAGES = ("folder.write_json 1",  # the folder is claimed
          "run.origin 1",  # a scan is read
          "toy.watch 2",  # in the middle of a scan
          "output._write_arrays 1", "output.sealed 1", "output.write_json 1",  # its folder is half-written, written, has its record
          "output._settle 1",  # has its name
          "toy.watch 7", "output._write_arrays 2",  # a later scan
          "run.write_json 1")  # the record of the run is written, its page is not  # fmt: skip
PROGRAM = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import torch
import toy
from mridiff.pipeline import folder, output, run
from mridiff.pipeline.method import load, load_dataset

torch.set_num_threads(1)
output.service = run.service = lambda name: None
toy.watch = lambda *given: None

def deadly(stage):
    place, call = stage.split()
    module, name = place.split(".")
    target = {"folder": folder, "output": output, "run": run, "toy": toy}[module]
    original, calls = getattr(target, name), []
    def last(*given, **named):
        found = original(*given, **named)
        calls.append(stage)
        if len(calls) == int(call):
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(target, name, last)

def attempt(stage):
    if stage:
        deadly(stage)
    method = load(toy.CONFIG, toy.registry(), dataset={"options": {"n": 6}}, samples=2)
    for outcome in run.run(method, load_dataset(method.plan), Path(sys.argv[2]), lambda *given: toy.watch(*given)):
        print("kept" if outcome.kept else "made", outcome.scan, outcome.again, flush=True)

for stage in [*sys.argv[3:], ""]:
    child = os.fork()
    if not child:
        attempt(stage)
        os._exit(0)
    print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def _lines(out, *stages):
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[1]), str(out), *stages]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
    return done.stdout.splitlines()


def _files(out):
    found = {}
    for file in sorted(out.glob("*/reconstruction.h5")):
        with h5py.File(file) as f:
            found[file.parent.name] = (f["reconstruction"][()], f["samples"][()])
    return found


def test_killed_at_ten_stages_and_resumed_a_run_is_that_of_an_undisturbed_one(tmp_path):
    lines = _lines(tmp_path / "killed", *STAGES)
    assert lines.count("ended with -9") == len(STAGES) and lines[-1] == "ended with 0"
    made = [line.split(maxsplit=1)[1] for line in lines if line.startswith("made")]
    assert len(made) == len(set(made))  # what was told to be made was made once, and nothing had to be made again
    assert len([line for line in lines if line.startswith("kept")]) > 6
    assert _lines(tmp_path / "whole")[-1] == "ended with 0"
    killed, whole = _files(tmp_path / "killed"), _files(tmp_path / "whole")
    assert killed.keys() == whole.keys() and len(whole) == 6
    assert all(np.array_equal(a, b) for name in whole for a, b in zip(killed[name], whole[name], strict=True))
    assert sorted(p.name for p in (tmp_path / "killed").iterdir()) == sorted(p.name for p in (tmp_path / "whole").iterdir())

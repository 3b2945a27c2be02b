"""Every way in which a command can end: one message of the family, an exit code by kind, no traceback, nothing half-written."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import ConfigError, DataError, Mistake, PluginImportError, UnsafeInput

CHILD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests are a job in the background it is ignored,
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and under nohup this one
import sys
sys.path.insert(0, {tests!r})
from mridiff.plugins.registry import Registry
Registry.discover = classmethod(lambda cls, **_: Registry.of(__import__("toy").SPECS))
sys.argv = ["mridiff", *{arguments!a}]
{more}
from mridiff.cli import main
main()
"""


def child(arguments, more="", **options):
    """The command line in a process of its own, with the toy components."""
    code = CHILD.format(tests=str(Path(__file__).parents[1]), arguments=[str(a) for a in arguments], more=textwrap.dedent(more))
    env = {**os.environ, "OMP_NUM_THREADS": "1", **options.pop("env", {})}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([sys.executable, "-c", code], env=env, **piped)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("dataset: {use: few}\noperator: {use: mask}\npriors: {prior: {use: shrink}}\nsampler: {use: walk}\n")
    return path


ENDS = {
    "configuration": (ConfigError([Mistake("a", "is wrong")]), 2, "a: is wrong"),
    "data": (DataError("the file is damaged"), 2, "the file is damaged"),
    "unsafe": (UnsafeInput("a link"), 2, "a link"),
    "plugin": (PluginImportError("no module"), 3, "no module"),
    "no such file": (FileNotFoundError(2, "No such file or directory", "/x/y"), 2, "No such file or directory: /x/y"),
    "no space": (OSError(28, "No space left on device"), 2, "No space left on device"),
    "no memory": (MemoryError("8 TiB"), 2, "not enough memory"),
    "a fault": (AttributeError("'int' object has no attribute 'get'"), 1, "AttributeError: 'int' object has no attribute 'get'"),
    "too deep": (RecursionError("maximum recursion depth exceeded"), 1, "RecursionError"),
    "cancelled": (asyncio.CancelledError(), 1, "CancelledError"),
    "end of a generator": (GeneratorExit(), 1, "GeneratorExit"),
    "interrupt": (KeyboardInterrupt(), 130, "stopped by SIGINT"),
}


@pytest.mark.parametrize(("error", "code", "words"), ENDS.values(), ids=ENDS)
def test_every_exception_becomes_one_message_and_a_code_by_kind(monkeypatch, error, code, words):
    def fail():
        raise error

    monkeypatch.setattr("mridiff.cli.listing.registry", fail)
    result = CliRunner().invoke(application(), ["list"])
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (code, True)
    assert words in result.stderr and "error DR1" in result.stderr and "Traceback" not in result.output
    if isinstance(error, Exception):
        assert CliRunner().invoke(application(), ["--debug", "list"]).exception is error


def test_the_message_is_json_where_json_was_asked_for(config):
    process = child(["recon", config, "--device", "nonsense", "--json"])
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2 and json.loads(out)["error"]["code"] == "DR120" and "Traceback" not in err


STEPS = """
import time
from toy import Walk
steps = Walk.trajectory
def slow(self, problem, rng):
    for step in steps(self, problem, rng):
        yield step
        if slow.done:
            print("waiting", flush=True)
            time.sleep(60)
    slow.done = True
slow.done = False
Walk.trajectory = slow
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_says_something_and_leaves_what_is_whole(config, tmp_path, number):
    process = child(["recon", config, "-o", tmp_path / "out"], STEPS, start_new_session=True)
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert f"stopped by {number.name}" in err and "Traceback" not in err
    assert (tmp_path / "out" / "s0" / "record.json").exists() and not (tmp_path / "out" / "s1").exists()
    assert not list((tmp_path / "out").glob(".*s1*")), "no half-written scan stays"
    again = child(["recon", config, "-o", tmp_path / "out"])
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0 and "1 of 3 were there already" in out


def test_a_reader_that_goes_away_is_no_fault():
    with child(["list", "--json"], "import time; time.sleep(1)") as process:
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=60) == 141 and err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_told():
    with Path("/dev/full").open("w") as full, child(["list", "--json"], stdout=full) as process:
        err = process.stderr.read()
        assert process.wait(timeout=60) == 2
    assert "No space left on device" in err and "Traceback" not in err and "Exception ignored" not in err


def test_names_that_neither_terminal_nor_file_system_can_write_are_told():
    process = child(["recon", "b\udcfc\u00fc.yaml"], env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "the file cannot be read" in err and "Traceback" not in err


def test_the_place_of_a_fault_is_told(monkeypatch):
    monkeypatch.setattr("mridiff.cli.listing.registry", lambda: 1 / 0)
    result = CliRunner().invoke(application(), ["list"])
    assert "ZeroDivisionError" in result.stderr and "test_ending.py, line" in result.stderr and "--debug" in result.stderr


def test_damaged_metadata_of_anything_installed_stop_no_reconstruction(config, tmp_path):
    """Libraries that look for plugins of their own would break on them."""
    info = tmp_path / "site" / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_bytes(b"[console_scripts]\n\xff = x:y\n")
    process = child(["recon", config, "-o", tmp_path / "out"], env={"PYTHONPATH": str(tmp_path / "site")})
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "s2" in out and (tmp_path / "out" / "record.json").exists()

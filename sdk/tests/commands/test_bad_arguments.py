"""Every command with every kind of bad argument: one message, an exit code that says whose fault it is, no traceback, no waiting for ever."""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from sdk_parts import CONFIG, SPECS
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.plugins.registry import Registry

ODD = {
    "empty": "", "blank": " ", "unknown": "no-such", "near": "filed", "qualified": "a/b/c", "parent": "../x", "option": "--nonsense",
    "long": "a" * 5000, "long path": "/".join(["b" * 300] * 3) + ".yaml", "not UTF-8": "\udcff", "markup": "[/red]", "escape": "\x1b[31mred",
    "missing file": "missing.yaml", "folder": "folder.yaml", "pipe": "pipe.yaml", "device": "zero.yaml", "binary": "binary.yaml",
    "not a mapping": "list.yaml", "nothing": "nothing.yaml", "tag": "tag.yaml", "deep": "deep.yaml", "keys": "keys.yaml",
    "wrong": "wrong.yaml", "comma": ",",
}  # fmt: skip
FILES = {
    "binary.yaml": b"\x00\xff\xfe", "list.yaml": b"[1, 2]", "nothing.yaml": b"", "tag.yaml": b"!!python/object:os.system {}",
    "deep.yaml": b"[" * 5000, "wrong.yaml": b"sampler: {use: filled, options: [1]}\nseed: []\ndevice: 3\npriors: 1\n",
    "keys.yaml": '{1: a, null: b, ~: c, [x]: d, "²": e, "": f, "a.b": g, sampler: {use: filled}, sampler: {use: filled}, .inf: 1}'.encode(),
}  # fmt: skip
SETS = [
    "", "=", "seed", "=3", ".=3", "a..b=1", "dataset=3", "dataset=null", "dataset=[1]", "dataset.options=3", "dataset.options=null",
    "dataset.options.n=x", "dataset.options.n=[]", "dataset.use=3", "dataset.use=nothing", "dataset.use=", "sampler=", "sampler=filled",
    "sampler.options=1", "sampler.options.steps=0", "sampler.options.steps=2.5", "sampler.options.steps={a: 1}", "sampler.options.nothing=1",
    "sampler.use=keep", "priors=1", "priors.prior=keep", "priors.other.use=keep", "priors.prior.use=filled", "operator=x", "operator.use=[a]",
    "seed=x", "seed=1.5", "seed=null", "seed=.nan", "seed.x=2", "samples=0", "samples=-1", "batch=0", "device=3", "device=gpu", "device=meta",
    "device=''", "device=null", "version=2", "recipe=3", "recipe=nothing", "²=1", "registry=3", "source=1", "self=1", "changes=1",
    "a={b: 1, b: 2}", "a={1: 2}", "a={null: 2}", "a=[", 'recipe="\\0"', 'dataset.options.n="\\0"', "a=!!python/name:os.system", "seed=1\nsamples=2", "x\x00=1", "\udcff=1", "a=\udcff",
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of odd files; what waits for ever, or takes all memory, is ended and fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of(SPECS)))
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "run.yaml").write_text(json.dumps(CONFIG))
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "file").write_text("a file")
    for name in ("pipe.yaml", "pipe.h5", "pipe.safetensors", "pipe"):
        os.mkfifo(tmp_path / name)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["kspace"] = np.ones((2, 8, 8), np.complex64)

    late = []

    def end(number, frame):
        late.append(frame)  # whoever catches the error below does not save the test
        raise TimeoutError("it waits for ever")

    before, limits = signal.signal(signal.SIGALRM, end), resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if sys.platform == "linux" else 0
    resource.setrlimit(resource.RLIMIT_AS, (taken + 4 * 2**30 if taken else limits[0], limits[1]))
    signal.alarm(20)
    yield tmp_path
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_AS, limits)
    signal.signal(signal.SIGALRM, before)
    assert not late, "it waited for ever"


def refused(*arguments):
    """The message of a call that must be refused."""
    result = CliRunner().invoke(application(), list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in {2, 3}, (arguments, result.exit_code, result.output)
    assert result.output.strip() and not any(word in result.output for word in ("Traceback", "DR170", "MemoryError")), result.output
    return result.output


POSITIONAL = {
    "recon": [], "compare": [], "validate": [], "show": [], "list": [], "check": [], "train": ["-o", "trained"],
    "convert": ["-o", "x.safetensors", "--format", "edm"], "new": [], "inspect": [],
}  # fmt: skip


GOOD = {("new", "unknown"), ("new", "near")}  # names that a package may have
NAMED = [(command, name) for command in POSITIONAL for name in ODD if (command, name) not in GOOD]


@pytest.mark.parametrize(("command", "value"), [(c, ODD[n]) for c, n in NAMED], ids=["-".join(pair) for pair in NAMED])
def test_what_a_command_is_given_by_name(command, value, folder):
    refused(command, value, *POSITIONAL[command])
    assert not (folder / "out").exists()


FOUND, CHOSEN, UNKNOWN = [], ["--dataset", "scans"], ["--dataset", "no-such"]


@pytest.mark.parametrize("value", [*ODD.values(), "pipe.h5", "pipe", "/dev/zero", "run.yaml/x", "file"],
                         ids=[*ODD, "pipe.h5", "pipe without suffix", "/dev/zero", "below a file", "no suffix"])  # fmt: skip
@pytest.mark.parametrize(("command", "reader"), [("recon", FOUND), ("recon", CHOSEN), ("compare", UNKNOWN)],
                         ids=["found", "chosen", "unknown"])  # fmt: skip
def test_what_a_command_is_given_as_input(command, value, reader, folder):
    refused(command, "run.yaml", value, *reader)
    assert not (folder / "out").exists()


@pytest.mark.parametrize("value", SETS, ids=range(len(SETS)))
@pytest.mark.parametrize(("command", "more"), [("recon", []), ("compare", ["-R", "2", "--set", "seed=1"])], ids=["recon", "compare"])
def test_every_malformed_or_misplaced_change_is_refused(command, value, more, folder):
    refused(command, "run.yaml", *more, "--set", value)
    assert not (folder / "out").exists()


VALUES = {
    "--device": ["gpu", "", "cuda:99", "meta", "cpu:x", "mps:7", "\udcff"],
    "-R": ["x", "", "1e", "two"],
    "--seed": ["x", "1.5", ""],
    "--samples": ["0", "-1", "x", "1.5"],
    "-o": ["file", "file/below", "pipe", "/dev/null", "/dev/null/x", "a" * 300, "/proc/x"],
    "-p": ["x", "no:", "", "no"],
}


@pytest.mark.parametrize(("option", "value"), [(o, v) for o, values in VALUES.items() for v in values])
@pytest.mark.parametrize("command", ["recon", "compare"])
def test_every_bad_value_of_an_option(command, option, value, folder):
    refused(command, "run.yaml", option, value)
    assert (folder / "file").read_text() == "a file" and not (folder / "out").exists()


@pytest.mark.parametrize("command", ["validate", "show", "list", "check", "matrix", "doctor", "train", "convert", "new", "inspect"])
def test_unknown_options_missing_arguments_and_misspelt_rules(command):
    refused(command, "--no-such-option")
    refused(command, "-p", "nonsense")
    refused(command, "one", "two", "three", "four")


@pytest.mark.parametrize("option", ["--config", "--weights"])
@pytest.mark.parametrize("value", ["missing.yaml", "folder.yaml", "pipe.yaml", "binary.yaml", "zero.yaml", "pipe.safetensors"])
def test_files_that_train_is_given(option, value):
    refused("train", "keep", "-o", "trained", option, value)


def test_a_command_that_is_not_there_is_named():
    assert "recno" in refused("recno") and "recon" in refused("recno")


def test_a_number_serves_where_a_text_is_wanted(folder):
    result = CliRunner().invoke(application(), ["recon", "run.yaml", "--set", "sampler.options.broken=12", "-o", "there"])
    assert result.exit_code == 0, result.output
    record = json.loads((folder / "there" / "record.json").read_text())
    assert record["config"]["sampler"]["options"]["broken"] == "12"

"""`mridiff train` on a package made for the test: a network of one layer and images of one value."""

import hashlib
import json
import os
import sys

import pytest
import torch
from torch.multiprocessing.spawn import ProcessRaisedException
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.io.atomic import lock
from mridiff_sdk.io.weights import read_weights
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.training import parallel
from mridiff_sdk.training.log import read_log

FILES = {
    "acme_train-1.0.dist-info/METADATA": "Name: acme-train\nVersion: 1.0\n",
    "acme_train-1.0.dist-info/entry_points.txt": "[mridiff]\nacme = acme_train.plugin\n",
    "acme_train/__init__.py": "",
    "acme_train/train.yaml": "seed: 5\nupdates: 10\nnet: {widths: [4, 8], blocks: [1, 1]}\nschedule: {rate: 1.0e-2, warmup: 2}\nlog: 1\nsave: 5\nvalidate: 5\n",
    "acme_train/plugin.py": """
from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import PriorSpec

@hookimpl
def mridiff_priors():
    yield PriorSpec(name="toy", summary="A toy", target="acme_train.train:Toy", axes=("y", "x"), training="acme_train.train:training")
    for name in ("fitted", "old", "odd"):
        yield PriorSpec(name=name, summary="A toy", target="acme_train.train:Toy", axes=("y", "x"), training=f"acme_train.train:{name}")
    yield PriorSpec(name="fixed", summary="Not trained", target="acme_train.train:Toy", axes=("y", "x"))
""",
    "acme_train/train.py": """
from dataclasses import asdict, dataclass
from typing import Annotated
import torch
from annotated_types import Ge
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.training import Batch, Stage, Training
from mridiff_sdk.training.objectives import DenoisingObjective

@dataclass
class Net:
    widths: list[int]
    blocks: list[int]

class Blobs:
    def __init__(self, data):
        self.data = data

    def batch(self, step, samples):
        if step == 7 and (self.data / "no-power").exists():
            raise RuntimeError("the power went")
        value = torch.tensor([complex((step * 7 + i * 3) % 5 - 2, i % 3 - 1) / 2 for i in samples])
        louder = 2 if (self.data / "louder").exists() else 1
        return Batch(truth={"x": louder * value[:, None, None].expand(-1, 8, 8).to(torch.complex64).contiguous()})

def training(run, *, updates: Annotated[int, Ge(1)], net: Net):
    return Training(model=Preconditioned(asdict(net), 0.5, (0.01, 10.0)), objective=DenoisingObjective(0.5),
                    stages=[Stage(Blobs(run.folder()), updates, 4)], validation=lambda: lambda m: {"quality": 1.5},
                    licence="CC0-1.0", data="Blobs of one value.")

def fitted(run):
    return Training(model=torch.nn.Linear(1, 1), licence="CC0-1.0", data="None.")

def old(run, *, seed: int = 0):
    return None

def odd(run):
    return "a trainer"
""",
}


@pytest.fixture
def train(tmp_path, monkeypatch):
    """A function that runs the command in the presence of the package."""
    for name, text in FILES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "data").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("MRIDIFF_DATA", str(tmp_path / "data"))
    threads = torch.get_num_threads()
    yield lambda *args: CliRunner().invoke(application(), ["train", *map(str, args)])
    torch.set_num_threads(threads)
    for name in [n for n in sys.modules if n.partition(".")[0] == "acme_train"]:
        del sys.modules[name]


def losses(folder):
    return [row["loss"] for row in read_log(folder) if "loss" in row]


def test_weights_and_card_tell_where_they_come_from(train, tmp_path):
    result = train("toy", "-o", tmp_path / "a", "--threads", 1)
    assert result.exit_code == 0, result.output
    tensors, header = read_weights(tmp_path / "a" / "weights.safetensors")
    assert header["command"] == "mridiff train acme/toy --config train.yaml --data FOLDER -o DIR --threads 1"
    assert (header["seed"], header["updates"], header["licence"], header["component"]) == ("5", "10", "CC0-1.0", "acme/toy")
    assert float(header["hours"]) >= 0 and json.loads(header["config"])["updates"] == 10 and "started_from" not in header
    assert Preconditioned.load(tmp_path / "a" / "weights.safetensors").architecture["net"] == {"widths": [4, 8], "blocks": [1, 1]}
    assert tensors and (tmp_path / "a" / "curve.png").read_bytes().startswith(b"\x89PNG")
    card = (tmp_path / "a" / "card.md").read_text()
    for part in (
        "# toy",
        "CC0-1.0",
        "Blobs of one value.",
        "mridiff train acme/toy",
        "| quality | 1.5 (5) | 1.5 (10) |",
        "curve.png",
        '"updates": 10',
    ):
        assert part in card
    assert hashlib.sha256((tmp_path / "a" / "weights.safetensors").read_bytes()).hexdigest() in card


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(train, tmp_path):
    assert train("toy", "-o", tmp_path / "whole").exit_code == 0
    (tmp_path / "data" / "no-power").touch()
    stopped = train("toy", "-o", tmp_path / "cut")
    assert stopped.exit_code != 0 and "the power went" in stopped.output
    assert len(losses(tmp_path / "cut")) == 7
    (tmp_path / "data" / "no-power").unlink()
    assert train("toy", "-o", tmp_path / "cut").exit_code == 0
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    whole, cut = (read_weights(tmp_path / f / "weights.safetensors")[0] for f in ("whole", "cut"))
    assert all(torch.equal(whole[k], cut[k]) for k in whole)


def test_other_weights_are_a_start_that_is_remembered(train, tmp_path):
    assert train("toy", "-o", tmp_path / "a").exit_code == 0
    assert train("toy", "-o", tmp_path / "b", "--weights", tmp_path / "a" / "weights.safetensors").exit_code == 0
    header = read_weights(tmp_path / "b" / "weights.safetensors")[1]
    assert header["started_from"] in (tmp_path / "a" / "card.md").read_text() and "--weights weights.safetensors" in header["command"]


def test_a_folder_goes_on_with_its_own_training_alone_and_says_so(train, tmp_path):
    """Another seed, other data and a shorter training are refused; the log and the weights of the first stay as they are."""
    assert train("toy", "-o", tmp_path / "a").exit_code == 0
    kept = {f: f.read_bytes() for f in (tmp_path / "a").rglob("*") if f.is_file()}
    other, shorter = tmp_path / "other.yaml", tmp_path / "shorter.yaml"
    own = FILES["acme_train/train.yaml"]
    other.write_text(own.replace("seed: 5", "seed: 6"))
    shorter.write_text(own.replace("updates: 10", "updates: 9"))
    (tmp_path / "data" / "louder").touch()
    for config, text in (
        (other, "seed: 5, now 6"),
        (other, "data: the first samples are others"),
        (shorter, "updates: [[10, 4]], now [[9, 4]]"),
    ):
        result = train("toy", "-o", tmp_path / "a", "--config", config)
        assert result.exit_code == 2 and "holds another training" in result.output and text in result.output
    assert {f: f.read_bytes() for f in (tmp_path / "a").rglob("*") if f.is_file()} == kept
    (tmp_path / "data" / "louder").unlink()
    result = train("toy", "-o", tmp_path / "a")
    assert result.exit_code == 0 and "goes on after update 10 of 10" in result.output


def test_two_trainings_do_not_share_a_folder(train, tmp_path):
    (tmp_path / "a").mkdir()
    handle = lock(tmp_path / "a")
    result = train("toy", "-o", tmp_path / "a")
    assert result.exit_code == 2 and "another training is under way" in result.output and not list((tmp_path / "a").iterdir())
    os.close(handle)
    assert train("toy", "-o", tmp_path / "a").exit_code == 0 == train("toy", "-o", tmp_path / "a").exit_code


def test_a_damaged_checkpoint_is_told(train, tmp_path):
    assert train("toy", "-o", tmp_path / "a").exit_code == 0
    path = tmp_path / "a" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    result = train("toy", "-o", tmp_path / "a")
    assert result.exit_code == 2 and str(path) in result.output.replace("\n", "") and "remove it to begin anew" in result.output


def test_a_model_fitted_in_closed_form_ends_with_weights_and_card_and_starts_from_none(train, tmp_path):
    config = tmp_path / "none.yaml"
    config.write_text("seed: 2")
    assert train("fitted", "-o", tmp_path / "a", "--config", config).exit_code == 0
    header = read_weights(tmp_path / "a" / "weights.safetensors")[1]
    assert (header["updates"], header["seed"]) == ("0", "2") and (tmp_path / "a" / "card.md").is_file()
    result = train("fitted", "-o", tmp_path / "b", "--config", config, "--weights", tmp_path / "a" / "weights.safetensors")
    assert result.exit_code == 2 and "--weights: this model is fitted in closed form" in result.output


def test_functions_that_are_no_trainings_of_today_are_told(train, tmp_path):
    config = tmp_path / "none.yaml"
    config.write_text("seed: 2")
    for name, text in (
        ("old", "acme_train.train:old takes seed: every training has such a setting"),
        ("odd", "acme/odd: the training returned a str"),
    ):
        result = train(name, "-o", tmp_path / name, "--config", config)
        assert result.exit_code == 3 and text in result.output


def test_all_faults_of_a_configuration_at_once_with_their_places(train, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("seed: 5\nupdates: 0\nnet: {widths: [4], bloks: [1]}\nschedule:\n  rate: 1.0e-2\n  warmupp: 2\nseeed: 1\n")
    result = train("toy", "-o", tmp_path / "a", "--config", config)
    assert result.exit_code == 2 and not (tmp_path / "a").exists()
    lines = result.output.splitlines()
    wanted = {"mine.yaml:2:10: updates: ": "greater than or equal to 1", "mine.yaml:3:27: net.bloks: ": "no such option",
              "mine.yaml:6:12: schedule.warmupp: ": "no such option", "mine.yaml:7:8: seeed: ": "did you mean 'seed'?"}  # fmt: skip
    for place, text in wanted.items():
        assert any(place in line and text in line for line in lines), (place, result.output)


@pytest.mark.parametrize(("arguments", "code", "text"), [
    (("fixed",), 2, "'fixed' is no prior or sampler that declares a training"),
    (("toy", "--weights", "nothing.safetensors"), 2, "--weights: nothing.safetensors is not a file"),
    (("toy", "--config", "nothing.yaml"), 2, "nothing.yaml: the file cannot be read"),
])  # fmt: skip
def test_what_is_not_there_is_named(train, tmp_path, arguments, code, text):
    result = train(*arguments, "-o", tmp_path / "a")
    assert result.exit_code == code and text in result.output


@pytest.mark.parametrize("device", ["gpu", "", "meta", "cuda:99"])
def test_a_device_that_cannot_compute_is_refused_before_anything_is_made(train, tmp_path, device):
    result = train("toy", "-o", tmp_path / "a", "--device", device)
    assert result.exit_code == 2 and "cannot be used" in result.output and not (tmp_path / "a").exists()


def test_a_training_that_needs_data_says_so(train, tmp_path, monkeypatch):
    monkeypatch.delenv("MRIDIFF_DATA")
    result = train("toy", "-o", tmp_path / "a")
    assert result.exit_code == 2 and "--data: give the folder" in result.output


@pytest.mark.unsalted  # the other processes draw without salt
def test_two_processes_are_one_training(train, tmp_path):
    assert train("toy", "-o", tmp_path / "one").exit_code == 0
    result = train("toy", "-o", tmp_path / "two", "--processes", 2, "--threads", 1)
    assert result.exit_code == 0, result.output
    torch.testing.assert_close(torch.tensor(losses(tmp_path / "two")), torch.tensor(losses(tmp_path / "one")), atol=1e-5, rtol=1e-4)
    assert "--processes 2" in read_weights(tmp_path / "two" / "weights.safetensors")[1]["command"]


def test_a_process_that_fails_ends_the_training_with_its_reason(train, tmp_path, monkeypatch):
    def start(work, processes):
        assert processes == 3 and work.name == "acme/toy"
        raise ProcessRaisedException("Traceback\nRuntimeError: the power went", 0, 1)

    monkeypatch.setattr(parallel, "start", start)
    result = train("toy", "-o", tmp_path / "three", "--processes", 3)
    assert result.exit_code == 2 and "training failed: RuntimeError: the power went" in result.output
    monkeypatch.setenv("WORLD_SIZE", "2")
    result = train("toy", "-o", tmp_path / "three", "--processes", 3)
    assert result.exit_code == 2 and "--processes: the processes were started already" in result.output

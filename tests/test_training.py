"""Every training that is declared keeps what docs/training.md promises, and the package's own configurations fit it.

A package's tests hold `tiny.yaml`, in the place that `train.yaml` has in the package: a training of two updates.
"""

import inspect
import json
from pathlib import Path
from typing import get_args

import h5py
import nibabel as nib
import numpy as np
import pytest
import torch

from mridiff import Registry
from mridiff.errors import ConfigError
from mridiff_sdk.commands.train import configuration, trainable
from mridiff_sdk.io import read_weights
from mridiff_sdk.training import Job, Trainer, read_configuration, read_log
from mridiff_sdk.training_data import SOURCES, load_volume, pool

REGISTRY = Registry.discover()
ENTRIES = [e for kind in ("prior", "sampler") for e in REGISTRY.entries(kind) if e.spec.training]
SETTINGS = "log: 1\nsave: 1\nschedule: {rate: 1.0e-2, warmup: 0, decay: 0.0}\n"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.qualified)
def test_the_configurations_of_a_package_fit_its_training(entry):
    training = entry.function("training")
    assert next(iter(inspect.signature(training).parameters)) == "run"
    own = configuration(entry, None)
    assert own.name == "train.yaml"
    for path in [own, *own.parent.glob("train-*.yaml")]:
        arguments, settings, plain = read_configuration(path, training)
        assert plain and plain.keys() <= arguments.keys() | vars(settings).keys()


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A folder with a drawn head where trainings look for one, maps of its tissues, and the held-out slices that they measure themselves on."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    at = np.linspace(-1, 1, 40)
    radius = np.sqrt(sum(a**2 for a in np.meshgrid(at, at, at, indexing="ij")))
    path = folder / SOURCES[0].path
    path.parent.mkdir(parents=True)
    head = (radius < 0.8) * (1 + 0.3 * rng.standard_normal(radius.shape)) + (radius < 0.3)
    nib.save(nib.Nifti1Image(head.astype(np.float32), np.diag([4.0, 4.0, 4.0, 1.0])), path)
    (folder / "siat_t2_complex").mkdir()
    y, x = np.meshgrid(np.linspace(-1, 1, 160), np.linspace(-1, 1, 160), indexing="ij")
    slices = np.stack([np.hypot(x, y * (1 + i / 300)) < 0.6 + 0.2 * np.cos(i) for i in range(300)])
    with h5py.File(folder / "siat_t2_complex" / "siat_t2.h5", "w") as f:
        f["image_int16"] = (np.stack([slices, 0.3 * slices], -1) * 1000).astype(np.int16)
    (folder / "ms_t1_t2_flair").mkdir()
    disc = np.hypot(*np.meshgrid(np.linspace(-1, 1, 208), np.linspace(-1, 1, 208)))
    for i, contrast in enumerate(("t1", "t2", "flair")):
        with h5py.File(folder / "ms_t1_t2_flair" / f"{contrast}_raw.h5", "w") as f:
            f["patient12_study1"] = np.stack([(disc < 0.8 - 0.02 * z) * (900 - 300 * (disc < 0.2 + 0.1 * i)) for z in range(10)]).astype(
                np.uint16
            )
            f["patient12_study1"].attrs["affine_xyz"] = np.eye(4)
    (folder / "brain_label_maps").mkdir()
    with h5py.File(folder / "brain_label_maps" / "labels.h5", "w") as f:
        f["labels"] = np.array([0, 2, 3, 24], np.int32)
        for number in range(1, 17):
            f[f"head{number:02}"] = np.digitize(1 - radius, [0.2, 0.4, 0.6]).astype(np.uint8)
            f[f"head{number:02}"].attrs["affine"] = np.diag([4.0, 4.0, 4.0, 1.0])
    return folder


def tiny(entry):
    """The tiny configuration of an entry's training."""
    own = configuration(entry, None)
    package = next(p for p in own.parents if p.name == "src").parent
    found = package / "tests" / Path(*own.parent.relative_to(package / "src").parts[1:]) / "tiny.yaml"
    assert found.is_file(), f"a training needs a tiny one beside it: {found}"
    return found.read_text()


@pytest.fixture
def train(data, tmp_path, monkeypatch):
    """A function that carries out the tiny training of an entry, as `mridiff train` does; the pool of slices has one head."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(pool, "load_heads", lambda folder, _: [load_volume(folder, SOURCES[0])])

    def start(entry, out, weights=None, seed=0, validate=0):
        config = tmp_path / f"{out}.yaml"
        config.write_text(f"{tiny(entry)}{SETTINGS}seed: {seed}\nvalidate: {validate}\n")
        Job(entry.spec.kind, entry.qualified, config, data, tmp_path / out, tmp_path / "cache", weights)()
        return tmp_path / out

    yield start
    torch.set_num_threads(threads)


def tensors(folder):
    return read_weights(folder / "weights.safetensors")[0]


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.qualified)
def test_a_training_keeps_its_promises(entry, train, tmp_path, monkeypatch):
    whole = train(entry, "whole", validate=1)
    updates = described(whole, entry)
    used(entry, whole / "weights.safetensors")
    if not updates:  # fitted in closed form: the same again from the same seed, and nothing that could start from weights
        assert same(tensors(train(entry, "again")), tensors(whole))
        with pytest.raises(ConfigError, match="--weights"):
            train(entry, "from", whole / "weights.safetensors")
        return
    logged(whole)
    resumed(entry, train, whole, monkeypatch)
    with monkeypatch.context() as patch:  # no update: what was begun with comes out
        patch.setattr(Trainer, "run", lambda self, **_: self.model)
        begun = train(entry, "from", whole / "weights.safetensors", seed=1)
    assert same(tensors(begun), tensors(whole))
    header = read_weights(begun / "weights.safetensors")[1]
    assert header["started_from"] in (whole / "card.md").read_text() and "--weights weights.safetensors" in header["command"]


def described(folder, entry):
    """Header and card tell where the weights come from; returns the number of updates."""
    header = read_weights(folder / "weights.safetensors")[1]
    assert header["component"] == entry.qualified and header["seed"] == "0" and float(header["hours"]) >= 0
    assert header["command"].startswith(f"mridiff train {entry.qualified} --config whole.yaml --data FOLDER -o DIR")
    assert len(header["data"]) > 20 and header["licence"] and json.loads(header["config"])["log"] == 1
    card = (folder / "card.md").read_text()
    assert all(header[key] in card for key in ("data", "licence", "command", "config"))
    return int(header["updates"])


def used(entry, weights):
    """The component reads them: the option whose description speaks of such a file takes it."""
    made = entry.load()
    options = inspect.signature(made, eval_str=True).parameters
    takes = [name for name, p in options.items() if any(".safetensors" in str(text) for text in get_args(p.annotation)[1:])]
    made(**{takes[-1]: str(weights)})


def logged(folder):
    """Losses, figures of validation in log, events and card, a curve, a checkpoint, and nothing half-written."""
    rows = read_log(folder)
    figures = {key for row in rows for key in row} - {"step", "rate", "seconds"}
    validation = {key for key in figures if not key.startswith("loss")}
    assert [row["step"] for row in rows if "loss" in row] == [1, 2] and validation
    card = (folder / "card.md").read_text()
    assert all(f"| {name} |" in card for name in validation) and "(1) |" in card and "(2) |" in card
    assert {f.name for f in folder.iterdir()} == {"card.md", "checkpoint.safetensors", "curve.png", "log.jsonl", "tensorboard",
                                                   "weights.safetensors"}  # fmt: skip


def resumed(entry, train, whole, monkeypatch):
    """A run whose power went in its second update goes on to the same losses and weights."""
    update = Trainer.update

    def cut(self):
        if self.step == 1:
            raise PowerCut
        return update(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "update", cut)
        with pytest.raises(PowerCut):
            train(entry, "cut")
    again = train(entry, "cut")
    losses = [[(row["step"], row["loss"]) for row in read_log(folder) if "loss" in row] for folder in (whole, again)]
    assert losses[0] == losses[1] and same(tensors(whole), tensors(again))


def test_a_method_is_trained_through_the_prior_that_it_uses():
    assert trainable("dps-mri", REGISTRY).qualified == "priors/denoiser"
    assert trainable("denoiser", REGISTRY) is trainable("priors/denoiser", REGISTRY)


def test_a_bare_name_is_a_file_here_or_one_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entry = trainable("denoiser", REGISTRY)
    own, missing, elsewhere = Path("train-grain.yaml"), Path("mine.yaml"), tmp_path / "sub" / "train-grain.yaml"
    assert configuration(entry, own) == entry.resource("train-grain.yaml")
    assert configuration(entry, missing) == missing and configuration(entry, elsewhere) == elsewhere
    own.write_text("seed: 0")
    assert configuration(entry, own) == own
    assert configuration(trainable("latent-diffusion", REGISTRY), Path("train-unet.yaml")).parent.name == "latent"

"""Every training that is declared can be started: its function is there, and the package's own configuration fits it."""

import inspect
from pathlib import Path

import pytest

from mridiff.plugins.registry import Registry
from mridiff_sdk.commands.train import configuration, trainable
from mridiff_sdk.training.configuration import read_configuration

REGISTRY = Registry.discover()
ENTRIES = [e for kind in ("prior", "sampler") for e in REGISTRY.entries(kind) if e.spec.training]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.qualified)
def test_the_configurations_of_a_package_fit_its_training(entry):
    training = entry.training()
    assert next(iter(inspect.signature(training).parameters)) == "run"
    own = configuration(entry, None)
    assert own.name == "train.yaml"
    for path in [own, *own.parent.glob("train-*.yaml")]:
        arguments, plain = read_configuration(path, training)
        assert plain and plain.keys() <= arguments.keys()


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

"""Every training that is declared can be started: its function is there, and the package's own configuration fits it."""

import inspect

import pytest

from mridiff.plugins.registry import Registry
from mridiff_sdk.commands.train import trainable
from mridiff_sdk.training.configuration import read_configuration

REGISTRY = Registry.discover()
ENTRIES = [e for kind in ("prior", "sampler") for e in REGISTRY.entries(kind) if e.spec.training]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.qualified)
def test_the_configurations_of_a_package_fit_its_training(entry):
    training = entry.training()
    assert next(iter(inspect.signature(training).parameters)) == "run"
    for path in [entry.resource("train.yaml"), *entry.resource("train.yaml").parent.glob("train-*.yaml")]:
        arguments, plain = read_configuration(path, training)
        assert plain and plain.keys() <= arguments.keys()


def test_a_method_is_trained_through_the_prior_that_it_uses():
    assert trainable("dps-mri", REGISTRY).qualified == "priors/denoiser"
    assert trainable("denoiser", REGISTRY) is trainable("priors/denoiser", REGISTRY)

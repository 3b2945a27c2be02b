"""A tiny generator that answers something, and a measured object."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from mridiff.interfaces import Gaussian, Measured, Problem, Space
from mridiff_diffgan.network import Generator
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import smooth


def small_generator(**options: object) -> Generator:
    """A network of a few thousand parameters whose last layer is not zero, so that something comes out."""
    with seeded_layers(0):
        net = Generator(**{"widths": (8, 16), "features": 8, "latent": 6, "window": 4, **options})  # type: ignore[arg-type]
        nn.init.normal_(net.tail.weight, std=0.1)
    return net.eval().requires_grad_(False)


@pytest.fixture
def generator() -> Callable[..., Generator]:
    return small_generator


@pytest.fixture
def problem() -> Problem:
    """Two objects of 40 x 32 pixels, each seen through a mask of its own, without noise."""
    x = smooth(Space(("y", "x"), (40, 32)), 2)
    A = FourierOperator(torch.stack([mask("random", (40, 32), 4, 0.12, seed) for seed in range(2)]).float())
    return Problem.of(A, Measured(A(x), Gaussian(0.0)))

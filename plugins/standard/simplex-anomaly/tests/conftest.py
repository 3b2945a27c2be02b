"""A network that answers something, and a slice with a lesion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mridiff.interfaces import Gaussian, Measured, Problem
from mridiff_sdk.seeds import seeded_layers
from mridiff_simplex_anomaly.dataset import DrawnLesions
from mridiff_simplex_anomaly.net import EpsilonNet
from mridiff_simplex_anomaly.operator import WholeImage
from mridiff_simplex_anomaly.prior import P99


def small_net(noise: str = "simplex", furthest: float = 0.5) -> EpsilonNet:
    """A network of a few thousand parameters whose last layer is not zero."""
    with seeded_layers(0):
        net = EpsilonNet({"widths": [8, 8], "blocks": [1, 1], "features": 8}, noise, furthest)
        nn.init.normal_(net.net.tail.weight, std=0.1)
    return net.eval().requires_grad_(False)


def problem_of(x: Tensor) -> Problem:
    """The problem of images (sample, y, x), in units of the prior."""
    return Problem.of(WholeImage((x.shape[1], x.shape[2])), Measured(x, Gaussian()))


@pytest.fixture
def net() -> Callable[..., EpsilonNet]:
    return small_net


@pytest.fixture(scope="session")
def ill() -> tuple[Tensor, Tensor, Tensor]:
    """A slice with a lesion, (1, y, x) in units of the prior, the lesion and the brain."""
    scan = DrawnLesions(count=1)[0]
    assert isinstance(scan.measured.y, torch.Tensor)
    return P99 * scan.measured.y, scan.truth["lesion"].data, scan.truth["head"].data


@pytest.fixture
def problem() -> Callable[[Tensor], Problem]:
    return problem_of

"""Small networks with random weights, and heads of ellipses seen by coils."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Space
from mridiff_amk_cdiffnet.net import AMKNet
from mridiff_amk_cdiffnet.prior import AMKRestorer
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import smooth

N = 32


def drawn(widths: tuple[int, ...] = (8, 12), **given: object) -> AMKNet:
    """A small network whose last layers are not zero, with a falling profile."""
    with seeded_layers(0):
        net = AMKNet(widths=widths, features=8, grid=N, radii=N // 2, **given)  # type: ignore[arg-type]
        torch.nn.init.normal_(net.tail.weight, std=0.1)
        for name, p in net.named_parameters():
            if "gate.2" in name or "choose" in name:
                torch.nn.init.normal_(p, std=0.5)
    net.set_profile(8 / (1 + torch.arange(N / 2)) ** 1.5)
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AMKRestorer]:
    path = Path(tmp_path_factory.mktemp("weights")) / "small.safetensors"
    drawn().save(path)
    return lambda **given: AMKRestorer(str(path), **given)


@pytest.fixture(scope="session")
def net() -> Callable[..., AMKNet]:
    return drawn


@pytest.fixture(scope="session")
def measure() -> Callable[..., tuple[Tensor, Problem]]:
    def measured(coils: int = 3, acceleration: float = 4, pattern: str = "random", dtype: torch.dtype = torch.complex64,
                 shape: tuple[int, int] = (N, N)) -> tuple[Tensor, Problem]:  # fmt: skip
        x = smooth(Space(("y", "x"), shape), 1).to(dtype)
        maps = simulate_maps(coils, shape, 1, dtype)[None]
        m = mask(pattern, shape, acceleration, 0.1, 0)[None].to(x.real.dtype)
        A = CoilFourierOperator(maps, m)
        y = A(maps * x[:, None])
        scale = float(A.H(y).abs().max())
        return maps * x[:, None] / scale, Problem.of(A, Measured(y, Gaussian(0.0), {"mask": Field(m, ("ky", "kx"))}), scale)

    return measured

"""Cases for the samplers that need a convolution, coil images or a series; the others get the automatic ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor

from mridiff.interfaces import (
    Composition,
    Gaussian,
    LinearOperator,
    Measured,
    Nuisance,
    ParametricOperator,
    Problem,
    Sampler,
    Space,
    Streams,
)
from mridiff.spec import Spec
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.operators import Coils, Fourier, Mask
from mridiff_sdk.physics import convolve, dipole_kernel, truncated_inverse
from mridiff_sdk.testing import Case, SamplerCase, smooth

from .grappa import GRAPPA
from .l_plus_s import LPlusS
from .sake import SAKE
from .tkd import TKD
from .variable_projection import VariableProjection

SHAPE = (6, 8, 7)


class Periodic(LinearOperator):
    """The field of a susceptibility in a periodic box."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.domain = self.codomain = Space(("z", "y", "x"), SHAPE, complex=False)
        D = dipole_kernel(SHAPE, (1, 1, 1), torch.tensor([[1.0, 0.0, 0.0]]))
        self.register_buffer("kernel", D[..., : SHAPE[-1] // 2 + 1].float())

    def forward(self, x: Tensor) -> Tensor:
        """D * x."""
        return convolve(x, self.kernel, SHAPE)

    def adjoint(self, y: Tensor) -> Tensor:
        """D * y."""
        return convolve(y, self.kernel, SHAPE)

    def truncated(self, y: Tensor, threshold: float) -> Tensor:
        """y by D, or by the threshold where D is less."""
        return convolve(y, truncated_inverse(self.kernel, threshold), SHAPE)


class Gains(ParametricOperator):
    """Images of three coils whose gains are unknown: y_c = (1 + g_c) S_c x, g_0 = 0."""

    maps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("maps", simulate_maps(3, (8, 9), 0)[None])
        seen = Coils(self.maps)
        self.domain, self.codomain = seen.domain, seen.codomain
        self.nuisance = {
            "gain": Nuisance(Space(("coil",), (3,), complex=False, kind="gain"), torch.zeros(1, 3), "", 0.1, lambda g: g - g[:, :1])
        }

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator with the gains phi["gain"], real (1 or sample, coil)."""
        return Coils(self.maps * (1 + phi["gain"])[:, :, None, None])


def cases(spec: Spec) -> Iterable[Case]:
    """A field of random matter for `tkd`, coil images with calibration lines for `grappa` and `sake`, a series for `l-plus-s`; gains."""
    if spec.kind == "sampler" and spec.name in CASES:
        build, make, shortest = CASES[spec.name]
        yield SamplerCase(id="small", offers=spec.offers, build=build, problem=make(), shortest=shortest)


def field() -> Problem:
    """The noisy field of random matter."""
    A = Periodic()
    y = Gaussian(0.01).draw(A(Streams.of(0, "x").normal(SHAPE, torch.float32)), Streams.of(1, "n"))
    return Problem.of(A, Measured(y, Gaussian(0.01)))


class Sampled(Composition):
    """Samples of k-space of every coil or frame."""

    def __init__(self, domain: Space, mask: Tensor, axes: tuple[str, ...]) -> None:
        F = Fourier(domain, ("y", "x"))
        super().__init__(Mask(F.codomain, mask, axes), F)
        self.mask = mask


def sampled(A: LinearOperator, maps: Tensor | float = 1.0) -> Problem:
    """A smooth object as k-space with noise, where it was sampled."""
    y = A(maps * smooth(Space(A.domain.axes[-2:], A.domain.shape[-2:]), 1)[:, None].expand(1, *A.domain.shape))
    return Problem.of(A, Measured(torch.where(y == 0, y, Gaussian(0.01).draw(y, Streams.of(1, "n"))), Gaussian(0.01)))


def lines() -> Problem:
    """Three coils, every second line and eight in the middle."""
    mask = torch.zeros(1, 16, 12)
    mask[:, ::2], mask[:, 4:12] = 1, 1
    return sampled(Sampled(Space(("coil", "y", "x"), (3, 16, 12)), mask, ("ky", "kx")), simulate_maps(3, (16, 12), 0))


def series() -> Problem:
    """Four frames of one coil, a line of three in each, another one from frame to frame."""
    t, ky = torch.arange(4)[:, None, None], torch.arange(9)[:, None]
    return sampled(Sampled(Space(("t", "y", "x"), (4, 9, 8)), ((ky + t) % 3 == 0).float().expand(4, 9, 8)[None].clone(), ("t", "ky", "kx")))


def gains() -> Problem:
    """A smooth object and three gains."""
    A = Gains()
    y = A.at({"gain": torch.tensor([[0.0, 0.4, -0.3]])})(smooth(A.domain, 1))
    return Problem.of(A, Measured(Gaussian(0.01).draw(y, Streams.of(1, "n")), Gaussian(0.01)))


CASES: dict[str, tuple[Callable[..., Sampler], Callable[[], Problem], dict[str, int]]] = {
    "tkd": (TKD, field, {}),
    "grappa": (GRAPPA, lines, {}),
    "sake": (partial(SAKE, window=3), lines, {"iterations": 1}),
    "l-plus-s": (LPlusS, series, {"iterations": 1}),
    "variable-projection": (VariableProjection, gains, {"steps": 1}),
}
"""How a sampler is built, for what problem, and its least number of steps."""

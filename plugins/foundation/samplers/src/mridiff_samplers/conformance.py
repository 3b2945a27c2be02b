"""A case for the sampler that needs a convolution; the others get the automatic ones."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Problem, Space, Streams
from mridiff.spec import Spec
from mridiff_sdk.physics import convolve, dipole_kernel, truncated_inverse
from mridiff_sdk.testing import Case, SamplerCase

from .tkd import TKD

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


def cases(spec: Spec) -> Iterable[Case]:
    """A noisy field of random matter for `tkd`."""
    if spec.kind == "sampler" and spec.name == "tkd":
        A = Periodic()
        y = Gaussian(0.01).draw(A(Streams.of(0, "x").normal(SHAPE, torch.float32)), Streams.of(1, "n"))
        yield SamplerCase(id="periodic", offers=spec.offers, build=TKD, problem=Problem.of(A, Measured(y, Gaussian(0.01))))

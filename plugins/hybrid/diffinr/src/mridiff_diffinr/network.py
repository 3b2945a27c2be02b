"""The coordinate network: an image as a function of the place, its weights the unknowns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams

from .encoding import HashEncoding

__all__ = ["Architecture", "CoordinateNetwork"]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a coordinate network: of the hash encoding, and of the perceptrons that read it."""

    levels: int = 8
    features: int = 2
    table: int = 16384
    coarsest: int = 8
    width: int = 16
    hidden: int = 1


class CoordinateNetwork(nn.Module):
    """P(d): hash encoding of the place d, then a perceptron with ReLU for the real part and one for the imaginary part.

    Called without arguments it gives the whole image (1, *shape), in the number type of `like` (1, *shape); a real one has one perceptron.
    Source: Chu et al., 2025, section 3.3, with sizes of our own.
    """

    def __init__(self, like: Tensor, sizes: Architecture, rng: Streams) -> None:
        super().__init__()
        self.shape, self.complex, real = like.shape[1:], like.is_complex(), like.real
        self.encoding = HashEncoding(self.shape, sizes.levels, sizes.features, sizes.table, sizes.coarsest, real, rng)
        self.parts = 2 if self.complex else 1
        widths = [sizes.levels * sizes.features, *[sizes.width] * sizes.hidden, 1]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n, m in pairwise(widths):
            for drawn, shape, most in ((self.weights, (self.parts, m, n), sqrt(3 / n)), (self.biases, (self.parts, m, 1), sqrt(1 / n))):
                drawn.append((2 * rng.uniform(shape, real.dtype, real.device)[0] - 1) * most)

    def forward(self) -> Tensor:
        """The image (1, *shape)."""
        z = self.encoding().flatten(1).expand(self.parts, -1, -1)
        for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = torch.baddbmm(b, W, z.relu() if i else z)
        x = z.reshape(self.parts, 1, *self.shape)
        return torch.complex(x[0], x[1]) if self.complex else x[0]

    def fit(self, loss: Callable[[Tensor], Tensor], iterations: int, rate: float, enough: float = 0.0) -> None:
        """Lower `loss`, a number of the image (1, *shape), by so many steps of Adam on all weights, or until it is `enough`."""
        optimiser = torch.optim.Adam(self.parameters(), lr=rate, fused=True)
        for _ in range(iterations):
            with torch.enable_grad():
                left = loss(self())
            if float(left.detach()) <= enough:
                break
            optimiser.zero_grad()
            left.backward()
            optimiser.step()

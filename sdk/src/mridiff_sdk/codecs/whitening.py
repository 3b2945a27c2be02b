"""Zero mean and unit variance, per channel or per element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from torch import Tensor

from mridiff.interfaces import Codec, Field


class Whitening(Codec):
    """u = (x - mean) / std with buffers (1, ...) that broadcast over x: per channel (1, channel, 1, 1), per element, or one number.

    Affine: `consistency.spaces` takes care of the mean. Raises ValueError unless every std is positive.
    """

    kind = "linear"

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        if not bool((std > 0).all()):
            raise ValueError(f"Whitening needs positive standard deviations; the smallest is {float(std.min())}")
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    @classmethod
    def fit(cls, x: Tensor, dims: Sequence[int], floor: float = 1e-6) -> Self:
        """Mean and standard deviation of examples x (sample, ...) over `dims`, 0 among them; at least `floor` of the largest."""
        mean = x.mean(tuple(dims), keepdim=True)
        std = (x - mean).abs().square().mean(tuple(dims), keepdim=True).sqrt()
        return cls(mean, std.clamp_min(floor * float(std.max())))

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """(x - mean) / std."""
        return (x - self.mean) / self.std

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """mean + std u."""
        return self.mean + self.std * u

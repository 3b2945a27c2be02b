"""Streams: one random stream per (seed, scan, sample), so that a draw does not depend on batch size, order or parallelism."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def _generator(key: str) -> torch.Generator:
    digest = hashlib.sha256(key.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


class Streams:
    """Independent random streams, one per sample; every draw has shape (sample, *shape).

    Numbers are drawn on the CPU, so that a device changes nothing. `child(name)` gives streams that do not shift those of the
    parent, for work of unknown length (a fit inside a sampler, for example).
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        self._generators = [_generator(key) for key in self.keys]

    @classmethod
    def of(cls, seed: int, scan: str = "", samples: int | Sequence[int] = 1) -> Streams:
        """Streams of the samples of one scan; `samples` is a number or the indices themselves."""
        indices = range(samples) if isinstance(samples, int) else samples
        return cls([f"{seed}/{scan}/{i}" for i in indices])

    def __len__(self) -> int:
        return len(self.keys)

    def child(self, name: str) -> Streams:
        """Streams that depend on these keys and on `name` alone, not on what was drawn before."""
        return Streams([f"{key}/{name}" for key in self.keys])

    def __getitem__(self, index: int | slice) -> Streams:
        """The streams of some samples, from their start."""
        return Streams(self.keys[index] if isinstance(index, slice) else (self.keys[index],))

    def normal(self, shape: Sequence[int], dtype: torch.dtype = torch.complex64, device: torch.device | str = "cpu") -> Tensor:
        """Standard normal numbers, E|n|^2 = 1 per (complex or real) number."""
        drawn = [torch.randn(1, *shape, generator=g, dtype=dtype) for g in self._generators]
        return (torch.cat(drawn) if len(drawn) > 1 else drawn[0]).to(device)

    def normal_like(self, x: Tensor) -> Tensor:
        """Standard normal numbers in the shape of `x` (sample, ...), whose sample axis must be 1 or that of the streams."""
        return self.normal(x.shape[1:], x.dtype, x.device)

    def uniform(self, shape: Sequence[int], dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> Tensor:
        """Uniform numbers in [0, 1)."""
        return torch.stack([torch.rand(tuple(shape), generator=g, dtype=dtype) for g in self._generators]).to(device)

    def permutation(self, n: int, device: torch.device | str = "cpu") -> Tensor:
        """A random order of n things per sample, (sample, n)."""
        return torch.stack([torch.randperm(n, generator=g) for g in self._generators]).to(device)

    def integers(self, low: int, high: int, shape: Sequence[int] = (), device: torch.device | str = "cpu") -> Tensor:
        """Integers in [low, high)."""
        return torch.stack([torch.randint(low, high, tuple(shape), generator=g) for g in self._generators]).to(device)

    def poisson(self, mean: Tensor) -> Tensor:
        """Poisson counts of the given mean, real (sample or 1, ...)."""
        rows = mean.expand(len(self), *mean.shape[1:]).cpu()
        return torch.stack([torch.poisson(row, generator=g) for row, g in zip(rows, self._generators, strict=True)]).to(mean.device)

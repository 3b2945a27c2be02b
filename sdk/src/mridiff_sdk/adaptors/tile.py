"""A prior of patches on a whole image or volume: overlapping tiles, blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Prior, Problem, Streams

from .streams import split


class Tile(Prior):
    """`prior` on patches of `size` per named axis, at most `stride` apart, as a weighted average where they overlap.

    The weights fall off linearly from the centre of a patch along each axis; places and weights are mirror-symmetric, so a mirrored
    image has a mirrored estimate if the prior does. Conditions that have a tiled axis of full size are cut alongside. `chunk` patches
    are a batch: small ones cost a network several times as much one by one.
    """

    def __init__(self, prior: Prior, size: Mapping[str, int], stride: Mapping[str, int], chunk: int = 8) -> None:
        super().__init__()
        axes = prior.space.axes
        if set(size) != set(stride) or not set(size) <= set(axes) or any(not 1 <= stride[a] <= size[a] for a in size):
            raise ValueError(f"Tile needs sizes and strides for axes among {axes}, 1 <= stride <= size; got {dict(size)}, {dict(stride)}")
        self.prior, self.size, self.stride, self.chunk = prior, dict(size), dict(stride), chunk
        self.space = replace(prior.space, sizes=tuple(None if a in size else n for a, n in zip(axes, prior.space.sizes, strict=True)))
        self.diffusion, self.scaling, self.codec = prior.diffusion, prior.scaling, prior.codec

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior, for the whole image."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, (sample, *space); raises DataError for an image smaller than a patch."""
        full = {a: x_t.shape[self.space.dim(a)] for a in self.size}
        small = {a: n for a, n in full.items() if n < self.size[a]}
        if small:
            raise DataError(f"the image has {small}, but a patch has {self.size}", hint="Pad the image, or use smaller patches.")
        weight = self._window(x_t)
        total, norm = torch.zeros_like(x_t), torch.zeros_like(x_t.real)
        places = list(product(*(starts(full[a], self.size[a], self.stride[a]) for a in self.size)))
        streams = None if rng is None else split(rng, len(places))
        times = torch.as_tensor(t)
        for first in range(0, len(places), self.chunk):
            now = range(first, min(first + self.chunk, len(places)))
            cuts = [{a: slice(p, p + self.size[a]) for a, p in zip(self.size, places[i], strict=True)} for i in now]
            windows = [tuple(cut.get(a, slice(None)) for a in ("sample", *self.space.axes)) for cut in cuts]
            fields = None if conditions is None else {k: _cut(f, cuts, full, len(x_t)) for k, f in conditions.items()}
            own = None if streams is None else Streams([key for i in now for key in streams.keys[i :: len(places)]])
            x0 = self.prior(torch.cat([x_t[w] for w in windows]), times.repeat(len(now)) if times.ndim else t, fields, own)
            for window, part in zip(windows, x0.chunk(len(now)), strict=True):
                total[window] += weight * part
                norm[window] += weight
        return total / norm

    def _window(self, like: Tensor) -> Tensor:
        weight = torch.ones((), dtype=like.real.dtype, device=like.device)
        for axis, n in self.size.items():
            ramp = torch.arange(1, n + 1, dtype=weight.dtype, device=like.device)
            ramp = torch.minimum(ramp, ramp.flip(0)) / ((n + 1) // 2)
            weight = weight * ramp.reshape(-1, *(1,) * (-1 - self.space.dim(axis)))
        return weight


def starts(n: int, size: int, stride: int) -> list[int]:
    """Where patches begin along an axis of n: from 0 to n - size, as few as `stride` allows, evenly, mirror-symmetric."""
    last = n - size
    count = -(-last // stride) + 1
    if count == 1:
        return [0]
    # To the nearest in the first half, and mirrored; where the middle falls between two places, both are taken.
    half = [(2 * i * last + count - 1) // (2 * (count - 1)) for i in range((count + 1) // 2)]
    return sorted({*half, *(last - p for p in half)})


def _cut(field: Field, cuts: Sequence[Mapping[str, slice]], full: Mapping[str, int], samples: int) -> Field:
    """The field once per patch, patches first, one row for each of their samples."""
    sized = {a: field.data.shape[1 + i] for i, a in enumerate(field.axes)}
    data = field.data.expand(samples, *field.data.shape[1:])
    windows = [tuple(cut[a] if a in cut and sized[a] == full[a] else slice(None) for a in field.axes) for cut in cuts]
    return Field(torch.cat([data[(slice(None), *window)] for window in windows]), field.axes, field.unit)

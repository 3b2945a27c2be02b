"""A prior of few axes on a space of many: the others become batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Field, Prior, Problem, Space, Streams

from .streams import split


class Fold(Prior):
    """`prior` on every slice of `space` along the axes named in `keep`, in the order of the prior's own axes (the default names).

    A plane prior on a volume: `Fold(prior, Space(("z", "y", "x")))`; on planes (t, y): `keep=("t", "y")`. Conditions that have folded
    axes are sliced alongside, others repeated. `chunk` limits how many slices the prior sees in one call. The codec of the prior is
    kept, so it must act on the kept axes alone, wherever they stand.
    """

    def __init__(self, prior: Prior, space: Space, keep: tuple[str, ...] | None = None, chunk: int | None = None) -> None:
        super().__init__()
        keep = keep or prior.space.axes
        if len(keep) != len(prior.space.axes) or not set(keep) <= set(space.axes) or space.complex != prior.space.complex:
            raise ValueError(f"cannot fold {space} for a prior of {prior.space}, keeping {keep}: name as many of the axes as the prior has")
        self.prior, self.space, self.keep, self.chunk = prior, space, keep, chunk
        self.folded = tuple(a for a in space.axes if a not in keep)
        self.diffusion, self.scaling, self.codec = prior.diffusion, prior.scaling, prior.codec

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior, for the whole space."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, (sample, *space)."""
        samples, sizes = len(x_t), tuple(x_t.shape[1 + self.space.axes.index(a)] for a in self.folded)
        items = torch.Size(sizes).numel()
        order = [0, *(1 + self.space.axes.index(a) for a in (*self.folded, *self.keep))]
        moved = x_t.permute(order)
        rows = moved.reshape(samples * items, *moved.shape[1 + len(sizes) :])
        times = torch.as_tensor(t)
        times = times.repeat_interleave(items) if times.ndim else times
        fields = {name: self._slice(f, sizes, samples) for name, f in conditions.items()} if conditions is not None else None
        x0 = self._chunks(rows, times, fields, None if rng is None else split(rng, items)).reshape(moved.shape)
        return x0.permute([order.index(i) for i in range(len(order))])

    def _slice(self, field: Field, sizes: tuple[int, ...], samples: int) -> Field:
        """The field with one row per (sample, slice) and the kept axes under the prior's names."""
        kept = iter(a for a in self.keep if a in field.axes)
        # Kept axes stand in the order of the prior's, in the places that kept axes have in the field.
        own = tuple(next(kept) if a in self.keep else a for a in field.axes if a not in self.folded)
        data = field.data.permute(0, *(1 + field.axes.index(a) for a in (*(f for f in self.folded if f in field.axes), *own)))
        for i, axis in enumerate(self.folded):
            if axis not in field.axes:
                data = data.unsqueeze(1 + i)
        data = data.expand(samples, *sizes, *data.shape[1 + len(sizes) :]).flatten(0, len(sizes))
        names = dict(zip(self.keep, self.prior.space.axes, strict=True))
        return Field(data, tuple(names.get(a, a) for a in own), field.unit)

    def _chunks(self, x: Tensor, t: Tensor, conditions: Mapping[str, Field] | None, rng: Streams | None) -> Tensor:
        size = self.chunk or len(x)
        parts = []
        for i in range(0, len(x), size):
            now = slice(i, i + size)
            fields = None if conditions is None else {k: Field(f.data[now], f.axes, f.unit) for k, f in conditions.items()}
            parts.append(self.prior(x[now], t[now] if t.ndim else t, fields, None if rng is None else rng[now]))
        return torch.cat(parts)

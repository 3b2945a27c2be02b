"""Priors with their defaults, on a smooth complex object of a size that suits most networks."""

from __future__ import annotations

from functools import cache, partial

import torch
from torch import Tensor

from mridiff.interfaces import Prior, Space
from mridiff.pipeline.plan import option_rows
from mridiff.plugins.entry import Entry
from mridiff.spec import PriorSpec, Trait

from ..cases import Case, PriorCase

SIZES = {"x": 32, "y": 32, "z": 8, "t": 8}


def prior_cases(entry: Entry, examples: int) -> list[Case]:  # noqa: ARG001 - one signature for all kinds
    """The prior of images with its defaults; none where an option is required, or where it reads conditions of its own kind."""
    spec = entry.spec
    assert isinstance(spec, PriorSpec)
    own = Trait.CONDITIONAL in spec.offers or Trait.RESTORER in spec.offers
    if own or not set(spec.axes) <= SIZES.keys() or any(row["default"] == "required" for row in option_rows(entry)):
        return []
    build = cache(partial(_build, entry))
    space = build().space
    if not set(space.axes) <= SIZES.keys():
        return []
    sizes = tuple(SIZES[a] if n is None else n for a, n in zip(space.axes, space.sizes, strict=True))
    return [PriorCase(id="x".join(map(str, sizes)), offers=spec.offers, build=build, x0=smooth(space.fixed(sizes), 2))]


def _build(entry: Entry) -> Prior:
    prior: Prior = entry.load()()
    return prior


def smooth(space: Space, samples: int) -> Tensor:
    """Soft-edged ellipsoids with a smooth phase, (samples, *space): magnitudes up to 1, each sample another."""
    made = []
    for i in range(samples):
        grids = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in space.shape), indexing="ij")
        radius = torch.stack([((g - 0.1 * i) / (0.75 - 0.1 * k)) ** 2 for k, g in enumerate(grids)]).sum(0).sqrt()
        inner = torch.stack([((g + 0.2) / 0.3) ** 2 for g in grids]).sum(0).sqrt()
        size = 0.7 * torch.sigmoid((1 - radius) * 20) + 0.3 * torch.sigmoid((1 - inner) * 20)
        made.append(torch.polar(size, 0.6 * grids[-1] + 0.4 * i) if space.complex else size)
    return torch.stack(made)

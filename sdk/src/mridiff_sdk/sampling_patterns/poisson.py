"""Variable-density Poisson disc sampling of a plane of phase encodings."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .centre import centre

SLOPE = 2.0  # the distance between samples is 1 + SLOPE times as large at the edge as at the centre
BLUR = 0.5  # relative scatter of the areas of the discs: equal ones on a grid lock into lattices, which alias coherently


def poisson_disc(shape: tuple[int, int], count: int, box: tuple[int, int], rng: torch.Generator) -> Tensor:
    """A mask (ky, kx) of exactly `count` samples: a full centre box and, outside it, samples that keep their distance.

    Samples are thrown in random order (Bridson, SIGGRAPH 2007, gives the idea; on a grid every place can be tried once). One that
    lands at k keeps others out of a disc of radius s (1 + 2 |k|), with |k| = 1 at the middle of an edge, its area scattered by
    half. The scale s is found by
    bisection as the largest that still gives `count` samples; the few too many are taken away at random, which breaks no distance.
    """
    ny, nx = shape
    ky = (torch.arange(ny, dtype=torch.float64) - ny // 2) / (ny / 2)
    kx = (torch.arange(nx, dtype=torch.float64) - nx // 2) / (nx / 2)
    squared = ((1 + SLOPE * torch.hypot(ky[:, None], kx)) ** 2).flatten()
    squared *= 1 + BLUR * (2 * torch.rand(ny * nx, generator=rng, dtype=torch.float64) - 1)
    taken = torch.zeros(shape, dtype=torch.bool)
    taken[centre(ny, box[0]), centre(nx, box[1])] = True
    order = torch.randperm(ny * nx, generator=rng)
    order = order[~taken.flatten()[order]]
    outer = count - box[0] * box[1]
    accepted, low, high = order.tolist(), 0.0, math.sqrt(2 * ny * nx / count)
    for _ in range(9):
        scale = (low + high) / 2
        trial = _throw(order.tolist(), (scale**2 * squared).ceil().long().tolist(), shape)
        if len(trial) >= outer:
            accepted, low = trial, scale
        else:
            high = scale
    # `accepted` is in the random order of the throw, so its head is a random part of it only if it is shuffled anew
    keep = torch.tensor(accepted, dtype=torch.long)[torch.randperm(len(accepted), generator=rng)[:outer]]
    taken.view(-1)[keep] = True
    return taken


def _throw(order: list[int], squared: list[int], shape: tuple[int, int]) -> list[int]:
    """The places of `order` that are accepted, if one at p blocks all q with |p - q|^2 < squared[p] (plain Python: 30 ms at 256 x 256)."""
    ny, nx = shape
    pad = math.isqrt(max(squared)) + 1
    width = nx + 2 * pad
    blocked = bytearray(width * (ny + 2 * pad))
    discs: dict[int, list[int]] = {}
    accepted = []
    for p in order:
        y, x = divmod(p, nx)
        at = (y + pad) * width + x + pad
        if blocked[at]:
            continue
        accepted.append(p)
        r2 = squared[p]
        if r2 not in discs:
            discs[r2] = _disc(r2, width)
        for offset in discs[r2]:
            blocked[at + offset] = 1
    return accepted


def _disc(r2: int, width: int) -> list[int]:
    """Offsets in a flat array of rows of `width` to all neighbours nearer than sqrt(r2)."""
    r = math.isqrt(r2)
    return [dy * width + dx for dy in range(-r, r + 1) for dx in range(-r, r + 1) if dy * dy + dx * dx < r2]

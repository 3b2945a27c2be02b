"""Nested sequences of masks, from full k-space down to a target mask, as one tensor of removal times.

`M_t = t < removed_at`: at t = 0 all is there, at t = 1 just the target. Whatever the times, the masks are nested, t is continuous
and every entry goes (or comes back) once. A degradation for cold diffusion (Shen et al., Scientific Reports 14, 2024).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from mridiff.errors import ConfigError, DataError, Mistake
from mridiff.interfaces import Streams

Unit = Literal["column", "row", "patch", "pixel"]
UnitChoice = Literal["auto", "column", "row", "patch", "pixel"]
Order = Literal["random", "centre_out", "edge_in"]


def unit_of(mask: Tensor, patch: int = 4) -> Unit:
    """The largest unit whose entries are all sampled or all not, in a mask (1 or sample, ky, kx): columns, rows, patches, else pixels."""
    if torch.equal(mask, mask[:, :1].expand_as(mask)):
        return "column"
    if torch.equal(mask, mask[..., :1].expand_as(mask)):
        return "row"
    corners = mask[:, ::patch, ::patch].repeat_interleave(patch, 1).repeat_interleave(patch, 2)
    return "patch" if torch.equal(mask, corners[:, : mask.shape[1], : mask.shape[2]]) else "pixel"


def removal_times(mask: Tensor, rng: Streams, *, unit: UnitChoice = "column", order: Order = "random", patch: int = 4,
                  weight: Tensor | None = None) -> Tensor:  # fmt: skip
    """When each entry of k-space is removed, (sample, ky, kx), float32: in (0, 1], and infinite where `mask` keeps it.

    `mask` is bool, (1 or sample, ky, kx); `rng` has one stream per sample, and each sample its own order. The unit i of the U that
    hold unsampled entries goes at (i + 1) / U, hence floor(t U) of them are gone at t. Orders are named by what a reverse process
    does: `centre_out` brings low frequencies back first (removes the edge first), `edge_in` high ones. Ties are broken at random.
    The unit "auto" is that of `unit_of`. `patch` is the side of a patch in samples. With a positive `weight`, real (ky, kx), a unit
    goes when the share of the weight of all unsampled entries that has gone by then reaches t, so that equal steps of t take equal
    shares of it. Raises ConfigError for unknown words, DataError for other shapes.
    """
    _check(mask, rng, unit, order, patch)
    ny, nx = mask.shape[-2:]
    unit = unit_of(mask, patch) if unit == "auto" else unit
    labels, distance = _units(ny, nx, unit, patch, mask.device)
    removed_at = torch.full((len(rng), ny, nx), math.inf, device=mask.device)
    shuffled = rng.permutation(len(distance), mask.device)
    for i in range(len(rng)):
        unsampled = ~mask[i if len(mask) > 1 else 0]
        units = shuffled[i]
        if order != "random":
            units = units[distance[units].argsort(stable=True, descending=order == "centre_out")]
        holds = torch.zeros(len(distance), dtype=torch.bool, device=mask.device)
        holds[labels[unsampled]] = True
        units = units[holds[units]]
        times = torch.full((len(distance),), math.inf, device=mask.device)
        times[units] = _shares(units, labels, unsampled, weight)
        removed_at[i] = torch.where(unsampled, times[labels], removed_at[i])
    return removed_at


def _shares(units: Tensor, labels: Tensor, unsampled: Tensor, weight: Tensor | None) -> Tensor:
    """For units in the order in which they go, the part that has gone with each: of their number, or of their weight; float32."""
    if weight is None or not len(units):
        return torch.arange(1, len(units) + 1, device=labels.device, dtype=torch.float32) / max(len(units), 1)
    each = torch.zeros(int(labels.max()) + 1, dtype=torch.float64, device=labels.device)
    each.index_add_(0, labels[unsampled], weight.to(torch.float64)[unsampled])
    gone = each[units].cumsum(0)
    return (gone / gone[-1]).float()


def mask_at(removed_at: Tensor, t: float | Tensor) -> Tensor:
    """The mask M_t, bool, in the shape of `removed_at` (sample, ky, kx); `t` in [0, 1], a number or one per sample.

    A time that is meant to be the fraction i / T must be made by this division (not by adding steps), so that it meets the removal
    times exactly.
    """
    if isinstance(t, Tensor) and t.ndim:
        t = t.reshape(-1, *(1,) * (removed_at.ndim - 1))
    return t < removed_at


def _units(ny: int, nx: int, unit: Unit, patch: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The unit of each entry, (ky, kx), and the distance of each unit's centre from the origin, as a part of the half widths."""
    height, width = {"column": (ny, 1), "row": (1, nx), "patch": (patch, patch), "pixel": (1, 1)}[unit]
    y, x = torch.arange(ny, device=device), torch.arange(nx, device=device)
    columns = -(-nx // width)
    labels = (y // height)[:, None] * columns + x // width
    dy, dx = (_centres(n, side, device) for n, side in ((ny, height), (nx, width)))
    return labels, torch.hypot(dy[:, None], dx).flatten()


def _centres(n: int, side: int, device: torch.device) -> Tensor:
    """The middles of the pieces of `side` samples of an axis, from the origin, as a part of the half width; the last may be shorter."""
    start = torch.arange(0, n, side, device=device, dtype=torch.float64)
    return ((start + (start + side).clamp(max=n) - 1) / 2 - n // 2) / (n / 2)


def _check(mask: Tensor, rng: Streams, unit: str, order: str, patch: int) -> None:
    mistakes = []
    if unit not in ("auto", "column", "row", "patch", "pixel"):
        mistakes.append(Mistake("unit", f"{unit!r} is not auto, column, row, patch or pixel"))
    if order not in ("random", "centre_out", "edge_in"):
        mistakes.append(Mistake("order", f"{order!r} is not random, centre_out or edge_in"))
    if patch < 1:
        mistakes.append(Mistake("patch", f"{patch} is not a positive number of samples"))
    if mistakes:
        raise ConfigError(mistakes)
    if mask.dtype != torch.bool or mask.ndim != 3 or mask.shape[0] not in (1, len(rng)):
        raise DataError(f"a target mask must be bool (1 or {len(rng)}, ky, kx), got {mask.dtype} of shape {tuple(mask.shape)}",
                        hint="Nested masks are those of one plane: give the frames of a series, or slices, one by one.")  # fmt: skip

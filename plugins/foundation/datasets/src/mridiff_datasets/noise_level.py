"""Noise level: the standard deviation of the noise of a measurement, estimated from that measurement alone.

Two estimates, each of which leftover signal can only raise, so the lower one holds:

- corner: the outermost samples of k-space, where images have least signal;
- quietest tiles: along every axis that is sampled without gaps the data are transformed to image space (a unitary step, so white
  noise keeps its level), cut into tiles, and the quietest twentieth of them lies where there is no object, as a rule.

The median of |n|^2 of complex normal noise is std^2 ln 2; medians make both robust against the signal that is left.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff_sdk.complex import order
from mridiff_sdk.fourier import ifft

from .support import full_axes

CORNER = 0.05
LEAST_SAMPLES = 32
TILES = 12
QUIET = 0.05
ROUNDING = 1e-6
"""Levels below this part of the largest magnitude of the image are rounding: such data are free of noise."""


def noise_level(y: Tensor, support: Tensor) -> float | None:
    """Standard deviation per complex sample of y (coil, *grid), zero off `support` (*grid), root mean square over coils.

    None where there are too few samples, or no noise at all.
    """
    if int(support.sum()) < LEAST_SAMPLES:
        return None
    unit = order(y)
    y = y / unit
    variance = min(_corner(y, support), _quietest_tiles(y.flatten(1, -2), support.flatten(0, -2)))
    peak = float(torch.linalg.vector_norm(ifft(y, range(-support.ndim, 0)), dim=0).max())
    level = math.sqrt(variance)
    return level * unit if level > ROUNDING * peak else None


def _variance(samples: Tensor) -> float:
    """Mean over coils of the robust variance of samples (coil, n)."""
    return float(samples.abs().square().median(1).values.mean()) / math.log(2)


def _corner(y: Tensor, support: Tensor) -> float:
    places = support.nonzero().double()
    low, high = places.min(0).values, places.max(0).values
    radius = ((places - (low + high) / 2) / ((high - low) / 2).clamp_min(1)).square().sum(1)
    count = max(LEAST_SAMPLES, round(CORNER * len(places)))
    return _variance(y[:, support][:, radius.argsort(descending=True)[:count]])


def _quietest_tiles(y: Tensor, support: Tensor) -> float:
    axes = full_axes(support)
    if not axes:
        return math.inf
    part = y[:, support.any(1)][:, :, support.any(0)]
    tiles = [ifft(part, axes)]
    for axis in axes:
        tiles = [piece for tile in tiles for piece in tile.tensor_split(min(TILES, tile.shape[axis]), axis)]
    levels = sorted(_variance(tile.flatten(1)) for tile in tiles)
    # The very quietest is passed over: a receiver's filter may roll off at the edge of the field of view.
    return levels[min(len(levels) - 1, max(1, round(QUIET * len(levels))))]

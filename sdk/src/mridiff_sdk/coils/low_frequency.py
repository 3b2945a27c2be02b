"""Coil maps as low-frequency coil images over their root-sum-of-squares: a few milliseconds, nearly as good as ESPIRiT."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..complex import order
from ..fourier import ifft


def taper(n: int, reach: float, like: Tensor) -> Tensor:
    """A Hann window over n samples about the origin n // 2, zero from `reach` samples on: real (n,), type and device of `like`."""
    q = torch.arange(n, dtype=like.dtype, device=like.device) - n // 2
    return torch.where(q.abs() < reach, torch.cos(math.pi * q / (2 * reach)).square(), 0)


def low_frequency_maps(kspace: Tensor, region: tuple[slice, ...]) -> Tensor:
    """Coil maps in the shape of `kspace`, (sample, coil, ..., ky, kx), with unit root-sum-of-squares over the coils.

    `region` are slices of the last axes where all is sampled, as `calibration_region` finds them; a Hann window over as much of it as is
    symmetric about the origin keeps ringing out and leaves the phase as it is. The maps carry the low-frequency phase of the object,
    so the combined image is nearly real (McKenzie et al., Magn. Reson. Med. 47, 2002). Where no coil has signal at all they are zero.
    """
    axes = tuple(range(-len(region), 0))
    low = torch.zeros_like(kspace)
    inside = (slice(None),) * (kspace.ndim - len(region)) + region
    low[inside] = kspace[inside] / order(kspace[inside])  # squares of data in small units would underflow
    for axis, part in zip(axes, region, strict=True):
        n = kspace.shape[axis]
        reach = min(n // 2 - part.start, part.stop - 1 - n // 2) + 1
        low *= taper(n, reach, low.real).reshape(-1, *(1,) * (-1 - axis))
    images = ifft(low, axes)
    # Twenty times as fast as torch.linalg.vector_norm over an axis that is not the last.
    rss = (images.real.square() + images.imag.square()).sum(1, keepdim=True).sqrt()
    return torch.where(rss > 0, images / rss.clamp(min=torch.finfo(rss.dtype).tiny), 0)

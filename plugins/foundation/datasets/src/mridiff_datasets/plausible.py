"""Plausible: whether k-space can be what it is taken for, judged by where its energy lies.

Images are smooth compared with their field of view, so k-space has its energy about its origin, along every axis of k-space and along
no other. What contradicts this is refused where the result would be none, and noted where it may be meant so.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff_sdk.fourier import fft, ifft

LEAST = 8
"""Axes with fewer samples are not judged."""

RATIO = 4.0
"""So many times the energy of the middle must lie at the edge before an axis is called not centred; noise has as much here as there."""

MANY = 32
MOST = 128
"""More coils than most arrays have, and more than any has."""


def contradictions(kspace: Tensor) -> list[str]:
    """Why k-space (coil, [kz,] ky, kx) cannot be used as it is, in sentences that say what to do; an empty list as a rule."""
    energy = kspace.abs().double().square()
    found = []
    coils = kspace.shape[0]
    if coils > MOST or _like_kspace(energy.flatten(1).sum(1)):
        why = "its energy lies about the middle of that axis as along an axis of k-space" if coils <= MOST else "no array has so many"
        found.append(f"kspace: the first of its axes {tuple(kspace.shape)} is taken for {coils} coils, but {why}; bring the axes to "
                     "(coil, y, x): numpy.moveaxis(kspace, -1, 0) where coils come last. Of a 3-D scan transform the slice axis and "
                     "store (slice, coil, y, x)")  # fmt: skip
        return found
    edges = [f"k{axis}" for axis in _edges(energy)]
    if edges:
        found.append(f"kspace: its energy lies at the edge along {' and '.join(edges)}, so the origin is not at the centre, index n // 2, "
                     "where it is expected; store numpy.fft.fftshift(numpy.fft.fft2(numpy.fft.ifftshift(image)))")  # fmt: skip
    return found


def doubts(kspace: Tensor) -> list[str]:
    """What is odd about k-space (coil, [kz,] ky, kx) and may be meant so, in sentences."""
    found = []
    if kspace.shape[0] > MANY:
        found.append(f"kspace is read as one slice of {kspace.shape[0]} coils; if these are slices, store (slice, 1, y, x)")
    if min(kspace.shape[1:]) < LEAST:
        return found
    axes = range(1, kspace.ndim)
    image = ifft(kspace, axes)
    seen, here = _inner(fft(kspace, axes)), _inner(kspace)
    if seen > 0.5 and seen > RATIO * here:
        found.append("kspace looks like an image: its transform has the energy about the origin; name an array of images `image`")
        return found
    edges = _edges(image.abs().double().square())
    if edges:
        found.append(f"the object lies at the edge of the image along {' and '.join(edges)}: the image seems to begin at its corner; "
                     "if so, store numpy.fft.fftshift(numpy.fft.fft2(numpy.fft.ifftshift(image)))")  # fmt: skip
    return found


def _edges(energy: Tensor) -> list[str]:
    """The spatial axes of (coil, [z,] y, x) along which energy lies at the edge."""
    spatial = ("z", "y", "x")[1 - energy.ndim :]
    return [name for axis, name in enumerate(spatial, 1) if _at_the_edge(energy.movedim(axis, 0).flatten(1).sum(1))]


def _at_the_edge(profile: Tensor) -> bool:
    """Whether a profile (n,) has far more about index 0, around the corner, than about n // 2."""
    n = len(profile)
    half = max(1, n // 8)
    turned = profile.roll(n // 2)  # index 0 comes to the middle
    edge, centre = (float(p[n // 2 - half : n // 2 + half + 1].sum()) for p in (turned, profile))
    return n >= LEAST and edge > RATIO * centre


def _like_kspace(profile: Tensor) -> bool:
    """Whether a profile (n,) has its peak at n // 2, decays steadily from there, and is the same on both sides, as that of k-space is."""
    n = len(profile)
    if n < LEAST or abs(int(profile.argmax()) - n // 2) > 1:
        return False
    centre, reach = n // 2, (n - 1) // 2
    quarter = float(profile[centre - n // 8 : centre + n // 8 + 1].sum() / profile.sum())
    sides = torch.stack([profile[centre - reach : centre].flip(0), profile[centre + 1 : centre + 1 + reach]]).clamp_min(1e-30).log()
    distance = torch.arange(1, reach + 1, dtype=profile.dtype).log()
    alike, decay = (float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in (sides.unbind(), (sides.mean(0), distance)))
    return quarter > 0.75 and alike > 0.8 and decay < -0.8


def _inner(values: Tensor) -> float:
    """Part of the energy (coil, [z,] y, x) in the inner quarter of all sides."""
    energy = values.abs().double().square()
    middle = energy[:, *(slice(n // 2 - n // 8, n // 2 + n // 8 + 1) for n in energy.shape[1:])]
    return float(middle.sum() / energy.sum().clamp_min(1e-300))

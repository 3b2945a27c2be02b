"""Alterations: scans as they are not in a training set - a lesion, coil maps of another position, a little motion.

Each takes a scan of one image by Cartesian samples whose truth "x" (y, x) is known, and gives another. A study has sets of such scans:
`Altered(node, scan=drawn_lesion)`. What the object does is seen by the coil maps of the scan: those of simulated coils, which come with it,
see it exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from mridiff.errors import DataError
from mridiff.interfaces import Field, Scan, Streams

from .fourier import fft
from .metrics import head_region
from .motion import Rigid, shots_of

__all__ = ["drawn_lesion", "little_motion", "shifted_maps"]

RADIUS = 1 / 32
"""Of a lesion, over the smaller side of the image."""
BRIGHTER = 0.5
"""How much brighter a lesion is than the tissue there, over the 95th percentile of the object."""
SHIFT = 1 / 16
"""How far coil maps lie from where they should, over the side of the image."""
DEGREES, DISTANCE, SHOTS = 2.0, 1 / 100, 3
"""A little motion: the angle, the way along both axes over the side of the image, and the part of the lines that is measured after it."""


def drawn_lesion(scan: Scan) -> Scan:
    """The scan of the same object with a bright disc, its edge a pixel wide; truth "lesion" (y, x) says where. The id decides.

    Raises DataError for a scan without such a truth, or whose object has no room for it.
    """
    x = _x(scan)
    size = (x.shape[-2], x.shape[-1])
    radius = max(1.5, RADIUS * min(size))
    head = head_region(x)
    room = _shrunk(head[0], 2 * radius).nonzero()
    if not len(room):
        raise DataError(f"{scan.id}: its object has no room for a lesion")
    i = int(Streams.of(0, scan.id).child("lesion").integers(0, len(room)))
    y, z = (torch.arange(n, dtype=x.real.dtype) - c for n, c in zip(size, room[i].tolist(), strict=True))
    inside = (radius + 0.5 - torch.hypot(y[:, None], z)).clamp(0, 1)[None]
    bright = BRIGHTER * float(x.abs()[head].quantile(0.95))
    d = bright * inside * torch.where(x == 0, 1, torch.sgn(x))
    where = Field(inside >= 0.5, ("y", "x"))
    y_new = _y(scan) + torch.where(_mask(scan), _seen(scan, d), 0)
    return _with(scan, y_new, {"x": replace(scan.truth["x"], data=x + d), "lesion": where})


def little_motion(scan: Scan) -> Scan:
    """The scan of an object that turns by 2 degrees, and shifts by 1 % of the field of view, before the last third of the lines.

    The coils stand still; the truth is the object as it lay before. Raises DataError for a scan without such a truth.
    """
    x = _x(scan)
    size = (x.shape[-2], x.shape[-1])
    pose = torch.tensor([[DEGREES, *(DISTANCE * n for n in size)]], dtype=x.real.dtype)
    after = shots_of(_mask(scan).to(x.real.dtype), SHOTS, "linear") == SHOTS - 1
    return _with(scan, _y(scan) + torch.where(after, _seen(scan, Rigid(pose, size)(x) - x), 0), {})


def shifted_maps(scan: Scan) -> Scan:
    """The scan with coil maps of another position, 1/16 of the field of view away along both axes; raises DataError where it has none."""
    (maps,) = scan.measured.require("sensitivity_maps")
    by = tuple(round(SHIFT * n) for n in maps.shape[-2:])
    known = scan.measured.acquisition
    wrong = replace(known["sensitivity_maps"], data=maps.roll(by, (-2, -1)))
    return replace(scan, measured=replace(scan.measured, acquisition={**known, "sensitivity_maps": wrong}))


def _x(scan: Scan) -> Tensor:
    """The truth (1, y, x); raises DataError where it is not one image."""
    if "x" not in scan.truth or scan.truth["x"].axes != ("y", "x"):
        raise DataError(f"{scan.id}: only a scan of one image whose truth is known can be altered", hint="Simulate it of an image.")
    return scan.truth["x"].data


def _y(scan: Scan) -> Tensor:
    if not isinstance(scan.measured.y, Tensor):
        raise DataError(f"{scan.id}: only samples of k-space can be altered")
    return scan.measured.y


def _mask(scan: Scan) -> Tensor:
    """What is measured (1, ky, kx), bool."""
    (mask,) = scan.measured.require("mask")
    return mask.bool()


def _seen(scan: Scan, x: Tensor) -> Tensor:
    """The whole k-space of an image (1, y, x), in the shape of y: (1, coil, ky, kx), or (1, ky, kx) where there are no maps."""
    maps = scan.measured.acquisition.get("sensitivity_maps")
    return fft(x if maps is None else maps.data * x[:, None])


def _with(scan: Scan, y: Tensor, truth: Mapping[str, Field]) -> Scan:
    return replace(scan, measured=replace(scan.measured, y=y), truth={**scan.truth, **truth})


def _shrunk(region: Tensor, pixels: float) -> Tensor:
    """A region (y, x), bool, less what is nearer than some pixels to its border."""
    n = round(pixels)
    outside = functional.pad((~region).to(torch.float32), (n, n, n, n), value=1.0)[None, None]
    return functional.max_pool2d(outside, 2 * n + 1, stride=1)[0, 0] == 0

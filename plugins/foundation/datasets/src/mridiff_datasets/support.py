"""Support: which samples of a k-space array were measured, and whether they are all that there are."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError

NEARLY_ALL = 0.99
"""A box of lines is taken as sampled where this part of its samples is not exactly zero; integer data hold chance zeros."""

COMPLETE = 0.6
"""The least part of the grid of a full acquisition: partial Fourier takes 5/8, an elliptical shutter pi/4."""


def sampled(kspace: Tensor) -> Tensor:
    """Where k-space (coil, ky, kx) was measured, bool (ky, kx): where any coil is not zero.

    Where the lines and columns that hold anything are (nearly) filled, all of them count, so that a chance zero is a sample.
    """
    points = (kspace != 0).any(0)
    box = points.any(1)[:, None] & points.any(0)
    return box if int(points.sum()) >= NEARLY_ALL * int(box.sum()) else points


def held(source: str, mask: Tensor, support: Tensor) -> Tensor:
    """The lines and columns of `support` (ky, kx) that hold anything, bool (ky, kx); raises DataError where `mask` keeps none of them.

    A mask may mark padding: columns that are zero in every coil were never measured, whatever it says. A single zero may be a sample.
    """
    box = support.any(1)[:, None] & support.any(0)
    if not bool((mask & box).any()):
        raise DataError(
            f"{source}: mask: it keeps only samples that are zero in every coil", hint="1 stands for measured, 0 for not measured."
        )
    return box


def complete(support: Tensor) -> bool:
    """Whether a support (ky, kx) is that of a full acquisition: no gap between samples along either axis, and most of the grid.

    Edges that were never taken (partial Fourier, zero padding, an elliptical shutter) leave no gap.
    """
    return not bool((_gaps(support, 0) | _gaps(support, 1)).any()) and float(support.float().mean()) >= COMPLETE


def plane(support: Tensor) -> Tensor:
    """The support (ky, kx) of a slice as it is, of a volume that of its lines, (kz, ky)."""
    return support if support.ndim == 2 else support.any(-1)


def _gaps(support: Tensor, axis: int) -> Tensor:
    before = support.cummax(axis).values
    after = support.flip(axis).cummax(axis).values.flip(axis)
    return before & after & ~support


def full_axes(support: Tensor) -> tuple[int, ...]:
    """The axes (-2: ky, -1: kx) along which a support that is a box of lines and columns has no gap; none if it is no box."""
    lines, columns = support.any(1), support.any(0)
    if not bool((support == lines[:, None] & columns).all()):
        return ()
    return tuple(axis for axis, taken in ((-2, lines), (-1, columns)) if not bool(_gaps(taken, 0).any()))

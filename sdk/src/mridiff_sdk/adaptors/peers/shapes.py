"""What the adaptors share: results brought back to a space."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Space


def returned(value: Tensor, space: Space, like: Tensor, who: str) -> Tensor:
    """What a foreign operator gave, as (sample, *space) in the precision and on the device of `like`; the real part for a real space.

    Raises DataError where the numbers are not as many as the space wants.
    """
    wanted = (len(like), *space.shape)
    if value.numel() != len(like) * _count(space):
        raise DataError(f"{who} returned {tuple(value.shape)}, which cannot be {wanted}, {space}",
                        hint="Check the spaces, and the shapes that the other operator works on.")  # fmt: skip
    real = value.real if value.is_complex() and not space.complex else value
    return real.reshape(wanted).to(device=like.device, dtype=space.dtype(like.real.dtype))


def _count(space: Space) -> int:
    count = 1
    for n in space.shape:
        count *= n
    return count

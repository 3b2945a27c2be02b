"""The one conversion between native complex tensors and the two real channels that networks see.

Noise levels: the `std` (or sigma) of a complex tensor is per complex sample, E|n|^2 = std^2. Its real and imaginary parts are
independent with std / sqrt(2) each, so a network that works on two channels with noise of its own `s` per channel stands at
std = sqrt(2) s. `channel_std` and `complex_std` say this in code.
"""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor

from mridiff.errors import DataError

__all__ = ["channel_std", "complex_std", "from_channels", "order", "to_channels"]

Level = TypeVar("Level", float, Tensor)


def to_channels(x: Tensor) -> Tensor:
    """Complex (sample, ..., y, x) to real (sample, 2, ..., y, x): real part, imaginary part. Raises DataError on real input."""
    if not x.is_complex() or x.ndim < 1:
        raise DataError(f"to_channels needs a complex tensor (sample, ...), got {x.dtype} of shape {tuple(x.shape)}")
    return torch.stack((x.real, x.imag), dim=1)


def from_channels(u: Tensor) -> Tensor:
    """Real (sample, 2, ..., y, x) to complex (sample, ..., y, x), the inverse of `to_channels`. Raises DataError on other shapes."""
    if u.is_complex() or u.ndim < 2 or u.shape[1] != 2:
        raise DataError(f"from_channels needs a real tensor (sample, 2, ...), got {u.dtype} of shape {tuple(u.shape)}")
    return torch.complex(u[:, 0], u[:, 1])


def channel_std(std: Level) -> Level:
    """The standard deviation of each of the two channels, from that per complex sample."""
    return std / math.sqrt(2)


def complex_std(std: Level) -> Level:
    """The standard deviation per complex sample, from that of each of the two channels."""
    return std * math.sqrt(2)


def order(x: Tensor) -> float:
    """The largest power of two that some real or imaginary part of x reaches, 1 for zero: x over it is of order one and keeps its digits.

    For what has to be squared: the squares of 1e20 are no numbers of single precision, those of 1e-25 are zero.
    """
    parts = torch.view_as_real(x.resolve_conj()) if x.is_complex() else x
    largest = float(parts.abs().max()) if x.numel() else 0.0
    return 2.0 ** (math.frexp(largest)[1] - 1) if 0 < largest < math.inf else 1.0

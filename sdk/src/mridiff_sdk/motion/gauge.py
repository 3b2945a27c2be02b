"""The gauge: an image and all its poses may be moved together and the data stay as they are, so only the rest of a motion is known."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def centred(motion: Tensor) -> Tensor:
    """The motion (sample, shot, 3) less its mean over shots; by this choice of gauge the image stands in the mean pose."""
    return motion - motion.mean(1, keepdim=True)


def without_gauge(motion: Tensor, reference: Tensor) -> Tensor:
    """The motion (sample, shot, 3) after the one rigid motion of the object that brings its mean to that of the reference.

    With T(angle, d) = rotate after translate, T(angle, d) T(turn, e) = T(angle + turn, R(-turn) d + e): angles gain a number, and
    translations are turned as a whole before they do.
    """
    turn = (reference[..., 0] - motion[..., 0]).mean(1, keepdim=True)
    c, s = torch.cos(turn * math.pi / 180), torch.sin(turn * math.pi / 180)
    dy, dx = motion[..., 1], motion[..., 2]
    turned = torch.stack([motion[..., 0] + turn, c * dy + s * dx, c * dx - s * dy], -1)
    return turned + (reference - turned).mean(1, keepdim=True)


def errors(motion: Tensor, reference: Tensor) -> dict[str, float]:
    """Mean absolute and root mean square error without the gauge, in degrees and in pixels, over all samples and shots."""
    off = without_gauge(motion, reference.to(motion.dtype)) - reference
    angle, shift = off[..., 0], off[..., 1:]
    return {"mae_degrees": float(angle.abs().mean()), "mae_pixels": float(shift.abs().mean()),
            "rmse_degrees": float(angle.square().mean().sqrt()), "rmse_pixels": float(shift.square().mean().sqrt())}  # fmt: skip

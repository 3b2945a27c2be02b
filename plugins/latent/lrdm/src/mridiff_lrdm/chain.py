"""The chain of the code: a handful of levels, and the mean of every reverse step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Streams
from mridiff_sdk.diffusions import Chain, ddpm, residual, step


def ladder(levels: int) -> Chain:
    """The diffusion of `levels` steps whose rates run from 0.1 to 0.99, evenly in their root.

    Four: 0.100, 0.294, 0.591, 0.990, so that 0.0026 of the code's power is left at the end.
    """
    return Chain(torch.linspace(math.sqrt(0.1), math.sqrt(0.99), levels, dtype=torch.float64) ** 2)


def reverse(estimate: Callable[[Tensor, float], Tensor], diffusion: Diffusion, z: Tensor, times: Sequence[float], rng: Streams) -> Tensor:
    """z_s = E[q(z_s | z_t, z_0)] with z_0 = estimate(z_t, t), for the falling times; nothing is drawn. At time 0: the last estimate."""
    for t, s in pairwise(times):
        z_0 = estimate(z, t)
        r, _ = ddpm(diffusion, t, s)
        z = step(diffusion, z_0, residual(diffusion, z, z_0, t), s, r, 0.0, rng)
    return z

"""Search: of all turns and shifts the one at which an image explains what a shot measured, wherever the shot was thought to be."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_operators.motion import SenseInMotion
from mridiff_sdk.fourier import ifft

from .shots import in_motion

FARTHEST = 10
"""Degrees and pixels that are searched to both sides, in steps of two degrees and one pixel."""
LIKELY = 0.002
"""Part of a shot's energy that must speak for a shift of `FARTHEST` pixels against none."""


def searched(problem: Problem, x: Tensor) -> Tensor:
    """argmin |y_s - A_s(p) x|^2 over poses p of even degrees and whole pixels, of every shot s, (1, shot, 3), at an image x (1, y, x).

    A shift is a phase in k-space, so that one Fourier transform gives the misfit of all shifts at a turn. Lines n apart tell shifts of
    1 / n of the field of view from each other by their common phase alone, those through the centre not at all, and a descent may end at
    any of them: of two that are as good the smaller is likelier. Where coils stand still the phase is not quite a shift, and what is
    found is a guess.
    """
    A, y = in_motion(problem), problem.y
    assert isinstance(y, Tensor)
    taken, (ny, nx) = A.taken[0], x.shape[1:]
    places = [torch.arange(n, device=x.device) - n // 2 for n in (ny, nx)]
    near = (places[0].abs()[:, None] <= FARTHEST) & (places[1].abs() <= FARTHEST)
    far = LIKELY * (places[0][:, None] ** 2 + places[1] ** 2) / FARTHEST**2
    energy = torch.einsum("skl,ckl->s", taken, y[0].abs().square())
    least = torch.full((len(taken),), torch.inf, dtype=taken.dtype, device=x.device)
    found = torch.zeros(len(taken), 3, dtype=taken.dtype, device=x.device)
    for angle in range(-FARTHEST, FARTHEST + 1, 2):
        turn = torch.tensor([[[float(angle), 0.0, 0.0]]], dtype=taken.dtype, device=x.device)
        seen = SenseInMotion(A.maps, torch.ones_like(taken[None, :1]), turn, A.coils)(x)
        power = torch.einsum("skl,ckl->s", taken, seen[0].abs().square())
        agreement = math.sqrt(ny * nx) * ifft(taken * (seen.conj() * y)[0].sum(0)).real
        misfit = torch.where(near, power[:, None, None] - 2 * agreement + energy[:, None, None] * far, torch.inf).flatten(1)
        now, place = misfit.min(1)
        shift = torch.stack((places[0][place // nx], places[1][place % nx]), 1).to(taken)
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        poses = torch.cat((torch.full_like(shift[:, :1], angle), shift @ torch.tensor([[c, -s], [s, c]]).to(shift)), 1)
        found, least = torch.where((now < least)[:, None], poses, found), torch.minimum(now, least)
    return found[None]

"""Autofocus: the poses at which the corrected image is sharpest; no prior knows of it."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_sdk.nuisance import Adam

from .shots import at, in_motion

FORGETS = (0.89, 0.8999)
"""Decay of Adam's averages, of the released code."""


def autofocus(problem: Problem, motion: Tensor, steps: int, rate: float) -> Tensor:
    """The motion (1, shot, 3) after `steps` of Adam that fall from `rate`, in degrees and pixels, to 0 against the blur of A^H y.

    Source: Sarkar et al., AutoDPS, 2025, and its released code, in which each line has a shift and all have one rotation.
    """
    phi, adam = {"motion": motion}, Adam(in_motion(problem).nuisance, rate, FORGETS)
    for i in range(steps):
        with torch.enable_grad():
            leaf = phi["motion"].detach().requires_grad_()
            gradient = torch.autograd.grad(blur(at(problem, leaf).linear.H(problem.y)), leaf)[0]
        adam.rate = rate * (1 - i / steps)
        phi = adam.step(phi, {"motion": gradient})
    return phi["motion"]


def blur(x: Tensor) -> Tensor:
    """mean |x| over the root mean square, summed over images x (sample, y, x): the wider energy is spread, the larger it is.

    With one coil A^H is unitary and the root mean square constant: the criterion is then the mean magnitude. Several coils agree less
    the further their shots are moved apart, and the mean alone would have them so.
    """
    size = x.abs().flatten(1)
    return (size.mean(1) / size.square().mean(1).sqrt()).sum()

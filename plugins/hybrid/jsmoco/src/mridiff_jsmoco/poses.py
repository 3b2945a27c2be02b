"""A step on the poses of all shots: Gauss-Newton, since a shot's samples depend on its own pose alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_operators.motion_and_maps import MotionAndMapsSense

APART = 0.05
"""Degrees and pixels between two poses whose difference is a derivative."""
DAMPING = 0.01
"""Weight of a number of a pose as it is, over that of the data on it (Levenberg and Marquardt)."""


def refined(A: MotionAndMapsSense, problem: Problem, x: Tensor, phi: Mapping[str, Tensor], most: float) -> Tensor:
    """The motion (sample, shot, 3) after a step towards the least |A x - y|^2, of at most `most` degrees and pixels, in bounds and gauge.

    Three differences of A x, in which all shots turn or shift at once, are the derivatives of all of them.
    """
    motion, taken = phi["motion"], A.motion.taken
    seen = A.at(phi)(x)
    ways = torch.eye(3, dtype=motion.dtype, device=motion.device)
    B = torch.stack([(A.at({**phi, "motion": motion + APART * way})(x) - seen) / APART for way in ways], 1)
    inner = torch.einsum("nickl,njckl->nijkl", B.conj(), B).real
    H = torch.einsum("nijkl,nskl->nsij", inner, taken.expand(len(inner), -1, -1, -1))
    b = torch.einsum("nickl,nckl->nikl", B.conj(), problem.y - seen).real
    b = torch.einsum("nikl,nskl->nsi", b, taken.expand(len(b), -1, -1, -1))
    own = H.diagonal(dim1=2, dim2=3)
    own = own.clamp_min(torch.finfo(own.dtype).eps * float(own.max()))
    move = torch.linalg.solve(H + DAMPING * torch.diag_embed(own), b)
    move = move * (most / move.abs().amax(2, keepdim=True).clamp_min(most))
    return A.nuisance["motion"].project(motion + move)

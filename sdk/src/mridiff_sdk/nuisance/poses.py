"""Poses of shots as unknowns: each shot's samples depend on the three numbers of its own pose alone, (sample, shot, 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Nuisance, Problem

from ..consistency.conjugate_gradients import conjugate_gradients
from ..consistency.proximal import proximal, with_level

At = Callable[[Tensor], LinearOperator]
"""The operator at a motion."""
DIFFERENCE = 0.05
"""Degrees and pixels over which a derivative is taken; what is measured varies over a pixel or so."""
DAMPING = 0.01
"""Weight of a number of a pose as it is, over that of the data on it."""
TOLERANCE = 1e-3
"""Of the conjugate gradients at the motion that it begins with."""
JUDGED = 40
"""Conjugate gradients of the image by which a motion is judged, at most."""
FLOOR = 1e-3
"""Least noise level of the data, over the error of the image, as `proximal` has it."""


class Tangent:
    """V p: what a small change p (sample, shot, 3) of a motion changes of what is `seen` (sample, coil, ky, kx) of x (sample, y, x).

    Three differences, in which all shots turn or shift at once, are the derivatives of all of them, and V^H V is a matrix of 3 x 3 for
    each shot. `taken` (1 or sample, shot, ky, kx) is 1 where a shot measured.
    """

    def __init__(self, at: At, taken: Tensor, x: Tensor, motion: Tensor, seen: Tensor) -> None:
        ways = DIFFERENCE * torch.eye(3, dtype=motion.dtype, device=motion.device)
        self.V = torch.stack([(at(motion + way)(x) - seen) / DIFFERENCE for way in ways], 1)
        self.taken = taken.expand(len(self.V), *taken.shape[1:]).to(self.V.dtype)
        self.H = torch.einsum("nskl,nackl,nbckl->nsab", self.taken, self.V.conj(), self.V).real

    def __call__(self, p: Tensor) -> Tensor:
        """V p, (sample, coil, ky, kx)."""
        return torch.einsum("nskl,nackl,nsa->nckl", self.taken, self.V, p.to(self.V.dtype))

    def poses(self, u: Tensor, damping: float | Tensor = DAMPING) -> Tensor:
        """The p that comes nearest to u (sample, coil, ky, kx): (V^H V + damping diag(V^H V))^-1 Re V^H u.

        `damping` is one number or one of each shot, (sample, shot). Source: Levenberg 1944; Marquardt 1963.
        """
        own = self.H.diagonal(dim1=-2, dim2=-1)
        own = own.clamp_min(torch.finfo(own.dtype).eps * float(own.max()))
        held = torch.as_tensor(damping, dtype=own.dtype, device=own.device)[..., None] * own
        b = torch.einsum("nskl,nackl,nckl->nsa", self.taken, self.V.conj(), u).real
        found: Tensor = torch.linalg.solve(self.H + torch.diag_embed(held), b)
        return found


def jointly(problem: Problem, at: At, taken: Tensor, x0: Tensor, r: float, motion: Tensor, *,
            steps: int = 3, iterations: int = 10) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The motion of argmin |A_phi x - y|^2 + (sigma_y / r)^2 |x - x0|^2 over image x and motion phi, and the minimum, (sample,).

    Gauss and Newton: A_phi x changes by A d + V p where image and poses change by d and p. What V p can explain is taken out of each
    shot, and conjugate gradients find d from the rest, so that an image made from wrong poses does not hold them where they are: it must
    begin near. Of `motion` (1 or sample, shot, 3) and what `steps` make of it the best is kept; with none, it is the sum at this motion.
    The mean pose is free. Noise is taken for white. Source: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973.
    """
    y = problem.y
    assert isinstance(y, Tensor)
    noise = with_level(problem.noise, None, FLOOR * r)
    weight = float(noise.variance) / r**2  # type: ignore[attr-defined]
    x = proximal(replace(problem, A=at(motion)), x0, r, iterations=iterations, tolerance=TOLERANCE)
    best, least = motion, torch.full((len(x),), torch.inf, dtype=x.real.dtype, device=x.device)
    for i in range(steps + 1):
        A = at(motion)
        seen = A(x)
        now = _energy(y - seen) + weight * _energy(x - x0)
        best, least = torch.where((now < least)[:, None, None], motion, best), torch.minimum(now, least)
        if i < steps:
            tangent = Tangent(at, taken, x, motion, seen)
            d = _image(A, tangent, weight, y - seen, x0 - x, iterations)
            motion, x = motion + tangent.poses(y - seen - A(d)), x + d
    return best, least


def settled(problem: Problem, at: At, taken: Tensor, nuisance: Nuisance, x0: Tensor, r: float, motion: Tensor, *,
            steps: int = 3, doubt: float = 0.02, iterations: int = 10) -> Tensor:  # fmt: skip
    """The motion (sample, shot, 3) found together with the image (`jointly`), or the start, where that explains the data as well.

    A motion is believed that lowers the sum by more than `doubt` of it: less is also explained by coil maps and grids that are not quite
    those of the scan. The start is rest, or what the scan tells.
    """
    found = nuisance.project(jointly(problem, at, taken, x0, r, motion, steps=steps, iterations=iterations)[0])
    rest = nuisance.start.to(found).expand_as(found)
    still, moved = (jointly(problem, at, taken, x0, r, m, steps=0, iterations=JUDGED)[1] for m in (rest, found))
    return torch.where((still < (1 + doubt) * moved)[:, None, None], rest, found)


def _image(A: LinearOperator, tangent: Tangent, weight: float, off: Tensor, away: Tensor, iterations: int) -> Tensor:
    """The change of the image in one step, of what no change of the poses explains."""

    def unexplained(u: Tensor) -> Tensor:
        return u - tangent(tangent.poses(u))

    return conjugate_gradients(lambda d: A.H(unexplained(A(d))) + weight * d, A.H(unexplained(off)) + weight * away, iterations=iterations)


def _energy(x: Tensor) -> Tensor:
    return x.abs().square().flatten(1).sum(1)

"""kspace-sr-ddimo: k-space grows ring by ring from what was measured, and what is there is denoised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import prod, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Diffusion, Field, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.diffusions import RULES, Row
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.operators import Crop
from mridiff_sdk.reverse import Reverse

from .ladder import LOWEST, inner, measured, rung, time, times
from .prior import WANTED

State = tuple[float, Tensor, Tensor]
"""A time, the estimate x0 that led there, and x_t."""


class PRDDiff(Sampler):
    """x0 = A_e R(x_t, t, e), with y put back;  x_s = x_t + (A_s - A_t) x0 + (sigma_t^2 - sigma_s^2) (A_t x0 - x_t) / sigma_t^2 + tau z.

    From x = A^H y + sigma z, at the rung of the ladder of what was measured, down to the rung e of the side that is wanted, which may be
    any; each step from t to s adds `rings` of k-space. tau^2 = sigma_t^2 - sigma_s^2, or this times sigma_s^2 / sigma_t^2 (ancestral),
    which keeps the noise at sigma_s exactly; z and tau z are multiplied by `noise`. With `middle` the image of that side takes the place
    of what was measured for the rest of the way. The result is the last x0, never x_t; with a target below 1 the output "cropped" is the
    same on as many pixels as it has samples of k-space. Source: Wang et al., Medical Image Analysis 107, 2025 (PRDDiff), and what its
    public code does.
    """

    def __init__(self, prior: Prior, *, rings: Annotated[int, Ge(1), "rings of k-space that a step adds"] = 1,
                 target: Annotated[float, Ge(LOWEST), Le(1), "side of k-space that is wanted, over that of the image"] = 1.0,
                 middle: Annotated[float | None, Ge(LOWEST), Le(1), "such a side at which it begins anew; null: in one go"] = None,
                 rule: Annotated[Literal["ve-reverse", "ve-ancestral"], "noise of a step: the study's, or exact"] = "ve-reverse",
                 noise: Annotated[float, Ge(0), "noise, over that of the ladder, 1 in the study; 0: a cold diffusion"] = 0.0,
                 keep: Annotated[bool, "put what was measured back into each estimate"] = True) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.rings, self.rule, self.noise, self.keep = prior, rings, rule, noise, keep
        self.target, self.middle = target, middle

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One call of the prior per step; one step without a call where all that is wanted was measured."""
        chain, A = Reverse(self.prior, problem, rng), problem.linear
        stages = self.stages(problem)
        total, index = sum(len(ts) - 1 for ts in stages), 0
        known: Tensor = A.H(problem.y).expand(len(rng), *problem.space.shape)
        inside: Callable[[Tensor], Tensor] = A.gram
        if not total:
            yield self.last(problem, Step(0, 1, box(chain, known, time(self.target))))
        for ts in stages:
            x0 = known
            for s, x0, x_t in self.grow(chain, ts, known, inside):
                now = Step(index, total, x0, s, x=x_t)
                index += 1
                yield self.last(problem, now) if index == total else now
            known, inside = x0, partial(box, chain, t=ts[-1])

    def stages(self, problem: Problem) -> list[list[float]]:
        """The times of each stage, falling."""
        begin, end = rung(problem.space.shape, measured(problem)), time(self.target)
        between = [] if self.middle is None else [max(time(self.middle), end)]
        ends = [min(begin, t) for t in (begin, *between, end)]
        return [times(t, s, problem.space.shape, self.rings) for t, s in pairwise(ends)]

    def grow(self, chain: Reverse, ts: Sequence[float], known: Tensor, inside: Callable[[Tensor], Tensor]) -> Iterator[State]:
        """From images (sample, y, x) `known` in the part of k-space to which `inside` projects, at ts[0], to those at ts[-1]."""
        end = torch.tensor([ts[-1]], dtype=torch.float64, device=known.device)
        chain.conditions = {**chain.conditions, WANTED: Field(end, ())}
        x_t = chain.encode(known)
        x_t = x_t + self.noise * float(chain.diffusion.sigma(ts[0])) * chain.diffusion.noise(x_t, chain.rng)
        for t, s in pairwise(ts):
            x0 = box(chain, chain.x0(x_t, t), ts[-1])
            x0 = x0 + known - inside(x0) if self.keep else x0
            x_t = chain.onward(x_t, x0, t, s, self.row)
            yield s, x0, x_t

    def row(self, diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
        """The rule of a step, with as much noise as was asked for."""
        r, tau = RULES[self.rule](diffusion, t, s)
        return r, self.noise * tau

    def last(self, problem: Problem, now: Step) -> Step:
        """The last step, and, where less than all of k-space was wanted, the image on fewer pixels, in the units of the scan."""
        sizes = tuple(inner(n, time(self.target)) for n in problem.space.shape)
        if sizes == problem.space.shape:
            return now
        k = Crop(problem.space, dict(zip(problem.space.axes, sizes, strict=True)))(fft(now.x0))
        small = ifft(k) * sqrt(prod(sizes) / prod(problem.space.shape))
        return replace(now, outputs={"cropped": Field(small * problem.scale, problem.space.axes)})


def box(chain: Reverse, x: Tensor, t: float) -> Tensor:
    """A_t x, in the problem's domain."""
    return chain.decode(chain.diffusion.mean(chain.encode(x), t))

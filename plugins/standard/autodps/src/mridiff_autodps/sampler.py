"""autodps: the motion of a scan is estimated, then its image drawn with the operator found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.dpir import DPIR
from mridiff_samplers.dps import DPS
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import geometric
from mridiff_sdk.nuisance import settled
from mridiff_sdk.reverse import Reverse

from .autofocus import autofocus
from .fit import fitted
from .shots import at, in_motion, part

Chain = Literal["dpir", "diffpir", "dps"]
CHAINS: dict[Chain, type[DPIR | DiffPIR | DPS]] = {"dpir": DPIR, "diffpir": DiffPIR, "dps": DPS}

PASSES = 2
"""How often the levels are gone through: shots that the first pass leaves at a wrong pose are asked again of the others, then right."""


class AutoDPS(Sampler):
    """phi from the data;  x ~ p(x | y, A_phi) by a chain that is told A_phi and knows nothing of motion.

    As published phi is what makes the corrected image sharpest (`focus`, without the prior), and the chain is DPS. Ours are the rounds
    after the focus, at noise levels t that fall by equal factors: x' = argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2 over one half of
    the shots, drawn at random; x0 = D(x' + t n); then each shot of the other half takes the pose at which x0 explains it. An image agrees
    with the poses of the shots that it was made from, right or wrong; of the others it can tell. What that brings near, steps on image and
    poses together bring home (`joint`), and a motion that explains the data no better than rest is not believed (`doubt`). The motion is
    estimated once, for all samples. Raises DataError for an operator other than of shots in motion. Source: Sarkar, Das, Ram,
    Ramanarayanan, Joel, Sivaprakasam, AutoDPS, Comput. Methods Programs Biomed. 263, 2025, and its released code.
    """

    def __init__(self, prior: Prior, *, focus: Annotated[int, Ge(0), "steps towards the sharpest corrected image, without the prior"] = 0,
                 focus_rate: Annotated[float, Gt(0), "first of these steps, in degrees and pixels; falls to 0"] = 0.1,
                 steps: Annotated[int, Ge(0), "rounds of a pass that fit half of the shots to the image of the rest; 0: as published"] = 24,
                 sigma_max: Annotated[float, Gt(0), "noise level of the first round, in units of the prior's images"] = 1.0,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last round"] = 0.1,
                 fits: Annotated[int, Ge(1), "steps of Gauss and Newton on the poses in a round"] = 2,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of the image of a half at most"] = 8,
                 joint: Annotated[int, Ge(0), "steps on image and motion together, after the rounds"] = 3,
                 doubt: Annotated[float, Ge(0), "part of the misfit that motion must explain, or it is not believed"] = 0.02,
                 image: Annotated[Chain, "the chain at the motion found: one estimate, or draws; published: dps"] = "dpir",
                 finish: Annotated[int, Ge(0), "steps of this chain; 0: the image of the last round"] = 10) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.focus, self.focus_rate, self.steps = prior, focus, focus_rate, steps
        self.sigma_max, self.sigma_min, self.fits, self.iterations = sigma_max, sigma_min, fits, iterations
        self.joint, self.doubt, self.image, self.finish = joint, doubt, image, finish

    @torch.no_grad()
    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per round and one per step of the chain; `nuisance` of each holds the motion, (sample, shot, 3)."""
        n, samples = in_motion(problem).nuisance["motion"], len(rng)
        motion = autofocus(problem, n.start, self.focus, self.focus_rate)
        rounds = self.steps * PASSES if motion.shape[1] > 1 else 0  # one shot is in the mean pose
        total = rounds + self.finish
        known = Reverse(self.prior, at(problem, motion), rng)
        if rounds:
            chain = known.beside("autodps", len(motion))
            levels: list[float] = geometric(chain.diffusion, self.steps, self.sigma_max, self.sigma_min)[:-1].tolist() * PASSES
            nothing = torch.zeros_like(chain.problem.linear.H(problem.y))
        for i, (told, asked) in zip(range(rounds), _halves(motion.shape[1]), strict=False):
            if i % self.steps == 0:
                x0, r = nothing, 1.0
            x = proximal(at(part(problem, told), motion[:, told]), x0, r, iterations=self.iterations, tolerance=None)
            x0, r = chain.x0(chain.noised(x, levels[i]), levels[i]), chain.uncertainty(levels[i])
            motion = n.project(motion.index_copy(1, asked, fitted(part(problem, asked), x0, motion[:, asked], self.fits)))
            yield Step(i, total, x0.expand(samples, -1, -1), levels[i], nuisance=_each(motion, samples))
        if rounds:
            motion = settled(problem, lambda m: at(problem, m).linear, in_motion(problem).taken, n, x0, r, motion,
                             steps=self.joint, doubt=self.doubt, iterations=self.iterations)  # fmt: skip
        if self.finish:
            last = CHAINS[self.image](self.prior, steps=self.finish)
            for step in last.along(known.at(at(problem, motion))):
                yield replace(step, index=rounds + step.index, total=total, nuisance=_each(motion, samples))


def _halves(shots: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The numbers of all shots in two halves, the same the other way around, then two others, at random and without end."""
    rng = Streams.of(0, "halves")
    while True:
        order = rng.uniform((shots,))[0].argsort()
        one, other = order[: shots // 2].sort().values, order[shots // 2 :].sort().values
        yield one, other
        yield other, one


def _each(motion: Tensor, samples: int) -> dict[str, Tensor]:
    """One motion, shown once per sample."""
    return {"motion": motion.expand(samples, -1, -1)}

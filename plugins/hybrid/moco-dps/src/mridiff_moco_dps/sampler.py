"""moco-dps: annealed Langevin dynamics of an image and of the poses that the head took while it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_samplers.diffpir import DiffPIR
from mridiff_sdk.consistency import misfit_gradient
from mridiff_sdk.diffusions import balanced, geometric, langevin
from mridiff_sdk.nuisance import gradient
from mridiff_sdk.nuisance import langevin as motion_langevin
from mridiff_sdk.reverse import Reverse

from .unknown import at_start, brought_home, parametric


class MocoDPS(Sampler):
    """x <- x + d (s - g) + sqrt(2 d) z with the score s, the data gradient g scaled to the norm of s, and d = step * sigma^2.

    After `motion_from` of the levels also phi <- phi - rate * grad / rms(grad) + temperature * noise, projected. What is shown is
    D(x), the prior's estimate at the level. Such small moves bring image and motion near, and leave both behind what the data tell of
    them: `joint` steps on both together bring the motion home, or back to its start where that explains the data as well, and a DiffPIR
    chain of `finish` steps at this motion, held fixed, gives the image. Raises DataError for an operator without an
    unknown. Source: Levac, Kumar, Jalal, Tamir, Magn. Reson. Med. 92, 2024, with the balancing of gradients by norm of their released
    code; the joint steps and the last chain are ours.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "noise levels, each smaller by one factor"] = 60,
                 inner: Annotated[int, Ge(1), "moves per level"] = 2,
                 sigma_max: Annotated[float, Gt(0), "largest noise level, over the scale of the images"] = 5.0,
                 sigma_min: Annotated[float, Gt(0), "smallest noise level"] = 0.01,
                 step: Annotated[float, Gt(0), Le(1), "size of a move, over sigma^2"] = 0.2,
                 dc_boost: Annotated[float, Gt(0), "norm of the data gradient over that of the score"] = 1.0,
                 motion_steps: Annotated[int, Ge(0), "steps on the motion per level; 0 = no correction"] = 3,
                 motion_rate: Annotated[float, Gt(0), "first step on the motion, in degrees and pixels; falls to 0"] = 0.1,
                 motion_from: Annotated[float, Ge(0), Le(1), "part of the levels that passes before the motion moves"] = 0.1,
                 temperature: Annotated[float, Ge(0), "noise on the motion: 1 Langevin, 0 descent"] = 0.0,
                 joint: Annotated[int, Ge(0), "steps on image and motion together, once the levels have brought both near"] = 3,
                 finish: Annotated[int, Ge(0), "steps of DiffPIR at the motion that was found; 0: the image of the last level"] = 10,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.inner, self.sigma_max, self.sigma_min = prior, steps, inner, sigma_max, sigma_min
        self.step, self.dc_boost = step, dc_boost
        self.motion_steps, self.motion_rate, self.motion_from, self.temperature = motion_steps, motion_rate, motion_from, temperature
        self.joint, self.finish = joint, finish

    @torch.no_grad()
    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level; `nuisance` of each holds the motion, (sample, shot, 3)."""
        A = parametric(problem)
        chain = Reverse(self.prior, at_start(problem, A), rng)
        times: list[float] = geometric(chain.diffusion, self.steps, self.sigma_max, self.sigma_min)[:-1].tolist()
        x_t = chain.noise(times[0])
        phi = {name: value.expand(len(rng), *value.shape[1:]) for name, value in A.start().items()}
        for i, t in enumerate(times):
            at_phi = replace(problem, A=A.at(phi))
            for _ in range(self.inner):
                score = chain.score(x_t, t)
                g = chain.encode(misfit_gradient(at_phi, chain.decode(x_t), "squared"))
                delta = self.step * float(chain.diffusion.sigma(t)) ** 2
                x_t = langevin(x_t, score - balanced(g, score, self.dc_boost), delta, rng, chain.diffusion.noise)
            x0 = chain.x0(x_t, t)
            for _ in range(self.motion_steps if i >= self.motion_from * self.steps else 0):
                rate = self.motion_rate * (1 - i / self.steps)
                phi = motion_langevin(A.nuisance, phi, gradient(problem, A, x0, phi), rate, rng, self.temperature)
            yield Step(i, self.steps + self.finish, x0, t, x=x_t, nuisance=phi)
        if self.finish:
            phi = brought_home(problem, A, phi, x0, self.joint if self.motion_steps else 0)
            for step in DiffPIR(self.prior, steps=self.finish).along(chain.at(replace(problem, A=A.at(phi)))):
                yield replace(step, index=self.steps + step.index, total=self.steps + step.total, nuisance=phi)

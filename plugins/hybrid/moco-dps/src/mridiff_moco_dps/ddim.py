"""moco-ddim: one reverse process for an image and for the poses that the head took while it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import misfit_gradient, proximal
from mridiff_sdk.diffusions import ddim, karras_times
from mridiff_sdk.nuisance import Adam, gradient
from mridiff_sdk.reverse import Reverse

from .unknown import at_start, parametric

FORGETS = (0.7, 0.9)
"""Decay of Adam's averages: gradients shrink a hundredfold along the ladder, and a long memory of the first would stop the last."""


class MocoDDIM(Sampler):
    """Per noise level: the prior's estimate, made consistent with the data at the present motion; then a step on the motion.

    With phi the unknown of the operator (the pose of every shot) and D the denoiser, from noise down to 0:
    x0 = D(x_t); x0' = x0 moved towards y = A_phi x; x_s = DDIM from x_t and x0'; phi <- phi - rate * Adam(grad_phi |A_phi x0 - y|^2),
    projected to its bounds and gauge; the rate falls to 0 along the ladder. The motion is asked of D(x_t), not of x0', which has been
    made to agree with the present motion. `data` "proximal": x0' = argmin |A x - y|^2 / sigma_y^2 +
    |x - x0|^2 / r_t^2 by conjugate gradients; "gradient": diffusion posterior sampling, x_s - z grad_{x_t} |A D(x_t) - y| through the
    prior. motion_steps = 0 is the same sampler blind to motion. Raises DataError for an operator without an unknown.
    Sources: Levac, Kumar, Jalal, Tamir, Magn. Reson. Med. 92, 2024 (the joint process); Chung et al., 2023 (the gradient step).
    """

    def __init__(self, prior: Prior, *, data: Annotated[Literal["proximal", "gradient"], "how the data act on the image"] = "proximal",
                 steps: Annotated[int, Ge(2), "noise levels"] = 40,
                 sigma_max: Annotated[float, Gt(0), "largest noise level, over the scale of the images"] = 5.0,
                 sigma_min: Annotated[float, Gt(0), "last noise level before 0"] = 0.01,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the image step: 0 deterministic, 1 ancestral"] = 1.0,
                 J: Annotated[int, Ge(1), "conjugate gradient iterations per level (proximal)"] = 3,
                 zeta: Annotated[float, Ge(0), "length of all data steps together, per root of the image's size (gradient)"] = 8.0,
                 motion_steps: Annotated[int, Ge(0), "steps on the motion per noise level; 0 = no correction"] = 2,
                 motion_rate: Annotated[float, Gt(0), "first step on the motion, in degrees and pixels; falls to 0"] = 0.2,
                 motion_from: Annotated[float, Ge(0), Le(1), "part of the ladder that passes before the motion moves"] = 0.25,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.data, self.steps, self.sigma_max, self.sigma_min, self.eta = prior, data, steps, sigma_max, sigma_min, eta
        self.J, self.zeta = J, zeta
        self.motion_steps, self.motion_rate, self.motion_from = motion_steps, motion_rate, motion_from

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level; `nuisance` of each holds the motion, (sample, shot, 3)."""
        A = parametric(problem)
        chain = Reverse(self.prior, at_start(problem, A), rng)
        times = karras_times(chain.diffusion, self.steps, self.sigma_max, self.sigma_min)
        x_t = chain.noise(times[0])
        phi = {name: value.expand(len(rng), *value.shape[1:]) for name, value in A.start().items()}
        adam = Adam(A.nuisance, self.motion_rate, FORGETS)
        for i, (t, s) in enumerate(pairwise(times)):
            clean, x0, x_t = self._image_step(chain, replace(problem, A=A.at(phi)), x_t, t, s)
            if i >= self.motion_from * self.steps:
                adam.rate = self.motion_rate * (1 - i / self.steps)
                for _ in range(self.motion_steps):
                    phi = adam.step(phi, gradient(problem, A, clean, phi))
            yield Step(i, self.steps, x0, t, x=x_t, nuisance=phi)

    def _image_step(self, chain: Reverse, problem: Problem, x_t: Tensor, t: float, s: float) -> tuple[Tensor, Tensor, Tensor]:
        """The prior's estimate of x0 (sample, *domain), the same given the data, and x_s."""
        rule = partial(ddim, eta=self.eta)
        if self.data == "proximal":
            clean = chain.x0(x_t, t)
            x0 = proximal(problem, clean, chain.uncertainty(t), iterations=self.J)
            return clean, x0, chain.onward(x_t, x0, t, s, rule)
        u0, g = chain.through(x_t, t, lambda x: misfit_gradient(problem, x, "norm"))
        # In the state divided by its size, whose variance is kept, one zeta serves every diffusion.
        z = self.zeta * sqrt(x_t[0].numel()) / self.steps * chain.size(t) * chain.size(s)
        x_s = chain.step(x_t, u0, t, s, rule) - z * g
        clean = chain.decode(u0)
        return clean, clean if s else chain.decode(x_s), x_s

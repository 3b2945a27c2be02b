"""dps-mri: posterior sampling whose likelihood step acts on the estimate of x0, without a gradient through the prior."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Gaussian, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal, replacement
from mridiff_sdk.diffusions import ddim, linear_beta_times, reach
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

Rule = Literal["ratio", "posterior"]


class DPSMRI(Sampler):
    """x0 = E[x0 | x_t];  x0' = estimate of E[x0 | x_t, y];  x_s = alpha_s x0' + DDIM noise about x0', from noise down to 0.

    With p(x0 | x_t) taken as N(x0, r_t^2), mode "map" finds x0' = argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r_t^2 by at most J
    conjugate gradient iterations, or, with `draw`, a draw about it (see `proximal`): DiffPIR on another ladder; mode "grad" takes J steps
    x <- x - a_t A^H (A x - y), a_t = r_t^2 / (r_t^2 + sigma_y^2). Without `draw` they are the same for one coil and J = 1. J = 0 draws
    from the prior. The prior is called without gradients, whatever the caller's mode is.
    Sources: Li, Wang, Diffusion posterior sampling for magnetic resonance imaging, Inverse Problems and Imaging 19, 2025, after the
    authors' arXiv 2503.10237; the step from t to s is DDIM's (Song et al., 2021, equation 16).
    """

    def __init__(self, prior: Prior, *, mode: Annotated[Literal["map", "grad"], "how the likelihood corrects the estimate"] = "map",
                 steps: Annotated[int, Ge(2), "steps of the respaced chain"] = 50,
                 J: Annotated[int, Ge(0), "conjugate gradient iterations at most (map) or gradient steps (grad) per step"] = 20,
                 r_rule: Annotated[Rule, "r^2 = c q, or c q / (c + q), with q = (sigma_t / alpha_t)^2"] = "posterior",
                 c: Annotated[float, Gt(0), "of r_rule; for posterior, the prior's variance per number"] = 1.0,
                 draw: Annotated[bool, "map: draw x0' instead of its mean, so that what was measured spreads as its noise demands"] = True,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity: 0 deterministic, 1 the ancestral chain"] = 1.0,
                 start: Beginning = "noise", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.mode, self.steps, self.J, self.r_rule, self.c, self.eta = prior, mode, steps, J, r_rule, c, eta
        self.draw, self.start, self.level, self.calls = draw, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior."""
        chain = Reverse(self.prior, problem, rng)
        begun = begin(chain, self.start, self.level, *reach(chain.diffusion), self.calls)
        times = linear_beta_times(chain.diffusion, self.steps, begun.level)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = self.given_data(problem, chain.x0(x_t, t), self.r(chain.ratio(t)), rng)
            # The effective noise (x_t - alpha_t x0') / sigma_t is carried to s by the row of DDIM.
            x_t = chain.onward(x_t, x0, t, s, partial(ddim, eta=self.eta))
            yield Step(i, self.steps, x0, t, x=x_t)

    def r(self, ratio: float) -> float:
        """Standard deviation of x0 given x_t, per number, where sigma_t / alpha_t is `ratio`.

        "posterior" with c the variance of white Gaussian images is exact; with c = 1 in a variance preserving chain it is sigma_t.
        """
        q = ratio**2
        return sqrt(self.c * q / (self.c + q) if self.r_rule == "posterior" else self.c * q)

    def given_data(self, problem: Problem, x0: Tensor, r: float, rng: Streams) -> Tensor:
        """The estimate of E[x0 | x_t, y], (sample, *domain), from that of E[x0 | x_t] and its standard deviation r."""
        if self.J == 0:
            return x0
        if self.mode == "map":
            return proximal(problem, x0, r, iterations=self.J, tolerance=None, rng=rng if self.draw else None)
        if not isinstance(problem.noise, Gaussian):
            raise TypeError(f"dps-mri wants Gaussian noise; this problem has {type(problem.noise).__name__}")
        variance = 0.0 if problem.noise.std is None else problem.noise.std**2
        for _ in range(self.J):
            x0 = replacement(problem, x0, r**2 / (r**2 + variance))
        return x0

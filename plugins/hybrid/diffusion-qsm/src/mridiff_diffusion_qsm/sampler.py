"""diffusion-qsm: DDIM about estimates that obey the field, and time travel in the last levels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Diffusion, Gaussian, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import ddim, renoise, spanning, time_travel
from mridiff_sdk.reverse import Reverse


class DiffusionQSM(Sampler):
    """x0 = D(x_t);  x0' = argmin |A x - y|^2 + weight |x - x0|^2;  x_s = mean(x0', s) + DDIM residual and noise;  late levels again.

    From pure noise through `steps` even levels of the prior's chain. Each time that one of the last `late` levels is reached, x0' is
    noised back to the level above and the step is done again, `repeats` times: steps + late * repeats calls of the prior. x0 is cut at
    +-`clip` in the unit of the map, the data step is conjugate gradients on the whole volume. The x0' of the last level is the result.
    Source: Zhang et al., IEEE Trans. Biomed. Eng. 2025.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "levels visited"] = 50,
                 late: Annotated[int, Ge(0), "last levels at which the way back is taken, all but the first at most"] = 20,
                 repeats: Annotated[int, Ge(0), "how many times at each of them"] = 2,
                 weight: Annotated[float, Gt(0), "weight of the prior's estimate against the field"] = 0.002,
                 iterations: Annotated[int, Ge(0), "conjugate gradient iterations of a data step at most, 0 for none"] = 15,
                 limit: Annotated[float, Ge(0), "the weight is at least this times the ratio of noise variances, field to level"] = 0.3,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity: 0 deterministic but for the start, 1 ancestral"] = 1.0,
                 clip: Annotated[float, Gt(0), "largest magnitude of an estimate of the prior, in ppm"] = 1.0) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.late, self.repeats = prior, steps, min(late, steps - 1), repeats
        self.weight, self.iterations, self.limit, self.eta, self.clip = weight, iterations, limit, eta, clip

    def visits(self, diffusion: Diffusion) -> list[float]:
        """The times in their order: falling to 0, with pairs that go up and down again among the last."""
        times = spanning(diffusion, self.steps)
        travelled: list[float] = time_travel(times[:-1], self.late, self.repeats).tolist()
        return [*travelled, 0.0]

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step, with one call of the prior, per pair of times that goes down; those that go up cost none."""
        chain = Reverse(self.prior, problem, rng)
        limit = self.clip / float(torch.as_tensor(problem.scale))
        moves = list(pairwise(self.visits(chain.diffusion)))
        total, index, again = sum(s < t for t, s in moves), 0, False
        x_t = chain.noise(moves[0][0])
        x0 = chain.decode(x_t)
        for t, s in moves:
            if s > t:
                x_t, again = chain.onward(x_t, x0, t, s, renoise), True
                continue
            x0 = self.consistent(problem, limited(chain.x0(x_t, t), limit), chain.ratio(t))
            x_t = chain.onward(x_t, x0, t, s, partial(ddim, eta=self.eta))
            yield Step(index, total, x0, t, stage="again" if again else "", x=x_t)
            index, again = index + 1, False

    def consistent(self, problem: Problem, x0: Tensor, ratio: float) -> Tensor:
        """argmin_x |A x - y|^2 + weight |x - x0|^2, each datum with its weight in the noise, by conjugate gradients.

        The weight is at least limit (sigma_y / ratio)^2 where sigma_y is known: x0 was estimated in noise of the level `ratio`.
        """
        if not self.iterations:
            return x0
        weight, std = self.weight, problem.noise.std if isinstance(problem.noise, Gaussian) else None
        if isinstance(std, float):
            weight = max(weight, self.limit * (std / ratio) ** 2)
        # a deviation of 1 in the data counts as one of weight^-1/2 in the map
        return proximal(problem, x0, weight**-0.5, sigma_y=1.0, iterations=self.iterations, tolerance=1e-3)


def limited(x: Tensor, limit: float) -> Tensor:
    """x where its magnitude is at most `limit`, else scaled down to it; real or complex."""
    return x * (limit / x.abs().clamp_min(limit))

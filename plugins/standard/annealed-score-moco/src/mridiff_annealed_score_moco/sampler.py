"""annealed-score-moco: an image in motion, taken back by cycles of noise and denoising that hold what can be trusted of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.diffusions import ddpm, karras_times, reach, residual, step
from mridiff_sdk.reverse import Reverse

from .lines import Lines

Held = Literal["agreeing", "band"]


class AnnealedScoreMoco(Sampler):
    """In cycles m: x_t = x + t_m n;  from t_m to 0: x0 = D(x_t),  X0_k <- X0_k + lambda_m w_k (Y_k - X0_k),  x_s from x0, x_t and noise.

    It begins with the image x that the operator gives of the data as if nothing had moved, Y = F x; no motion is modelled or estimated.
    t_m falls by equal factors from `level` to `last_level`, lambda_m goes evenly from `weight` to `last_weight`; of one cycle the first
    counts. w_k is 1 in the band of lines |k| <= `band` n along the phase-encode axis, measured in so short a time that they know one
    pose; outside of it w_k is 0 (`lines: band`), or what the prior thinks of line k (`Lines.trust`), asked anew in every cycle. With
    `data: noised` the state after each step is mixed with the noised input, instead of x0 with the input. `temperature` is the part of
    all noise that is drawn, and of what D took off that is carried on: 1 is the ancestral chain, 0 gives one estimate.
    Source: Oh, Jung, Lee, Ye, Annealed score-based diffusion model for MR motion artifact reduction, IEEE Trans. Comput. Imaging 10, 2024;
    starting from a noised estimate: Chung, Sim, Ye, CVPR 2022. Deviations: lines that agree; the temperature; complex images.
    """

    def __init__(self, prior: Prior, *, cycles: Annotated[int, Ge(1), "how often noise is added and taken off"] = 5,
                 steps: Annotated[int, Ge(1), "calls of the prior in a cycle, besides two for the lines"] = 6,
                 level: Annotated[float, Ge(0), "noise level at which the first cycle begins, in units of the prior's images"] = 0.2,
                 last_level: Annotated[float, Ge(0), "noise level at which the last one begins"] = 0.05,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last call of a cycle, at most half of that of its first"] = 0.02,
                 lines: Annotated[Held, "what is held: the band alone, or also lines that agree with the prior"] = "agreeing",
                 band: Annotated[float, Ge(0), Le(1), "lines of the central band to either side, over the number of all"] = 0.04,
                 axis: Annotated[Literal["x", "y"], "axis along which lines of k-space were measured one after the other"] = "x",
                 weight: Annotated[float, Ge(0), Le(1), "lambda of the first cycle: how far lines are held"] = 1.0,
                 last_weight: Annotated[float, Ge(0), Le(1), "lambda of the last cycle; 1 holds the band exactly"] = 1.0,
                 tolerance: Annotated[float, Gt(0), "excess of a line's disagreement at which it counts half, in the first cycle"] = 2.0,
                 last_tolerance: Annotated[float, Gt(0), "the same in the last cycle"] = 0.8,
                 asked: Annotated[float, Gt(0), "noise level at which the prior is asked about the lines"] = 0.1,
                 data: Annotated[Literal["clean", "noised"], "what the data are mixed with: x0, or the noisy state"] = "clean",
                 temperature: Annotated[float, Ge(0), Le(1), "part of the noise that is drawn: 1 ancestral, 0 one estimate"] = 0.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of the first image, where lines were left out"] = 10,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.cycles, self.steps, self.level, self.last_level = prior, cycles, steps, level, last_level
        self.lines, self.band, self.dim, self.weight, self.last_weight = lines, band, -1 if axis == "x" else -2, weight, last_weight
        self.tolerance, self.last_tolerance, self.asked, self.sigma_min = tolerance, last_tolerance, asked, sigma_min
        self.data, self.temperature, self.iterations = data, temperature, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per cycle; raises DataError where the unknown is not one complex image (y, x)."""
        chain = Reverse(self.prior, problem, rng)
        A = problem.linear
        if problem.space.axes != ("y", "x") or not problem.space.complex:
            raise DataError(f"motion is taken off one complex image (y, x), not off {problem.space}",
                            hint="Use an operator of one plane, such as sense; of a series or a volume give plane by plane.")  # fmt: skip
        x = conjugate_gradients(A.gram, A.H(problem.y), iterations=self.iterations)
        x = x.expand(len(rng), *x.shape[1:])
        held = Lines(x, self.band, self.dim)
        for m in range(self.cycles):
            share = m / max(self.cycles - 1, 1)
            times = self._times(chain, self.level ** (1 - share) * self.last_level**share)
            if len(times) > 1:
                trust = self._trusted(chain, held, x, self.tolerance ** (1 - share) * self.last_tolerance**share)
                w = (self.weight + (self.last_weight - self.weight) * share) * trust
                x = self._cycle(chain, held, w, x, times)
            yield Step(m, self.cycles, x, times[0])

    def _times(self, chain: Reverse, level: float) -> list[float]:
        """The times of a cycle that begins at a level, to 0; 0 alone where the prior knows none that is so low."""
        if level <= reach(chain.diffusion)[0]:
            return [0.0]
        return karras_times(chain.diffusion, self.steps, level, min(self.sigma_min, level / 2))

    def _trusted(self, chain: Reverse, held: Lines, x: Tensor, tolerance: float) -> Tensor:
        """How far each line of the input is trusted at an estimate x (sample, y, x), (sample, line)."""
        if self.lines == "band":
            return held.band.to(x.real.dtype).expand(len(x), -1)
        return held.trust(held.disagreement(chain, x, self.asked), tolerance)

    def _cycle(self, chain: Reverse, held: Lines, w: Tensor, x: Tensor, times: list[float]) -> Tensor:
        """x (sample, y, x) noised to the first of the times and brought back to the last, lines of the weights `w` held."""
        x_t = self._noised(chain, x, times[0])
        for t, s in pairwise(times):
            x0 = chain.x0(x_t, t)
            if self.data == "clean":
                x0 = held.held(x0, w)
            u0 = chain.encode(x0)
            r, tau = (self.temperature * part for part in ddpm(chain.diffusion, t, s))
            x_t = step(chain.diffusion, u0, residual(chain.diffusion, x_t, u0, t), s, r, tau, chain.rng)
            if self.data == "noised":
                x_t = chain.encode(held.held(chain.decode(x_t), w, chain.decode(self._noised(chain, held.input, s))))
        return chain.decode(x_t)

    def _noised(self, chain: Reverse, x: Tensor, t: float) -> Tensor:
        """A state at the time t about x."""
        mean = chain.diffusion.mean(chain.encode(x), t)
        noise = self.temperature * torch.as_tensor(chain.diffusion.sigma(t), dtype=mean.real.dtype)
        return mean + noise * chain.diffusion.noise(mean, chain.rng) if self.temperature else mean

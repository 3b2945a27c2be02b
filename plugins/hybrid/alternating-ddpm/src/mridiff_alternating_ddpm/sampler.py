"""alternating-ddpm: an image and its k-space are denoised together or in turn, and the data come between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import VE, ddim, karras_times, reach, residual, step
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, Start, begin, denoisers

__all__ = ["AlternatingDDPM"]


class AlternatingDDPM(Sampler):
    """x0 = D(x_t);  x = argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / r^2;  x_s = x + noise (c (x_t - x0) + tau n), c, tau of DDIM.

    `image`: D is that of the image prior (DDS). `dual`: either prior has a state x_t with noise of its own and denoises it, k-space in
    k-space; x0 is `merge` times what the k-space prior finds, the rest what the image prior finds; both go on from x, each with its own
    noise. `alternate`: one state, denoised by either prior in turn, first and last by the image's; where it is k-space's turn x0 is
    `merge` times what it finds, the rest the last x. Fourier's transform is unitary, so that white noise has one level in both. The data
    step is a few conjugate gradients from x0; r^2 is share / (1 / sigma^2 + 1), share the part of x - x0 that the state does not forget.
    With gamma it is the published (1 + gamma A^H A) x = x0 + gamma A^H y. With noise 1 mode `image` is `dds` but for
    the mirror images that D sees in turn; less noise is nearer to plug and play. A reconstructor: it trusts y, and draws from no posterior.
    Source: Chung, Lee, Ye, Decomposed diffusion sampler, ICLR 2024, algorithm 1, for the loop; Yu et al., DD-UGM, NMR in Biomedicine
    36:e5011, 2023, for two priors and their merge, there with predictor and corrector and a low rank besides.
    """

    def __init__(self, image: Prior, kspace: Prior, *,
                 mode: Annotated[Literal["image", "dual", "alternate"], "the image prior alone, both, or either in turn"] = "dual",
                 merge: Annotated[float, Ge(0), Le(1), "share of what the k-space prior finds"] = 0.25,
                 steps: Annotated[int, Ge(2), "noise levels"] = 20,
                 noise: Annotated[float, Ge(0), Le(1), "noise that a step leaves in the state, over that of the ladder; 0: none"] = 0.2,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of a step: 0 deterministic, 1 the ancestral chain"] = 0.85,
                 iterations: Annotated[int, Ge(0), "conjugate gradient iterations of a data step; 0: no data step"] = 5,
                 weight: Annotated[float, Gt(0), "weight of the denoised image against the data; 1: by their errors"] = 0.2,
                 gamma: Annotated[float | None, Gt(0), "weight of |A x - y|^2 beside |x - x0|^2; null: by `weight`"] = None,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the image prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.02,
                 start: Beginning = "estimate", level: Level = 0.2, calls: Calls = 0) -> None:  # fmt: skip
        super().__init__()
        self.image, self.kspace, self.mode, self.merge, self.steps = image, kspace, mode, merge, steps
        self.noise, self.eta, self.iterations, self.weight, self.gamma = noise, eta, iterations, weight, gamma
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, with one call of a prior or of both, and one data step."""
        image, kspace = (Reverse(prior, problem, rng) for prior in (self.image, self.kspace))
        begun = begin(image, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(image.diffusion, self.steps, begun.level, self.sigma_min)
        sigmas, ladder, last = [image.ratio(t) for t in times], VE(*reach(image.diffusion)), len(times) - 2
        D, E = denoisers(image), denoisers(kspace)
        states = [self.beginning(image, begun, times[0]) for _ in range(2 if self.mode == "dual" else 1)]
        x = states[0]
        for i, (t, s) in enumerate(pairwise(sigmas)):
            if self.mode == "dual":
                x0 = (1 - self.merge) * next(D)(states[0], t) + self.merge * next(E)(states[1], t)
            elif self.mode == "alternate" and i and (last - i) % 2:
                x0 = (1 - self.merge) * x + self.merge * next(E)(states[0], t)
            else:
                x0 = next(D)(states[0], t)
            carried, fresh = (self.noise * factor for factor in ddim(ladder, t, s, self.eta))
            # with sigma_y = 1 the r^2 of the step is the gamma of the caller
            share = (1 - float(carried)) / self.weight
            r, sigma_y = (sqrt(share) * image.uncertainty(times[i]), None) if self.gamma is None else (sqrt(self.gamma), 1.0)
            x = proximal(problem, x0, r, sigma_y=sigma_y, iterations=self.iterations, tolerance=0.0)
            states = [step(ladder, x, residual(ladder, x_t, x0, t), s, carried, fresh, rng) for x_t in states]
            yield Step(i, last + 1, x, t, x=states[0])

    def beginning(self, image: Reverse, begun: Start, t: float) -> Tensor:
        """A state (sample, *domain) at the top of the ladder: pure noise, or the estimate with as much noise as a step leaves."""
        x_t = image.decode(begun.state(t)) / float(image.diffusion.alpha(t))
        return x_t if begun.u is None else torch.lerp(image.decode(begun.u).expand_as(x_t), x_t, self.noise)

"""kspace-cold-diffusion: from the measured samples to all of k-space, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Field, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.adaptors import Combined, Fold
from mridiff_sdk.consistency import replacement
from mridiff_sdk.diffusions import cold, renoise
from mridiff_sdk.reverse import cold_chain

RULES = {"anew": renoise, "step-down": cold, "naive": renoise}


class KspaceColdDiffusion(Sampler):
    """x0 = R(x_t, t);  k_s = F x0 + trust (y - F x0) where measured, else M_s F x0;  from the zero-filled image at t = 1 to t = 0.

    That is rule "anew": each input of the network is made of its last estimate and the measured samples alone, so what was
    written once is written better at every step. Rule "step-down", the study's, writes each once and never again: x_s = x_t - D(x0, t) +
    D(x0, s), D(x, t) = F^-1 M_t F x, in k-space k_s = k_t + (M_s - M_t) F x0. Rule "naive" takes x_s = D(x0, s) and overwrites measured
    samples. The first x0, with the measured samples put back, is kept as the output "direct": one call of the network.
    With several coils each is restored by itself, or, "combined", the image that the coil maps make of them, which is then sent back
    through the maps: fewer calls, and coils help each other; k-space is still filled coil by coil.
    Source: Shen et al., Scientific Reports 14, 2024, and its public code (there the latter rules are called x0_step_down and default).
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(1), "steps from the mask of the scan to all of k-space"] = 6,
                 rule: Annotated[Literal["anew", "step-down", "naive"],
                                 "write all but what was measured, what comes back, or everything"] = "anew",
                 coils: Annotated[Literal["each", "combined"], "what is restored: every coil image, or their combination"] = "combined",
                 trust: Annotated[float, Ge(0), Le(1), "of measured samples in the rule anew: 1 keeps them, less damps their noise"] = 1.0,
                 hard: Annotated[bool, "put measured samples back at the end (for naive, trust below 1)"] = True) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.rule, self.hard = prior, steps, rule, hard
        self.trust = trust if rule == "anew" else 0.0
        if coils == "combined" and isinstance(prior, Fold):
            self.prior = Combined(prior.prior)

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One call of the prior per step that brings something back."""
        direct: Tensor | None = None
        for now in cold_chain(self.prior, problem, rng, self.steps, rule=RULES[self.rule], hard=self.hard, trust=self.trust):
            direct = now.x0 if direct is None else direct
            yield replace(now, outputs={"direct": self.output(problem, direct)}) if now.index == now.total - 1 else now

    def output(self, problem: Problem, x: Tensor) -> Field:
        """An estimate with the measured samples put back, in the scored space and the units of the scan."""
        seen = problem.operator.image(replacement(problem, x)) * problem.scale
        return Field(seen, problem.space.axes[-(seen.ndim - 1) :])

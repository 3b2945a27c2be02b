"""Start: what a chain begins with, and at which noise level: found without a truth."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import spread

from ..consistency.proximal import proximal
from ..diffusions.ladders import reach
from .plug_and_play import falling, plug_and_play
from .process import Reverse

Beginning = Annotated[Literal["noise", "adjoint", "estimate"], "what the chain begins with: pure noise, the adjoint, or an estimate"]
Level = Annotated[float | None, Gt(0), "ratio of noise to signal at the start; null: by the rule, from noise the largest"]
Calls = Annotated[int, Ge(0), "plug-and-play steps of the estimate, made once for all samples; 0 is CG-SENSE"]

GAIN = 0.4
"""Largest gain of a step on its own noise at the level of a start: sigma^2 is then 1.5 times the variance of the posterior."""
BIAS = 0.04
"""Largest share of the posterior's variance that the square of an estimate's bias may have after a step."""
PROBES = 5
"""Levels at which a chain is asked at most."""


@dataclass(frozen=True)
class Probe:
    """What a step of the chain does to an estimate u at the noise-to-signal ratio `level`: x0(u + level n) = centre + J level n.

    `gain` is |J n|^2 / n^H J n, the gain of the step on the directions in which it leaves something unknown; `bias` how much of the
    square of the estimate's bias is left, over the posterior's variance at this level.
    """

    level: float
    t: float
    centre: Tensor
    gain: float
    bias: float

    @property
    def excess(self) -> float:
        """How far this level is from what a start may have; 1 at the level of the rule, and above it less."""
        return max(self.gain / GAIN, sqrt(self.bias / BIAS))


@dataclass(frozen=True)
class Start:
    """A chain that begins at the ratio `level`, at pure noise or at an estimate u (1 or sample, *prior.space)."""

    chain: Reverse
    level: float
    u: Tensor | None = None
    probe: Probe | None = None

    def state(self, t: float) -> Tensor:
        """x_t, one per stream: noise alone, the estimate with noise, or the estimate with a draw of its error and noise."""
        if self.u is None:
            return self.chain.noise(t)
        return self.chain.degraded(self.u if self.probe is None else self.u + self._error(self.probe), t)

    def _error(self, probe: Probe) -> Tensor:
        """A draw of what the estimate may be off by: J level n / sqrt(gain (1 - gain)), of the variance of the posterior."""
        assert self.u is not None
        gain = min(probe.gain, 0.9)
        moved = step(self.chain, self.chain.degraded(self.u, probe.t), probe.t) - probe.centre
        return moved / sqrt(gain * (1 - gain))


def begin(chain: Reverse, start: Beginning, level: Level, low: float, high: float, calls: Calls = 20) -> Start:
    """The start of a chain: at pure noise, at the adjoint A^H y, or at an estimate of `calls` plug-and-play steps from CG-SENSE.

    `level` is the ratio sigma / alpha at which it begins; None leaves it to the rule, and to `high` at pure noise. A chain from an estimate
    at a level of the caller's is CCDF as published, u + level n; at that of the rule the estimate gets a draw of its error besides, so
    that x_t has the posterior's variance and sigma^2. `low` and `high` bound the ladder. Raises ValueError for a level that is not above
    `low`, TypeError where the operator is not linear, the noise not Gaussian or the diffusion without a noise-to-signal ratio.
    Source: Chung, Sim, Ye, Come-Closer-Diffuse-Faster, CVPR 2022, for the noised estimate; the level: decision 18.
    """
    lowest, highest = reach(chain.diffusion)
    low, high = max(low, lowest), min(high, highest)
    if level is not None and level <= low:
        raise ValueError(f"the chain ends at the noise level {low:g}, and cannot begin at {level:g}: give a level above")
    if start == "noise":
        return Start(chain, high if level is None else min(level, high))
    x = chain.problem.linear.rough(chain.problem.y)
    u = chain.encode(x if start == "adjoint" else estimate(chain, torch.zeros_like(x), calls))
    if level is not None:
        return Start(chain, min(level, high), u)
    found = ruled(chain, u, min(2 * low, high), high)
    return Start(chain, found.level, u, found)


def estimate(chain: Reverse, zero: Tensor, calls: int) -> Tensor:
    """x (sample, *domain) after `calls` steps of plug and play from CG-SENSE, which takes images for white of variance 1."""
    x = proximal(chain.problem, zero, 1.0, iterations=20, tolerance=None)
    for better in plug_and_play(chain.beside("estimate", len(x)), x, falling(chain, calls, 1.0, 0.02)):
        x = better
    return x


def ruled(chain: Reverse, u: Tensor, low: float, high: float) -> Probe:
    """The lowest level at which the start is forgotten as far as the rule demands, by secants of log excess over log level."""
    x, slope = log(low * high) / 2, -1.0
    before: tuple[float, float] | None = None
    for _ in range(PROBES):
        found = probe(chain, u, exp(x))
        e = log(max(found.excess, 1e-6))
        if before is not None and x != before[0]:
            slope = min((e - before[1]) / (x - before[0]), -0.25)
        before = (x, e)
        x = min(max(x + min(max(-e / slope, -2.5), 2.5), log(low)), log(high))
        if abs(e) < 0.1 or x == before[0]:
            break
    return found


def probe(chain: Reverse, u: Tensor, level: float) -> Probe:
    """What a step does to u (sample, *prior.space) at a level: two calls of the prior with noise n and -n, and one for the bias.

    With J the derivative of the step, n^H J n is its trace by Stein's identity, level^2 trace J the variance of x0 given the state and y,
    and the bias b of u moves by (J - 1) b in one step, of which the next keeps J (J - 1) b.
    """
    beside = chain.beside("start", len(u))
    t = float(chain.diffusion.time(level))
    at_t = chain.diffusion.mean(u, t)
    n = chain.diffusion.noise(u, beside.rng)
    noise = spread(chain.diffusion.sigma(t), n) * n
    up, down = step(beside, at_t + noise, t), step(beside, at_t - noise, t)
    centre, moved = (up + down) / 2, (up - down) / 2
    tiny = torch.finfo(u.real.dtype).tiny
    unknown = max(level * float((n.conj() * moved).real.mean()), tiny)
    off = centre - u
    left = _rms(step(beside, chain.diffusion.mean(centre, t) + noise, t) - up)
    kept = min(left / max(_rms(off), tiny), 0.9)
    return Probe(level, t, centre, _rms(moved) ** 2 / unknown, (left / (1 - kept)) ** 2 / unknown)


def step(chain: Reverse, x_t: Tensor, t: float) -> Tensor:
    """The estimate of E[x0 | x_t, y] in the prior's space, as the chains that are begun here make it."""
    return chain.encode(proximal(chain.problem, chain.x0(x_t, t), chain.uncertainty(t), iterations=20, tolerance=None))


def _rms(x: Tensor) -> float:
    return float(x.abs().square().mean().sqrt())

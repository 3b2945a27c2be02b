"""Times that a sampler visits: decreasing, in double precision, from the noisiest to 0, which is clean in every diffusion here.

`for t, s in pairwise(ladder)` are the steps; a ladder of N steps has N + 1 times. Discrete chains are visited at their levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Diffusion

from .gaussian import VP


def uniform(diffusion: Diffusion, steps: int, start: float | None = None) -> Tensor:
    """Evenly spaced times from `start` (the end of the trained range) to 0, (steps + 1,)."""
    return respaced(diffusion, (steps,), start)


def spanning(diffusion: Diffusion, steps: int) -> Tensor:
    """Evenly spaced times from the end of the trained range to its beginning, both visited; then 0. (steps + 1,).

    Of a discrete chain the first and the last level and even ones between, as Nichol and Dhariwal, ICML 2021, respace one section.
    """
    low, high = diffusion.t_range
    return _ladder(diffusion, torch.cat((torch.linspace(high, low, steps, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))))


def respaced(diffusion: Diffusion, counts: Sequence[int], start: float | None = None) -> Tensor:
    """The range from 0 to `start` in len(counts) equal sections, clean first, with counts[i] even steps in section i.

    Returns (sum(counts) + 1,). More steps where they matter (Nichol and Dhariwal, ICML 2021). Raises DataError where a discrete chain has
    too few levels.
    """
    if not counts or min(counts) < 1:
        raise ValueError(f"a ladder needs at least one step per section; got {tuple(counts)}")
    top = diffusion.t_range[1] if start is None else start
    ends = torch.linspace(0, top, len(counts) + 1, dtype=torch.float64)
    rows = [torch.linspace(0, 1, n + 1, dtype=torch.float64)[1:] * (b - a) + a for n, a, b in zip(counts, ends[:-1], ends[1:], strict=True)]
    return _ladder(diffusion, torch.cat((torch.zeros(1, dtype=torch.float64), *rows)).flip(0))


def karras(diffusion: Diffusion, steps: int, sigma_max: float, sigma_min: float, rho: float = 7.0) -> Tensor:
    """`steps` ratios sigma / alpha from sigma_max to sigma_min, even in ratio^(1 / rho), as times; then 0. (steps + 1,).

    Karras et al., NeurIPS 2022, equation 5. Raises DataError where the range of the diffusion or its levels cannot hold them apart.
    """
    return _ladder(diffusion, _to_zero(diffusion.time(_even_in_root(steps, sigma_max, sigma_min, rho))))


def geometric(diffusion: Diffusion, steps: int, sigma_max: float, sigma_min: float) -> Tensor:
    """`steps` ratios sigma / alpha falling by equal factors from sigma_max to sigma_min, as times; then 0. (steps + 1,)."""
    i = torch.linspace(0, 1, steps, dtype=torch.float64)
    return _ladder(diffusion, torch.cat((diffusion.time(sigma_max * (sigma_min / sigma_max) ** i), torch.zeros(1, dtype=torch.float64))))


def reach(diffusion: Diffusion) -> tuple[float, float]:
    """Smallest and largest ratio sigma / alpha in the range of a Gaussian diffusion."""
    low, high = (float(diffusion.sigma(t) / diffusion.alpha(t)) for t in diffusion.t_range)
    return low, high


def karras_times(diffusion: Diffusion, steps: int, sigma_max: float, sigma_min: float) -> list[float]:
    """`karras` with its ends cut to what the diffusion reaches; every level of a discrete chain at most once, so maybe fewer."""
    low, high = reach(diffusion)
    times = diffusion.time(_even_in_root(steps, min(sigma_max, high), max(sigma_min, low)))
    found: list[float] = _ladder(diffusion, _to_zero(times if diffusion.levels is None else times.unique().flip(0))).tolist()
    return found


def linear_beta_times(diffusion: Diffusion, steps: int, start: float | None = None) -> list[float]:
    """steps + 1 times at the noise-to-signal ratios of an evenly respaced DDPM chain with linear beta, whatever diffusion the prior has.

    The chain is entered at the ratio `start`, and at the largest one that the prior knows where there is none. The same ratios in another
    diffusion are the same sampler, up to the factor alpha of its state.
    """
    chain = VP()
    top = float(chain.time(reach(diffusion)[1] if start is None else start))
    ratios = chain.ratio(uniform(chain, steps, top)[:-1])
    return [*diffusion.time(ratios).tolist(), 0.0]


def time_travel(times: Tensor, last: int, repeats: int) -> Tensor:
    """The ladder with each of its `last` steps t -> s done `repeats` times more: ..., t, s, t, s, ...

    A pair that goes up (s < t) is no estimate but a re-noising of the last one (`renoise`), so this costs last * repeats
    estimates (Lugmayr et al., CVPR 2022; Zhang et al., IEEE TBME 2025).
    """
    steps = len(times) - 1
    if not 0 <= last <= steps or repeats < 0:
        raise ValueError(f"cannot repeat the last {last} of {steps} steps {repeats} times")
    visits = [times[: steps - last + 1]]
    for i in range(steps - last, steps):
        visits.append(torch.stack((times[i + 1], times[i])).repeat(repeats))
        visits.append(times[i + 1 : i + 2])
    return torch.cat(visits)


def _even_in_root(steps: int, sigma_max: float, sigma_min: float, rho: float = 7.0) -> Tensor:
    i = torch.linspace(0, 1, steps, dtype=torch.float64)
    ratios: Tensor = (sigma_max ** (1 / rho) + i * (sigma_min ** (1 / rho) - sigma_max ** (1 / rho))) ** rho
    return ratios


def _to_zero(times: Tensor) -> Tensor:
    return torch.cat((times, torch.zeros(1, dtype=torch.float64)))


def _ladder(diffusion: Diffusion, times: Tensor) -> Tensor:
    if diffusion.levels is not None:
        times = (times * diffusion.levels).round() / diffusion.levels
    if not bool((times.diff() < 0).all()):
        raise DataError(f"{len(times) - 1} steps do not fit between the times {float(times.min())} and {float(times.max())} of "
                        f"{type(diffusion).__name__} (levels: {diffusion.levels}, range: {diffusion.t_range})",
                        hint="Take fewer steps, or a prior of a continuous diffusion.")  # fmt: skip
    return times

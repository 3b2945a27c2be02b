"""Cartesian masks by name: `mask("equispaced-fraction", (320, 320), acceleration=4, center_fraction=0.08, seed=0)`.

Acceleration is the number of all samples over the number taken. Line patterns follow the conventions of fastMRI (Zbontar et al.,
arXiv 1811.08839, and the mask functions of its public code): lines run along ky and are chosen along kx, the last axis; the
centre holds round(n * center_fraction) lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

from ..seeds import generator
from .centre import centre
from .poisson import poisson_disc

Lines = Callable[[int, int, float, torch.Generator], Tensor]


def mask(
    pattern: str,
    shape: Sequence[int],
    acceleration: float,
    center_fraction: float,
    seed: int | torch.Generator,
    *,
    axis: int = -1,
) -> Tensor:
    """A sampling mask (ky, kx), bool, with a fully sampled centre.

    `axis` is the one along which line patterns choose their lines (-1: kx, -2: ky). For two-dimensional patterns the centre is a
    box with `center_fraction` of each side. All patterns take round(n / acceleration) lines or samples, save `equispaced`, whose
    comb alone has the acceleration, and `equispaced-fraction`, where one line more or less may lie beside the centre. Raises
    ConfigError with every fault of the request.
    """
    _check(pattern, shape, acceleration, center_fraction, axis)
    rng = generator(seed)
    ny, nx = shape
    if pattern in PLANES:
        box = (round(ny * center_fraction), round(nx * center_fraction))
        return PLANES[pattern]((ny, nx), round(ny * nx / acceleration), box, rng)
    n = shape[axis]
    taken = LINES[pattern](n, round(n * center_fraction), acceleration, rng)
    return taken[:, None].expand(ny, nx).clone() if axis % 2 == 0 else taken[None, :].expand(ny, nx).clone()


def masks(pattern: str, shape: Sequence[int], acceleration: float, center_fraction: float, count: int) -> Tensor:
    """Masks of the seeds from 0 on, bool (count, ky, kx)."""
    return torch.stack([mask(pattern, shape, acceleration, center_fraction, seed) for seed in range(count)])


def equispaced(n: int, low: int, acceleration: float, rng: torch.Generator) -> Tensor:
    """Every round(acceleration)-th line from a random offset, and the centre besides (so more lines than n / acceleration)."""
    step = round(acceleration)
    taken = torch.zeros(n, dtype=torch.bool)
    taken[int(torch.randint(min(step, n), (), generator=rng)) :: step] = True
    taken[centre(n, low)] = True
    return taken


def equispaced_fraction(n: int, low: int, acceleration: float, rng: torch.Generator) -> Tensor:
    """An even comb from a random offset, spaced so that together with the centre it meets the acceleration.

    The spacing (n - low) / (n / R - low) is that of fastMRI's fraction mask, and so is what follows from it: as many teeth fall into
    the centre as the offset has it, so that a mask may have a line more or less than n / R. Few offsets would give exactly that many,
    in some sizes a single one, and then all seeds one mask.
    """
    taken = _box((n,), (low,))
    if (count := round(n / acceleration) - low) == 0:
        return taken
    spacing = (n - low) / count
    places = ((torch.rand((), generator=rng, dtype=torch.float64) + torch.arange(n)) * spacing).floor().long()
    taken[places[places < n]] = True
    return taken


def random(n: int, low: int, acceleration: float, rng: torch.Generator) -> Tensor:
    """Lines outside the centre with equal chance; exactly round(n / acceleration) in all (fastMRI meets it on average only)."""
    return _weighted(torch.ones(n), _box((n,), (low,)), round(n / acceleration), rng)


def gaussian(n: int, low: int, acceleration: float, rng: torch.Generator) -> Tensor:
    """As `random`, with the chance of a line falling off as a Gaussian of standard deviation n / 6 around the origin."""
    return _weighted(_bell(n), _box((n,), (low,)), round(n / acceleration), rng)


def partial_fourier(n: int, low: int, acceleration: float, rng: torch.Generator) -> Tensor:
    """As `random`, of the upper half of k-space alone as long as that has lines left: with half of all lines half of k-space is missing."""
    upper = (torch.arange(n) >= n // 2).double()
    return _weighted(upper.clamp_min(1e-12), _box((n,), (low,)), round(n / acceleration), rng)


def gaussian_2d(shape: tuple[int, int], count: int, box: tuple[int, int], rng: torch.Generator) -> Tensor:
    """`count` single samples with a Gaussian density (standard deviation a sixth of each side) around a full centre box."""
    ny, nx = shape
    return _weighted(_bell(ny)[:, None] * _bell(nx), _box(shape, box), count, rng)


LINES: dict[str, Lines] = {
    "equispaced": equispaced,
    "equispaced-fraction": equispaced_fraction,
    "random": random,
    "gaussian": gaussian,
    "partial-fourier": partial_fourier,
}
PLANES: dict[str, Callable[[tuple[int, int], int, tuple[int, int], torch.Generator], Tensor]] = {
    "gaussian-2d": gaussian_2d,
    "poisson": poisson_disc,
}
PATTERNS = (*LINES, *PLANES)


def _bell(n: int) -> Tensor:
    return torch.exp(-0.5 * ((torch.arange(n, dtype=torch.float64) - n // 2) / (n / 6)) ** 2)


def _box(shape: tuple[int, ...], size: tuple[int, ...]) -> Tensor:
    taken = torch.zeros(shape, dtype=torch.bool)
    taken[tuple(centre(n, s) for n, s in zip(shape, size, strict=True))] = True
    return taken


def _weighted(weight: Tensor, taken: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """`taken` filled up to `count` by a draw without replacement: the smallest of exponential clocks that tick at `weight`."""
    u = torch.rand(weight.shape, generator=rng, dtype=torch.float64)
    clocks = torch.where(taken, -1.0, -torch.log1p(-u) / weight)
    filled = torch.zeros(taken.numel(), dtype=torch.bool)
    filled[clocks.flatten().argsort(stable=True)[:count]] = True
    return filled.view(taken.shape) | taken


def _check(pattern: str, shape: Sequence[int], acceleration: float, center_fraction: float, axis: int) -> None:
    mistakes = []
    if pattern not in PATTERNS:
        mistakes.append(Mistake("pattern", f"{pattern!r} is not a Cartesian pattern; there are {', '.join(PATTERNS)}"))
    if len(shape) != 2 or min(shape, default=0) < 1:
        mistakes.append(Mistake("shape", f"{tuple(shape)} is not a k-space size (ky, kx)"))
    if not 1 <= acceleration < float("inf"):
        mistakes.append(Mistake("acceleration", f"{acceleration} is not possible; it must be at least 1"))
    if not 0 <= center_fraction <= 1:
        mistakes.append(Mistake("center_fraction", f"{center_fraction} is not between 0 and 1"))
    if axis not in (-2, -1, 0, 1):
        mistakes.append(Mistake("axis", f"{axis} is not an axis of (ky, kx)"))
    if not mistakes:
        mistakes += _check_budget(pattern, shape, acceleration, center_fraction, axis)
    if mistakes:
        raise ConfigError(mistakes)


def _check_budget(pattern: str, shape: Sequence[int], acceleration: float, center_fraction: float, axis: int) -> list[Mistake]:
    sides, what = (shape, "samples") if pattern in PLANES else ((shape[axis],), "lines")
    full, low = 1, 1
    for n in sides:
        full, low = full * n, low * round(n * center_fraction)
    budget = round(full / acceleration)
    if budget < 1:
        return [Mistake("acceleration", f"{acceleration} leaves none of {full} {what}; lower it")]
    if low > budget and pattern != "equispaced":
        fault = f"the centre takes {low} {what}, but acceleration {acceleration} allows {budget} of {full}; lower one"
        return [Mistake("center_fraction", fault)]
    return []

"""Plug and play: the denoiser of a prior and the data in turn, without noise: one estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import compress, cycle, product
from math import sqrt

import torch
from torch import Tensor

from ..consistency.proximal import proximal
from ..diffusions.ladders import reach
from .process import Reverse


def plug_and_play(chain: Reverse, x: Tensor, levels: Iterable[float], *, weight: float = 0.2, iterations: int = 8,
                  mirrored: bool = False) -> Iterator[Tensor]:  # fmt: skip
    """x0 = D(x, sigma);  x = argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / sigma^2, in turn, once per level; yields every x.

    From an estimate x (sample, *domain); `mirrored` as in `denoisers`.
    Source: Zhang et al., Plug-and-play image restoration with deep denoiser prior, 2021, algorithm 1 and section 4.2.
    """
    for sigma, D in zip(levels, denoisers(chain, mirrored), strict=False):
        x = proximal(chain.problem, D(x, sigma), sigma / sqrt(weight), iterations=iterations)
        yield x


def denoisers(chain: Reverse, mirrored: bool = True) -> Iterator[Callable[[Tensor, float | Tensor], Tensor]]:
    """Without end: D(x, sigma), the prior as denoiser of images (sample, *domain), for one call each.

    With `mirrored` every call sees the image mirrored along other spatial axes, so that a network's own asymmetries average out, unless
    the prior was told more than the image, which would have to be mirrored too.
    """
    space = chain.problem.space
    axes = [] if chain.conditions or not mirrored else [space.dim(a) for a in space.axes if a in {"x", "y", "z"}]
    mirrors = [list(compress(axes, chosen)) for chosen in product((False, True), repeat=len(axes))]
    for mirror in cycle(mirrors):
        yield lambda x, sigma, mirror=mirror: chain.denoised(x.flip(mirror), sigma).flip(mirror)  # type: ignore[misc]


def falling(chain: Reverse, steps: int, sigma_max: float, sigma_min: float) -> list[float]:
    """`steps` levels of noise from `sigma_max` to `sigma_min` by equal factors, within what the prior was trained for."""
    levels = sigma_max * (sigma_min / sigma_max) ** torch.linspace(0, 1, steps, dtype=torch.float64)
    found: list[float] = levels.clamp(*reach(chain.diffusion)).tolist()
    return found

"""Plug and play: the denoiser of a prior and the data in turn, without noise: one estimate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import compress, product
from math import sqrt

from torch import Tensor

from ..consistency.proximal import proximal
from .process import Reverse


def plug_and_play(chain: Reverse, x: Tensor, levels: Iterable[float], *, weight: float = 0.2, iterations: int = 8,
                  mirrored: bool = False) -> Iterator[Tensor]:  # fmt: skip
    """x0 = D(x, sigma);  x = argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / sigma^2, in turn, once per level; yields every x.

    From an estimate x (sample, *domain). With `mirrored` every call sees the image mirrored along other spatial axes, so that a network's
    own asymmetries average out, unless the prior was told more than the image, which would have to be mirrored too.
    Source: Zhang et al., Plug-and-play image restoration with deep denoiser prior, 2021, algorithm 1 and section 4.2.
    """
    space = chain.problem.space
    axes = [] if chain.conditions or not mirrored else [space.dim(a) for a in space.axes if a in {"x", "y", "z"}]
    mirrors = [list(compress(axes, chosen)) for chosen in product((False, True), repeat=len(axes))]
    for i, sigma in enumerate(levels):
        mirror = mirrors[i % len(mirrors)]
        x0 = chain.denoised(x.flip(mirror), sigma).flip(mirror)
        x = proximal(chain.problem, x0, sigma / sqrt(weight), iterations=iterations)
        yield x

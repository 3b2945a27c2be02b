"""l1-wavelet compressed sensing by accelerated proximal gradients."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn.functional import pad

from mridiff.interfaces import Problem, Sampler, Step, Streams

from .least_squares import for_samples, largest, normal_equations, peak
from .orthogonal_wavelet import OrthogonalWavelet

__all__ = ["L1Wavelet"]


class L1Wavelet(Sampler):
    """argmin_x 1/2 |A x - y|^2 + weight max|A^H y| |W x|_1 by FISTA, W an orthogonal wavelet transform of the spatial axes.

    The grid of W is shifted at random in each iteration (as `bart pics` does), which removes the blocks that one grid leaves; the
    coarsest approximation is not shrunk. Sizes that the levels do not divide are padded: the unknown is then an image on the larger
    grid, of which A sees a part. The shifts come from a stream of their own, the same for all samples and scans.
    Sources: Lustig, Donoho, Pauly, Sparse MRI, 2007; Beck, Teboulle, A fast iterative shrinkage-thresholding algorithm, 2009, (4.1)-(4.3).
    """

    def __init__(self, *, weight: Annotated[float, Ge(0), "threshold, relative to the largest value of |A^H y|"] = 0.001,
                 iterations: Annotated[int, Ge(1), "FISTA iterations"] = 100,
                 levels: Annotated[int, Ge(1), Le(8), "wavelet levels, fewer where the image is small"] = 4,
                 wavelet: Annotated[str, "an orthogonal wavelet by its PyWavelets name"] = "db2",
                 shifts: Annotated[bool, "shift the wavelet grid at random"] = True) -> None:  # fmt: skip
        super().__init__()
        self.weight, self.iterations, self.levels, self.wavelet, self.shifts = weight, iterations, levels, wavelet, shifts

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per iteration."""
        H, b = normal_equations(problem)
        axes = sum(1 for a in problem.space.axes if a in {"x", "y", "z"})
        dims = tuple(range(-axes, 0))
        if axes == 0 or not set(problem.space.axes[-axes:]) <= {"x", "y", "z"}:
            raise TypeError(f"l1-wavelet wants the spatial axes last; the unknown has axes {', '.join(problem.space.axes)}")
        W = OrthogonalWavelet(self.wavelet, self._levels(b.shape[-axes:]), axes)
        padding = [p for dim in reversed(dims) for p in (0, -b.shape[dim] % 2**W.levels)]
        step = 1 / largest(H, b).clamp_min(torch.finfo(b.real.dtype).eps)
        threshold = self.weight * peak(b) * step
        shift = Streams.of(0, "wavelet grid")
        x = v = pad(b * step, padding)
        momentum = 1.0
        for i in range(self.iterations):
            u = v - pad(step * (H(_crop(v, b)) - b), padding)
            by = tuple(shift.integers(0, 2**W.levels, (axes,))[0].tolist()) if self.shifts else (0,) * axes
            c = W.analysis(u.roll(by, dims))
            new = W.synthesis(_shrink_details(W, c, threshold)).roll(tuple(-s for s in by), dims)
            following = (1 + sqrt(1 + 4 * momentum**2)) / 2
            v = new + ((momentum - 1) / following) * (new - x)
            x, momentum = new, following
            yield Step(i, self.iterations, for_samples(_crop(x, b), rng))

    def _levels(self, sizes: tuple[int, ...]) -> int:
        """As many levels as asked for, while the coarsest band is not shorter than the filter reaches."""
        import pywt

        reach = pywt.Wavelet(self.wavelet).rec_len
        return next(k for k in range(self.levels, -1, -1) if k == 0 or min(sizes) >= reach * 2 ** (k - 1))


def _crop(x: Tensor, like: Tensor) -> Tensor:
    for dim, n in enumerate(like.shape):
        x = x.narrow(dim, 0, n)
    return x


def _shrink_details(W: OrthogonalWavelet, c: Tensor, threshold: Tensor) -> Tensor:
    """Soft thresholding of complex numbers, except of the coarsest approximation."""
    size = c.abs()
    gain = (1 - threshold / size.clamp_min(torch.finfo(size.dtype).tiny)).clamp_min_(0)
    W.approximation(gain).fill_(1)
    return c * gain

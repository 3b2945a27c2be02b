"""L+S: a series as a background of low rank and changes that are few in temporal frequency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Field, Problem, Sampler, Step, Streams
from mridiff_sdk.fourier import fft, ifft

from .least_squares import for_samples, largest, normal_equations

__all__ = ["LPlusS"]


class LPlusS(Sampler):
    """argmin 1/2 |A (L + S) - y|^2 + low_rank s_1 |L|_* + sparse m |T S|_1, T the Fourier transform over t, the result L + S.

    L is a matrix of frames and pixels. s_1 is the largest singular value of A^H y and m the largest |T A^H y|, so that weights mean the
    same in all units; c is the largest eigenvalue of A^H A. By proximal gradients on both at once: L is M - S with its
    singular values shrunk, S is M - L with T S shrunk, M = L + S - A^H (A (L + S) - y) / c. The last step's outputs are `background` L and
    `changes` S. Source: Otazo, Candes, Sodickson, Low-rank plus sparse matrix decomposition for accelerated dynamic MRI with separation
    of background and dynamic components, Magn. Reson. Med. 73, 2015, table 1.
    """

    def __init__(self, *, low_rank: Annotated[float, Gt(0), "weight of the nuclear norm, relative to the largest singular value"] = 0.01,
                 sparse: Annotated[float, Gt(0), "weight of the temporal frequencies, relative to the largest of them"] = 0.0025,
                 iterations: Annotated[int, Ge(1), "proximal gradient iterations"] = 50) -> None:  # fmt: skip
        super().__init__()
        self.low_rank, self.sparse, self.iterations = low_rank, sparse, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per iteration; raises TypeError for an unknown without the axis t."""
        axes = problem.space.axes
        if "t" not in axes:
            raise TypeError(f"l-plus-s is for series; the unknown has axes {', '.join(axes)} and no t")
        t = problem.space.dim("t")
        H, b = normal_equations(problem)
        c = largest(H, b).clamp_min(torch.finfo(b.real.dtype).eps)
        M = b / c
        rank = self.low_rank * torch.linalg.svdvals(casorati(M, t))[:, 0]
        size = self.sparse * fft(M, (t,)).abs().flatten(1).amax(1)
        L, S = M, torch.zeros_like(M)
        for i in range(self.iterations):
            L, S = shrunk_rank(M - S, t, rank), shrunk_frequencies(M - L, t, size)
            x = L + S
            M = x - (H(x) - b) / c
            parts = {"background": L, "changes": S} if i == self.iterations - 1 else {}
            yield Step(i, self.iterations, for_samples(x, rng), outputs={k: Field(for_samples(v, rng), axes) for k, v in parts.items()})


def casorati(x: Tensor, t: int) -> Tensor:
    """x (sample, ...) as matrices of frames and all else, (sample, frame, pixel)."""
    return x.movedim(t, 1).flatten(2)


def shrunk_rank(x: Tensor, t: int, threshold: Tensor) -> Tensor:
    """x (sample, ...) with the singular values of its frames reduced by the threshold (sample,)."""
    U, s, V = torch.linalg.svd(casorati(x, t), full_matrices=False)
    low: Tensor = (U * (s - threshold[:, None]).clamp_min(0)[:, None]) @ V
    return low.reshape(x.movedim(t, 1).shape).movedim(1, t)


def shrunk_frequencies(x: Tensor, t: int, threshold: Tensor) -> Tensor:
    """x (sample, ...) with the sizes of its temporal frequencies reduced by the threshold (sample,)."""
    c = fft(x, (t,))
    size = c.abs()
    kept = (1 - threshold.reshape(-1, *(1,) * (x.ndim - 1)) / size.clamp_min(torch.finfo(size.dtype).tiny)).clamp_min(0)
    back = ifft(c * kept, (t,))
    return back if x.is_complex() else back.real

"""Non-uniform Fourier transforms: those of `fourier`, centred and orthonormal, at any places of k-space; computed by finufft.

Places k (*samples, d) are in cycles per field of view, their last axis in the order of the image axes, from -n/2 to n/2 along an axis of
n pixels. With c = n // 2

    y(k) = n^-1/2  sum_p  x[p] exp(-2 pi i (p - c) k / n),

so that whole numbers k give the transform on the grid. On an accelerator the arrays pass through the processor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from mridiff.errors import MissingPackage

__all__ = ["density", "nufft", "nufft_adjoint"]

TOLERANCE = {torch.complex64: (2e-5, 1.25), torch.complex128: (1e-13, 2.0)}
"""Relative error, and how much finer the grid inside is: at 1.25 the widest kernel of single precision, and half the time of 2."""
TURNS = 10
"""Iterations of the density: of spirals and spokes it then changes by less than a hundredth."""


def nufft(x: Tensor, k: Tensor) -> Tensor:
    """Images x, complex (batch, *image), at the places k (*samples, d): y (batch, *samples)."""
    size = x.shape[-k.shape[-1] :]
    return _transformed(2, size, x, k).reshape(len(x), *k.shape[:-1])


def nufft_adjoint(y: Tensor, k: Tensor, size: Sequence[int]) -> Tensor:
    """The adjoint of `nufft`: samples y, complex (batch, *samples), to images of `size`, (batch, *image)."""
    return _transformed(1, size, y.flatten(1), k).reshape(len(y), *size)


def density(k: Tensor, size: Sequence[int]) -> Tensor:
    """The area of k-space that each place stands for, real (*samples,), in (cycles per field of view)^d: 1 for samples on the grid.

    Weights w with C w = 1, C_ij = prod sinc^2(k_i - k_j), by w <- w / C w: the Fourier transform of C is a triangle, twice as wide as the
    image of `size`, so that C w takes two transforms. Source: Pipe, Menon, Magn. Reson. Med. 41, 1999.
    """
    wide = [2 * n for n in size]
    triangle = torch.ones((), dtype=torch.float64, device=k.device)
    for n, m in zip(size, wide, strict=True):
        triangle = triangle[..., None] * (1 - (torch.arange(m, dtype=torch.float64, device=k.device) - n).abs() / n) * (m / n)
    k = 2 * k.double()
    w = torch.ones(k.shape[:-1], dtype=torch.float32, device=k.device)
    for _ in range(TURNS):
        around = nufft(triangle.float() * nufft_adjoint(w[None].to(torch.complex64), k, wide), k)[0].real
        w = w / around.clamp_min(torch.finfo(w.dtype).eps)
    return w


def _transformed(kind: int, size: Sequence[int], x: Tensor, k: Tensor) -> Tensor:
    """x by finufft's type 1 or 2: each array by one thread, since several that spread one array add it up in another order every time."""
    try:
        import finufft
    except ImportError as error:
        raise MissingPackage("non-Cartesian sampling needs the package finufft, which is not installed",
                             hint="pip install 'mridiff-sdk[nufft]'") from error  # fmt: skip
    tolerance, finer = TOLERANCE[x.dtype]
    options = {
        "eps": tolerance,
        "upsampfac": finer,
        "isign": -1 if kind == 2 else 1,
        "dtype": str(x.dtype).removeprefix("torch."),
        "nthreads": 1,
    }
    angles = k.reshape(-1, k.shape[-1]).double() * (2 * math.pi / torch.tensor(tuple(size), dtype=torch.float64, device=k.device))
    points = [_array(a) for a in angles.to(x.real.dtype).unbind(-1)]

    def run(part: Tensor) -> Tensor:  # making a plan costs little beside the transforms
        plan = finufft.Plan(kind, tuple(size), n_trans=len(part), **options)
        plan.setpts(*points)
        made: Tensor = torch.from_numpy(plan.execute(_array(part)))
        return made.reshape(len(part), *made.shape[-len(size) if kind == 1 else -1 :])

    parts = x.tensor_split(min(len(x), torch.get_num_threads()))
    if len(parts) == 1:
        return run(x).to(x.device) / math.sqrt(math.prod(size))
    with ThreadPoolExecutor(len(parts)) as pool:
        return torch.cat(list(pool.map(run, parts))).to(x.device) / math.sqrt(math.prod(size))


def _array(x: Tensor) -> Any:
    return x.detach().resolve_conj().cpu().contiguous().numpy()

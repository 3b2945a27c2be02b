"""Virtual coils: the few combinations of coils that hold most of the signal."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff_sdk.sampling_patterns import centre

CENTRE = 0.08
"""Part of each side of k-space, around its centre, on which a scan calibrates itself."""


def calibration(ny: int, nx: int, share: float = CENTRE) -> tuple[slice, slice]:
    """The central `share` of each side, as slices of ky and kx."""
    y, x = (centre(n, max(1, round(n * share))) for n in (ny, nx))
    return y, x


def compression(k: Tensor, count: int) -> Tensor:
    """V (sample, coil, count) with orthonormal columns: the strongest combinations of the centre of k (sample, coil, ky, kx).

    Virtual coils are V^H k, coils V times these. Each is turned so that its sample at the origin is real and positive. Columns beyond
    the number of coils are zero.
    """
    ny, nx = k.shape[-2:]
    low = k[..., *calibration(ny, nx)].flatten(2)
    vectors = torch.linalg.eigh(low @ low.mH)[1].flip(-1)[..., :count]
    origin = (vectors.mH @ k[..., ny // 2, nx // 2, None])[..., 0]
    turn = torch.where(origin.abs() > 0, origin / origin.abs().clamp_min(torch.finfo(origin.real.dtype).tiny), 1)
    V = vectors * turn[:, None]
    missing = count - V.shape[-1]
    return torch.cat([V, V.new_zeros(*V.shape[:-1], missing)], -1) if missing > 0 else V


def compress(V: Tensor, k: Tensor) -> Tensor:
    """V^H k, (sample, count, ky, kx)."""
    return torch.einsum("ncv,ncyx->nvyx", V.conj(), k)


def expand(V: Tensor, k: Tensor) -> Tensor:
    """V k, (sample, coil, ky, kx)."""
    return torch.einsum("ncv,nvyx->ncyx", V, k)

"""Smooth coil maps that are unknown: y_c = M F S_c x, the maps S_c polynomials of the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Nuisance, ParametricOperator, Space
from mridiff_sdk.operators import Coils, Fourier, Mask, check_mask

__all__ = ["SmoothMapsSense", "polynomials"]


class SmoothMapsSense(ParametricOperator):
    """y_c = M F S_c x with S_c = sum_k a_ck P_k: phi["coefficients"] is a, complex (1 or sample, coil, channel), P orthonormal polynomials.

    x is complex (sample, y, x), y complex (sample, coil, ky, kx). A factor of all maps cannot be told from one of the image: their size
    stays that of the maps to begin with, and the inner product with these positive. These are the polynomials of `degree` nearest to
    `maps`, complex (1 or sample, coil, y, x), where there are any. `mask` is real (1 or sample, ky, kx). Raises
    DataError where maps and mask do not fit, or no pixel has maps. Source: Ying and Sheng, Magn. Reson. Med. 57, 2007 (JSENSE).
    """

    mask: Tensor
    basis: Tensor

    def __init__(self, maps: Tensor, mask: Tensor, degree: int = 4) -> None:
        super().__init__()
        check_mask(mask)
        size = (maps.shape[-2], maps.shape[-1])
        seen = maps.abs().square().sum(1) > 0 if maps.ndim == 4 else torch.zeros(1, 1, dtype=torch.bool)
        if size != tuple(mask.shape[1:]) or not maps.is_complex() or not bool(seen.flatten(1).any(1).all()):
            raise DataError(f"coil maps {maps.dtype} of shape {tuple(maps.shape)} do not fit a mask {tuple(mask.shape)}, or are empty",
                            hint="Give complex maps (1 or sample, coil, y, x) on the grid of the mask.")  # fmt: skip
        self.register_buffer("mask", mask)
        self.register_buffer("basis", polynomials(size, degree, maps.real.dtype).to(maps.device))
        self.domain = Space(("y", "x"), size)
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")
        start = torch.stack([_fit(self.basis, one, where) for one, where in zip(maps, seen, strict=True)])
        space = Space(("coil", "channel"), tuple(start.shape[1:]), kind="coil maps")
        self.nuisance = {
            "coefficients": Nuisance(space, start, "", 0.1 * float(start.abs().square().mean().sqrt()), lambda a: _as(start, a))
        }

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 degree: Annotated[int, Ge(0), Le(12), "of the polynomials of the place that the maps are"] = 4) -> Self:  # fmt: skip
        """The operator of a scan with `mask` and `sensitivity_maps`, with which an estimate begins."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        return cls(maps, mask, degree)

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator with the maps of phi["coefficients"] (1 or sample, coil, channel)."""
        S = Coils(self.maps(phi["coefficients"]))
        F = Fourier(S.codomain, ["y", "x"])
        return Mask(F.codomain, self.mask, ("ky", "kx")) @ F @ S

    def maps(self, coefficients: Tensor) -> Tensor:
        """The coil maps (sample, coil, y, x) of coefficients (sample, coil, channel)."""
        found: Tensor = torch.einsum("nck,kyx->ncyx", coefficients, self.basis.to(coefficients.dtype))
        return found


def polynomials(size: tuple[int, int], degree: int, precision: torch.dtype = torch.float32) -> Tensor:
    """Polynomials of y and x up to a total degree, real (channel, y, x), orthogonal over the pixels, each of mean square 1.

    The first is 1; those that pixels are too few to tell apart are left out.
    """
    lines = [torch.linspace(-1, 1, n, dtype=torch.float64) if n > 1 else torch.zeros(1, dtype=torch.float64) for n in size]
    powers = [(i, j) for total in range(degree + 1) for i in range(total, -1, -1) for j in [total - i] if i < size[0] and j < size[1]]
    made = torch.stack([(lines[0] ** i)[:, None] * lines[1] ** j for i, j in powers]).flatten(1)
    q, r = torch.linalg.qr(made.mT)
    kept: Tensor = q * r.diagonal().sign()
    return kept.mT.reshape(-1, *size).mul(made.shape[1] ** 0.5).to(precision)


def _fit(basis: Tensor, maps: Tensor, where: Tensor) -> Tensor:
    """The coefficients (coil, channel) nearest to maps (coil, y, x) at the pixels `where` (y, x), of least size where they are too few."""
    found: Tensor = torch.linalg.pinv(basis[:, where].mT).to(maps.dtype) @ maps[:, where].mT
    return found.mT


def _size(a: Tensor) -> Tensor:
    """The root of the sum of squares of each sample, (sample, 1, 1)."""
    return a.abs().square().sum((1, 2), keepdim=True).sqrt()


def _as(start: Tensor, a: Tensor) -> Tensor:
    """The coefficients, of the size of those to begin with and turned as they are; these, where nothing is left."""
    start = start.to(a.dtype).expand_as(a)
    inner, size = (start.conj() * a).sum((1, 2), keepdim=True), _size(a) / _size(start)
    turn = torch.where(inner == 0, 1, inner.conj() / torch.where(inner == 0, 1, inner.abs()))
    return torch.where(size > 0, a * turn / torch.where(size > 0, size, 1), start)

"""Mixing: what coils make of each other, voxel by voxel."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space


class Mixing(LinearOperator):
    """x_a(r) = sum_b M_ab(r) x_b(r), x complex (sample, coil, *axes), with matrices M, complex (1 or sample, coil, coil, *axes).

    Raises DataError for matrices that are real, not square, or do not fit the axes.
    """

    matrices: Tensor

    def __init__(self, matrices: Tensor, axes: tuple[str, ...] = ("y", "x")) -> None:
        super().__init__()
        if not matrices.is_complex() or matrices.ndim != len(axes) + 3 or matrices.shape[1] != matrices.shape[2]:
            raise DataError(f"matrices that mix coils are {matrices.dtype} of shape {tuple(matrices.shape)}; expected complex "
                            f"(1 or sample, coil, coil, {', '.join(axes)})", hint="Give a square matrix for every voxel.")  # fmt: skip
        self.register_buffer("matrices", matrices)
        self.domain = self.codomain = Space(("coil", *axes), tuple(matrices.shape[2:]))

    def forward(self, x: Tensor) -> Tensor:
        """M x."""
        return (self.matrices * x[:, None]).sum(2)

    def adjoint(self, y: Tensor) -> Tensor:
        """M^H y."""
        return (self.matrices.conj() * y[:, :, None]).sum(1)

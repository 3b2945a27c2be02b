"""Coils: what each receiver sees of an image."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space


class Coils(LinearOperator):
    """S_c x, x complex (sample, *axes) to (sample, coil, *axes), with maps S, complex (1 or sample, coil, *axes).

    Raises DataError for maps that are real or have other axes.
    """

    maps: Tensor

    def __init__(self, maps: Tensor, axes: tuple[str, ...] = ("y", "x")) -> None:
        super().__init__()
        if not maps.is_complex() or maps.ndim != len(axes) + 2:
            raise DataError(f"the coil maps are {maps.dtype} of shape {tuple(maps.shape)}; expected complex (1 or sample, coil, "
                            f"{', '.join(axes)})", hint="Give one set of maps for all samples, or one per sample.")  # fmt: skip
        self.register_buffer("maps", maps)
        self.domain = Space(axes, tuple(maps.shape[2:]))
        self.codomain = Space(("coil", *axes), tuple(maps.shape[1:]))

    def forward(self, x: Tensor) -> Tensor:
        """S_c x."""
        return self.maps * x[:, None]

    def adjoint(self, y: Tensor) -> Tensor:
        """sum_c conj(S_c) y_c."""
        return (self.maps.conj() * y).sum(1)

    def normal(self, x: Tensor) -> Tensor:
        """sum_c |S_c|^2 x."""
        return self.maps.abs().square().sum(1) * x

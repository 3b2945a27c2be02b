"""Coils: what each receiver sees of an image."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space


class Coils(LinearOperator):
    """S_c x, x complex (sample, *domain) to (sample, coil, *domain), with maps S, complex (1 or sample, coil, *axes).

    `axes` are all of the domain by default; those of a larger `domain` that are not among them (frames, for example) have the same
    maps. Raises DataError for maps that are real or have other axes or sizes.
    """

    maps: Tensor
    codomain: Space

    def __init__(self, maps: Tensor, axes: tuple[str, ...] = ("y", "x"), domain: Space | None = None) -> None:
        super().__init__()
        check_maps(maps, axes)
        domain = Space(axes, tuple(maps.shape[2:])) if domain is None else domain
        sizes = dict(zip(axes, maps.shape[2:], strict=True))
        if [a for a in domain.axes if a in axes] != [*axes] or any(
            sizes.get(a, n) != n for a, n in zip(domain.axes, domain.sizes, strict=True)
        ):
            raise DataError(f"coil maps of shape {tuple(maps.shape)} over {', '.join(axes)} do not fit {domain}",
                            hint="Give (1 or sample, coil, *axes) with the axes in the order of the image.")  # fmt: skip
        self.register_buffer("maps", maps)
        self.shape = tuple(sizes.get(a, 1) for a in domain.axes)
        self.domain = domain
        self.codomain = replace(domain, axes=("coil", *domain.axes), sizes=(maps.shape[1], *domain.sizes))

    @property
    def factor(self) -> Tensor:
        """The maps, shaped to multiply x with a coil axis."""
        return self.maps.reshape(*self.maps.shape[:2], *self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """S_c x."""
        return self.factor * x[:, None]

    def adjoint(self, y: Tensor) -> Tensor:
        """sum_c conj(S_c) y_c."""
        return (self.factor.conj() * y).sum(1)

    def normal(self, x: Tensor) -> Tensor:
        """sum_c |S_c|^2 x."""
        return self.factor.abs().square().sum(1) * x


def check_maps(maps: Tensor, axes: tuple[str, ...] = ("y", "x")) -> None:
    """Raise DataError unless `maps` are complex, (1 or sample, coil, *axes)."""
    if not maps.is_complex() or maps.ndim != len(axes) + 2:
        raise DataError(f"the coil maps are {maps.dtype} of shape {tuple(maps.shape)}; expected complex (1 or sample, coil, "
                        f"{', '.join(axes)})", hint="Give one set of maps for all samples, or one per sample.")  # fmt: skip

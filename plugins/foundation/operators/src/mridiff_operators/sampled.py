"""Sampling of k-space on its grid: what Cartesian operators of one coil, of coil images and of series share."""

from __future__ import annotations

from torch import Tensor

from mridiff.interfaces import Composition, Space
from mridiff_sdk.operators import Fourier, Mask


class Sampled(Composition):
    """y = M F x, x complex (sample, *domain), F along y and x, M a binary mask, real (1 or sample, *axes); zero where nothing was sampled.

    A A^H y = y for such y. The normal operator transforms only along the axes on which the sampling varies. Raises DataError for a
    mask that is not binary or has other axes.
    """

    def __init__(self, domain: Space, mask: Tensor, axes: tuple[str, ...]) -> None:
        F = Fourier(domain, ("y", "x"))
        super().__init__(Mask(F.codomain, mask, axes), F)

    @property
    def mask(self) -> Tensor:
        """The mask."""
        mask: Tensor = self.A.mask  # type: ignore[assignment]
        return mask

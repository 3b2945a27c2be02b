"""Local: what acts on each place of k-space by itself."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from mridiff.interfaces import LinearOperator


class Local(LinearOperator):
    """An operator A on k-space, for which A^H A has nothing to do with the neighbours of a place.

    After a Fourier transform it is a circular convolution of the image, F^H A^H A F: it needs no centring, and no transform along an axis
    along which A^H A is everywhere the same.
    """

    varying: frozenset[int]
    """Dimensions of x, from the end, along which A^H A varies."""

    @abstractmethod
    def wrapped(self, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        """A^H A x, for x (sample, *domain) whose origin along `dims` comes first, where torch's transforms leave it."""

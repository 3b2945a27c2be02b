"""Pairs of real numbers for complex ones."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Codec, Field, Space

from ..complex import from_channels, to_channels


class Channels(Codec):
    """u = sqrt(2) (Re x, Im x), real, with an axis `channel` of 2 after the sample axis.

    The factor makes the two conventions of noise agree: white noise of level sigma per complex number is white noise of the same
    sigma per real number of u, and |u|^2 / 2 = |x|^2, the exponents of the two densities.
    """

    kind = "unitary"

    def space(self, domain: Space) -> Space:
        """Real, with `channel` first; raises ValueError for a domain that is real or has channels already."""
        if not domain.complex or "channel" in domain.axes:
            raise ValueError(f"the channels codec needs a complex space without an axis 'channel'; got {domain}")
        return Space(("channel", *domain.axes), (2, *domain.sizes), False, domain.unit, domain.kind)

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """sqrt(2) (Re, Im), (sample, 2, ...)."""
        return 2**0.5 * to_channels(x)

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The complex numbers, (sample, ...)."""
        return from_channels(u * 0.5**0.5)

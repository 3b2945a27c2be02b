"""Codec: the way between the operator's domain and the space in which a prior lives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn

from .scan import Field
from .space import Space


class Codec(nn.Module, ABC):
    """u = encode(x), x = decode(u); `decode(encode(x)) = x` up to the codec's declared loss.

    `kind`: "identity"; "unitary" keeps white noise white; "linear" may weight it (weighted k-space, whitening); "nonlinear" (autoencoder).
    """

    kind: Literal["identity", "unitary", "linear", "nonlinear"]

    def space(self, domain: Space) -> Space:
        """The space of u for an operator's domain; the identity keeps it."""
        return domain

    def domain(self, space: Space) -> Space:
        """The way back: the space of x for one of u. It is asked for where no operator tells what x is; the identity keeps it."""
        return space

    @abstractmethod
    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The prior's representation u of x (sample, *domain)."""

    @abstractmethod
    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """x of u; where information was weighted away, the pseudo-inverse."""

    def forward(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """Same as `decode`."""
        return self.decode(u, conditions)


class Identity(Codec):
    """The prior speaks of x itself."""

    kind = "identity"

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """x."""
        return x

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """u."""
        return u

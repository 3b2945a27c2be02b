"""Codecs one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn

from mridiff.interfaces import Codec, Field, Space

_KINDS: tuple[Literal["identity", "unitary", "linear", "nonlinear"], ...] = ("identity", "unitary", "linear", "nonlinear")


class Compose(Codec):
    """encode = the parts in the order given, decode = their decoders in reverse; as lossy and as nonlinear as the worst of them."""

    parts: nn.ModuleList

    def __init__(self, *parts: Codec) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self._codecs = parts
        self.kind = max((part.kind for part in parts), key=_KINDS.index, default="identity")

    def space(self, domain: Space) -> Space:
        """The last part's space."""
        for part in self._codecs:
            domain = part.space(domain)
        return domain

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """All encoders, first to last."""
        for part in self._codecs:
            x = part.encode(x, conditions)
        return x

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """All decoders, last to first."""
        for part in reversed(self._codecs):
            u = part.decode(u, conditions)
        return u

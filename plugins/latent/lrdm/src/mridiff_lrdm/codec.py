"""The codec: between coil images and codes of their k-space; its decoder reads what was measured."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Codec, Field, Space
from mridiff_sdk.fourier import fft, ifft

from .net import LatentNet
from .seen import Seen

NEEDS = ("measured", "missing")


class LatentKspace(Codec):
    """z = E1(measured, F x), x = F^-1 G(measured, z) / w, for images (sample, ..., y, x) and codes (sample, ..., token).

    Every image has a code of its own. Decoding gives 0 within the void of the network. Lossy: a code of so few numbers says what kind
    of k-space it is; where things are, the measured samples say. Both ways need the conditions that the prior computes, and raise
    DataError without them.
    """

    kind = "nonlinear"

    def __init__(self, model: LatentNet) -> None:
        super().__init__()
        self.model = model

    def space(self, domain: Space) -> Space:
        """A code for every image of the domain; raises ValueError unless its last axes are (y, x) and it is complex."""
        if domain.axes[-2:] != ("y", "x") or not domain.complex:
            raise ValueError(f"codes of k-space need a complex space whose last axes are y, x; got {domain}")
        return Space((*domain.axes[:-2], "token"), (*domain.sizes[:-2], self.model.latent), False, kind="latent")

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The teacher's codes (sample, ..., token) of images."""
        seen = gather(conditions, x.shape[:-2], self.model.void)
        code = self.model.teach(seen, fft(x).flatten(0, -3)).reshape(*x.shape[:-2], -1)
        return code.to(x.real.dtype)

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """Images (sample, ..., y, x) of codes."""
        seen = gather(conditions, u.shape[:-1], self.model.void)
        k = seen.absolute(self.model.decode(seen, u.flatten(0, -2)))
        return ifft(k.reshape(*u.shape[:-1], *k.shape[-2:]))


def gather(conditions: Mapping[str, Field] | None, lead: torch.Size, void: float) -> Seen:
    """What was measured of `lead` (sample, ...) images, one after the other."""
    if not conditions or not conditions.keys() >= set(NEEDS):
        raise DataError(f"codes are read beside the measurement: the conditions {', '.join(NEEDS)} are not given",
                        hint="pass what conditions(problem) of the prior returns")  # fmt: skip
    measured, missing = (conditions[name].data for name in NEEDS)
    k, gaps = (f.expand(*lead, *f.shape[-2:]).flatten(0, -3) for f in (measured, missing))
    return Seen.of(k, gaps, void)

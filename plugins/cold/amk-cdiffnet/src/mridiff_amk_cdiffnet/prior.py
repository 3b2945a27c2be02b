"""The restorer as a prior: all k-space of all coils from what a nested mask has left of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor

from mridiff.interfaces import Field, Scaling, Space, Streams
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.nets import Name, NetworkPrior, named
from mridiff_sdk.sampling_patterns import Order, UnitChoice

from .net import AMKNet
from .plugin import WEIGHTS
from .virtual import compress, compression, expand


class AMKRestorer(NetworkPrior[AMKNet]):
    """Estimates k0 from k_t = M_t k0, complex (sample, coil, ky, kx), any number of coils, scaled so that the largest magnitude of the
    zero-filled coil images is 1.

    The network sees the strongest combinations of coils; what it predicts is brought back to the coils and fills missing samples alone.
    M_t is read from k_t: missing is what is exactly zero in all coils. With `schedule` "energy", equal steps of t restore equal shares
    of the expected magnitude of the missing samples, by the radial profile that came with the weights; "uniform", of their number.
    """

    space = Space(("coil", "ky", "kx"))
    scaling = Scaling("max-adjoint", 1.0)

    def __init__(
        self,
        weights: Name = "brain",
        schedule: Annotated[Literal["energy", "uniform"], "energy or uniform: what equal steps take equal shares of"] = "energy",
        order: Annotated[Order, "what comes back first: any, the centre of k-space, or its edge"] = "centre_out",
        unit: Annotated[UnitChoice, "what is removed at once; auto: the largest that the scan's mask is made of"] = "auto",
    ) -> None:
        net = named(AMKNet, weights, WEIGHTS, __file__, "amk-restorer")
        gain = NestedMasks(unit, order, weight=net.weight if schedule == "energy" else None)
        super().__init__(net, FourierDiffusion(gain, kspace=True))
        self.codec = Fourier()

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of all k-space (sample, coil, ky, kx), equal to x_t where that is not missing."""
        V = compression(x_t, int(self.model.architecture["coils"]))
        filled = expand(V, self.model(compress(V, x_t), t))
        missing = (x_t == 0).all(1, keepdim=True)
        return torch.where(missing, filled, x_t)

"""The two priors: denoisers of single frames in weighted k-space, trained on global and on local merges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from torch import Tensor

from mridiff.interfaces import Codec, Field, Prior, Scaling, Space, Streams
from mridiff_sdk.codecs import Compose, Fourier, RadialWeight, Ramp
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets.named import named

from .net import KSpaceNet
from .plugin import WEIGHTS

SIGMA_RANGE = (0.02, 20.0)
"""Noise levels that training covers, per complex number of weighted k-space."""

Named = Annotated[str, "name of weights that come with the package, or the path of a .safetensors file"]


def weighting() -> Codec:
    """u = |k| F x per frame, |k| in cycles per field of view: k-space with its range flattened and its centre removed."""
    return Compose(Fourier(), RadialWeight(Ramp(1.0), "pixel"))


class WeightedPrior(Prior):
    """E[u0 | u0 + t n] for u = |k| F x, complex (sample, ky, kx), of frames in a series whose 99th percentile of |A^H y| is 1.

    The centre of k-space has weight 0, so the prior says nothing of it: it must come from the measurement.
    """

    space = Space(("ky", "kx"), kind="k-space")
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: str, training: str) -> None:
        super().__init__()
        self.codec = weighting()
        self.model = named(KSpaceNet, weights, WEIGHTS, Path(__file__).parent, training)
        self.diffusion = VE(*self.model.sigma_range)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of u0, (sample, ky, kx), for a noise level t: a number or (sample,)."""
        u0: Tensor = self.model(x_t, t)
        return u0


class GlobalPrior(WeightedPrior):
    """Trained on merges over the whole beat: complete and clean, but blurred in time."""

    def __init__(self, weights: Named = "global") -> None:
        super().__init__(weights, "gldm-global")


class LocalPrior(WeightedPrior):
    """Trained on merges of four frames in a row: sharper in time, noisier."""

    def __init__(self, weights: Named = "local") -> None:
        super().__init__(weights, "gldm-local")

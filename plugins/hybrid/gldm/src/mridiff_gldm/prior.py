"""The two priors: denoisers of single frames in weighted k-space, trained on global and on local merges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Codec, Field, Prior, Scaling, Space, Streams
from mridiff.spec import Weights
from mridiff_sdk.codecs import Compose, Fourier, RadialWeight, Ramp
from mridiff_sdk.diffusions import VE

from .net import KSpaceNet
from .plugin import GLOBAL, LOCAL

SIGMA_RANGE = (0.02, 20.0)
"""Noise levels that training covers, per complex number of weighted k-space."""

Path_ = Annotated[str, "the path of a .safetensors file made by the training command; empty = the weights of this package"]


def weighting() -> Codec:
    """u = |k| F x per frame, |k| in cycles per field of view: k-space with its range flattened and its centre removed."""
    return Compose(Fourier(), RadialWeight(Ramp(1.0), "pixel"))


class WeightedPrior(Prior):
    """E[u0 | u0 + t n] for u = |k| F x, complex (sample, ky, kx), of frames in a series whose 99th percentile of |A^H y| is 1.

    The centre of k-space has weight 0, so the prior says nothing of it: it must come from the measurement.
    """

    space = Space(("ky", "kx"), kind="k-space")
    scaling = Scaling("p99-adjoint", 1.0)
    shipped: Weights

    def __init__(self, weights: Path_ = "") -> None:
        super().__init__()
        self.codec = weighting()
        self.model = load(weights, self.shipped)
        self.diffusion = VE(*self.model.sigma_range)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of u0, (sample, ky, kx), for a noise level t: a number or (sample,)."""
        u0: Tensor = self.model(x_t, t)
        return u0


class GlobalPrior(WeightedPrior):
    """Trained on merges over the whole beat: complete and clean, but blurred in time."""

    shipped = GLOBAL


class LocalPrior(WeightedPrior):
    """Trained on merges of four frames in a row: sharper in time, noisier."""

    shipped = LOCAL


def load(path: str, shipped: Weights) -> KSpaceNet:
    """The network in a file, or the shipped one, whose hash is checked. Raises DataError, UnsafeInput."""
    if not path:
        return KSpaceNet.load(Path(__file__).parent / shipped.file, shipped.sha256)
    if not Path(path).is_file():
        raise DataError(f"no weights file {path!r}", hint="Give the path of a file made by `python -m mridiff_gldm.train`.")
    return KSpaceNet.load(Path(path))

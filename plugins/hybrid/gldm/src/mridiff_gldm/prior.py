"""The two priors: denoisers of single frames in weighted k-space, trained on global and on local merges."""

from __future__ import annotations

from mridiff.interfaces import Codec, Scaling, Space
from mridiff_sdk.codecs import Compose, Fourier, RadialWeight, Ramp
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets import Name, NetworkPrior, named

from .net import KSpaceNet
from .plugin import WEIGHTS

SIGMA_RANGE = (0.02, 20.0)
"""Noise levels that training covers, per complex number of weighted k-space."""


def weighting() -> Codec:
    """u = |k| F x per frame, |k| in cycles per field of view: k-space with its range flattened and its centre removed."""
    return Compose(Fourier(), RadialWeight(Ramp(1.0), "pixel"))


class WeightedPrior(NetworkPrior[KSpaceNet]):
    """E[u0 | u0 + t n] for u = |k| F x, complex (sample, ky, kx), of frames in a series whose 99th percentile of |A^H y| is 1.

    The centre of k-space has weight 0, so the prior says nothing of it: it must come from the measurement.
    """

    space = Space(("ky", "kx"), kind="k-space")
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: str, training: str) -> None:
        net = named(KSpaceNet, weights, WEIGHTS, __file__, training)
        super().__init__(net, VE(*net.sigma_range))
        self.codec = weighting()


class GlobalPrior(WeightedPrior):
    """Trained on merges over the whole beat: complete and clean, but blurred in time."""

    def __init__(self, weights: Name = "global") -> None:
        super().__init__(weights, "gldm-global")


class LocalPrior(WeightedPrior):
    """Trained on merges of four frames in a row: sharper in time, noisier."""

    def __init__(self, weights: Name = "local") -> None:
        super().__init__(weights, "gldm-local")

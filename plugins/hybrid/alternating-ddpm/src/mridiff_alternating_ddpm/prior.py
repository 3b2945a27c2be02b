"""The second prior: a denoiser of k-space."""

from __future__ import annotations

from mridiff.interfaces import Scaling, Space
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets import Name, NetworkPrior, named

from .net import KSpaceNet
from .plugin import WEIGHTS


class KSpaceDenoiser(NetworkPrior[KSpaceNet]):
    """E[k0 | k0 + t n], n white, for k0 = F x, complex (sample, ky, kx), of images x of which the 99th percentile of |x| is about 1."""

    space = Space(("ky", "kx"), kind="kspace")
    scaling = Scaling("p99-adjoint", 1.0)
    codec = Fourier()

    def __init__(self, weights: Name = "brain") -> None:
        net = named(KSpaceNet, weights, WEIGHTS, __file__, "kspace-denoiser")
        super().__init__(net, VE(*net.sigma_range))

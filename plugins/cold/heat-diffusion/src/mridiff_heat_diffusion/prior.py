"""The network as a prior: an image of which blur and noise have taken a part."""

from __future__ import annotations

from mridiff.interfaces import Scaling, Space
from mridiff_sdk.nets import Name, NetworkPrior, named

from .net import HeatNet
from .plugin import WEIGHTS


class HeatRestorer(NetworkPrior[HeatNet]):
    """Estimates x0 from x_t = F^-1 G_t F x0 + sigma_t z: images complex (sample, y, x) of any size, the 99th percentile of A^H y at 1.

    Which ladder of blur and noise it is, the weights say.
    """

    space = Space(("y", "x"))
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: Name = "brain") -> None:
        net = named(HeatNet, weights, WEIGHTS, __file__, "heat-restorer")
        super().__init__(net, net.diffusion)

"""The network as a prior: an image at any resolution, from the same at a lower one with a little noise."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field, Scaling, Space, Streams
from mridiff_sdk.nets import Name, NetworkPrior, named

from .ladder import ladder
from .net import ARRNet
from .plugin import WEIGHTS

WANTED = "wanted"
"""Name of the condition, set by a sampler, that holds the time s, (1,), of the resolution that is asked for; 0, all of it, without."""


class ResolutionPrior(NetworkPrior[ARRNet]):
    """Estimates A_s x0 from x_t = A_t x0 + sigma_t z, images complex (sample, y, x) of any size, the 99th percentile of A^H y at 1.

    The boxes A_t of the ladder lead from all of k-space at t = 0 to a quarter of each side at t = 1.
    """

    space = Space(("y", "x"))
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: Name = "brain") -> None:
        super().__init__(named(ARRNet, weights, WEIGHTS, __file__, "arrnet"), ladder())

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of A_s x0 (sample, y, x) at time t, a number or (sample,); x_t itself at time 0, where nothing is missing."""
        wanted = (conditions or {}).get(WANTED)
        s: float | Tensor = 0.0 if wanted is None else wanted.data
        found: Tensor = self.model(x_t, t, s)
        return found

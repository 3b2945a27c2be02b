"""The restorer as a prior: x0 from an image whose k-space misses what a nested mask has removed."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge

from mridiff.interfaces import Scaling, Space
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.nets import Name, NetworkPrior, named
from mridiff_sdk.sampling_patterns import Order, UnitChoice

from .net import RestorerNet
from .plugin import WEIGHTS


class KspaceRestorer(NetworkPrior[RestorerNet]):
    """Estimates x0 from x_t = F^-1 M_t F x0, images complex (sample, y, x), scaled so that the zero-filled image peaks at 1.

    The masks M_t lead from all of k-space at t = 0 to the scan's own at t = 1; bound to a scan, each sample draws its own order.
    The weights `brain` learned what was not measured alone: they are for the rule "anew", which puts measured samples back.
    """

    space = Space(("y", "x"))
    scaling = Scaling("max-adjoint", 1.0)

    def __init__(
        self,
        weights: Name = "brain-first",
        unit: Annotated[UnitChoice, "what is removed at once; auto: the largest that the scan's mask is made of"] = "auto",
        order: Annotated[Order, "what comes back first: any, the centre of k-space, or its edge"] = "random",
        patch: Annotated[int, Ge(1), "side of a patch, in samples"] = 4,
    ) -> None:
        net = named(RestorerNet, weights, WEIGHTS, __file__, "kspace-restorer")
        super().__init__(net, FourierDiffusion(NestedMasks(unit, order, patch)))

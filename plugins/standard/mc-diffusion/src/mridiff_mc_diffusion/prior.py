"""The two priors of PET and MR: the density of the pair, and the product of the densities of each."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field, Scaling, Space
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets import Name, NetworkPrior, named

from .net import MODALITIES, PairNet
from .plugin import WEIGHTS


class PairPrior(NetworkPrior[PairNet]):
    """E[x0 | x0 + t std n] for pairs (sample, modality, y, x): PET activity, then MR magnitude, each about 0 to 1.

    `std` is one number per modality: in weaker noise MR comes out first and leads PET (the study's code holds a smaller sigma for MR, too).
    """

    space = Space(("modality", "y", "x"), (MODALITIES, None, None), complex=False)
    scaling = Scaling("fixed", 1.0)

    def __init__(self, weights: str, training: str) -> None:
        net = named(PairNet, weights, WEIGHTS, __file__, training)
        super().__init__(net, VE(*net.sigma_range, source=net.noise))

    def score(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """(E[x0] - x_t) / (t std)^2: that of each modality in its own noise."""
        return super().score(x_t, t, conditions) / self.model.noise.over(x_t) ** 2


class JointPrior(PairPrior):
    """The networks see the pair: they have learned p(PET, MR)."""

    def __init__(self, weights: Name = "joint") -> None:
        super().__init__(weights, "pet-mr-joint")


class IndependentPrior(PairPrior):
    """Each network sees its own modality: p(PET) p(MR), for comparison."""

    def __init__(self, weights: Name = "independent") -> None:
        super().__init__(weights, "pet-mr-independent")

"""The prior: latent diffusion whose conditions are decoded from voxels, and how far a picture is from the decoded vision features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Problem
from mridiff_priors.latent import LatentDiffusion, Vision, Weights_
from mridiff_sdk.nets import named

from .decoders import LATENT, Decoders, feature
from .plugin import WEIGHTS

EMPHASIS = (1.5, 1.2)
"""a_l of the first layers; 1 for all others."""


class FeatureGuided(LatentDiffusion):
    """Latent diffusion that finds its conditions in the voxel responses of a problem, decoder by decoder.

    They are "latent" z, "text" c and "feature-N" g_N, N = 1, 2, .. the decoded layers of the vision tower. What a problem holds under such
    a name already is taken as it is: features of a known picture, say.
    """

    def __init__(self, weights: Weights_ = "tiny", vision: Vision = "",
                 decoders: Annotated[str, "name of decoders that come with the package, or the path of a .safetensors file"] = "sim-fmri",
                 layers: Annotated[int, Ge(0), "guide by so many of the decoded layers, the earliest; 0 = all"] = 0) -> None:  # fmt: skip
        super().__init__(weights, vision)
        self.decoders = named(Decoders, decoders, WEIGHTS, __file__, "feature-guided-ldm")
        self.guides = self.decoders.layers[: layers or None]
        wants, has = self.decoders.shape(LATENT), self.space.shape
        if wants != has or max(self.guides) > self.stack.layers:
            raise DataError(f"the decoders are for latents {wants} and {max(self.guides)} vision layers; the networks have {has} and "
                            f"{self.stack.layers}", hint="train the decoders on the same networks")  # fmt: skip

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """z, c and g of the voxel responses "voxels"; raises DataError where a problem has none."""
        if "voxels" not in problem.conditions:
            raise DataError("the scan has no voxel responses", hint='give a dataset with the condition "voxels", such as sim-fmri')
        decoded = self.decoders(problem.conditions["voxels"].data.float())
        return {name: problem.conditions.get(name, field) for name, field in decoded.items()}

    def features(self, picture: Tensor) -> dict[str, Tensor]:
        """The guiding layers of the vision tower for pictures (sample, channel, y, x), by name, (sample, token, channel)."""
        states, _ = self.stack.look(picture)
        return {feature(n): states[n - 1] for n in self.guides}

    def distance(self, picture: Tensor, conditions: Mapping[str, Field]) -> Tensor:
        """sum_l w_l MSE(g_l(picture), gbar_l), (sample,), with w_l = a_l (1 / ||gbar_l||) / sum_k (1 / ||gbar_k||).

        gbar is decoded, never a truth; early layers count a little more (a = 1.5, 1.2, 1, 1, ..). Source: the study's public code.
        """
        found = self.features(picture)
        inverse = torch.stack([1 / conditions[name].data.flatten(1).norm(dim=1) for name in found])
        emphasis = torch.tensor((*EMPHASIS, *(1.0,) * len(found))[: len(found)])[:, None]
        weight = emphasis.to(inverse) * inverse / inverse.sum(0)
        errors = [(g - conditions[name].data).square().flatten(1).mean(1) for name, g in found.items()]
        return (weight * torch.stack(errors)).sum(0)

"""Validation: how well lesions that are drawn into other heads stand out after one call of the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.metrics import auc
from mridiff_sdk.training import Validate

from .healthy import Slices
from .lesions import with_lesion
from .net import EpsilonNet
from .prior import P99, SimplexDDPM

HEADS = (13, 14)
"""Label maps that show how trainings go."""
SHOWN = (0.15, 0.3)
"""Levels at which it is shown."""


def validator(data: Path, size: int) -> Validate:
    """A function that says, by level, the AUC of drawn lesions (`auc`) and the error of healthy slices (`error`) after one call."""
    healthy = P99 * torch.from_numpy(Slices(HEADS, 12, size, seed=1).drawn(data))
    brain = healthy > 0.1 * P99
    pairs = [with_lesion(x, inside, i) for i, (x, inside) in enumerate(zip(healthy, brain, strict=True))]
    ill, where = (torch.stack(list(part)) for part in zip(*pairs, strict=True))

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, EpsilonNet)
        prior, out = SimplexDDPM.of(model), {}
        for t in SHOWN:
            error = [(x - prior(prior.diffusion.degrade(x, t, Streams.of(0, "shown", len(x))), t).clamp(0, 2)).square()
                     for x in (healthy, ill)]  # fmt: skip
            out[f"error_{t:g}"] = float(error[0][brain].mean())
            out[f"auc_{t:g}"] = float(auc(error[1], where, brain).mean())
        return out

    return validate

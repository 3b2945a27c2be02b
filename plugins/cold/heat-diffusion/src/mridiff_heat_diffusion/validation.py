"""Validation: how training goes, on heads that were kept out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.held_out import held_out
from mridiff_sdk.training import Validate

from .net import HeatNet

SLICES = tuple(range(5, 300, 30))
"""Of 300 slices of held-out heads."""
TIMES = (0.2, 0.4, 0.6, 0.8)


def validator(data: Path) -> Validate:
    """Error of attenuated images, F^-1 G_t F (estimate - truth), in dB below their peak of 1, of one call on held-out heads."""
    x0 = held_out(data, 96, SLICES)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, HeatNet)
        out: dict[str, float] = {}
        for t in TIMES:
            found = model(model.diffusion.degrade(x0, t, Streams.of(0, "validation", len(x0))), t)
            error = model.diffusion.mean(found - x0, t).abs().square().flatten(1).mean(1)
            out[f"attenuated_{t:g}"] = float(-10 * error.log10().mean())
        return out

    return validate

"""Validation: how training goes, on heads that were kept out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.held_out import held_out
from mridiff_sdk.metrics import psnr
from mridiff_sdk.training import Validate

from .ladder import ladder, rung

SLICES = tuple(range(5, 300, 30))
"""Of 300 slices of held-out heads."""
SIZES = {"24_96": (24, 96), "36_96": (36, 96), "48_96": (48, 96), "32_128": (32, 128)}
"""Samples of k-space measured, and pixels asked for."""


def validator(data: Path) -> Validate:
    """Gain in dB over the zero-filled image of what a network makes of held-out heads in one call, measured samples put back."""
    images = {n: held_out(data, n, SLICES) for n in {n for _, n in SIZES.values()}}
    diffusion = ladder()

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        out: dict[str, float] = {}
        for name, (m, n) in SIZES.items():
            x0, t = images[n], rung((n, n), (m, m))
            low = diffusion.mean(x0, t)
            found = model(diffusion.degrade(x0, t, Streams.of(0, "validation", len(x0))), t)
            out[f"gain_{name}"] = float((psnr(low + found - diffusion.mean(found, t), x0) - psnr(low, x0)).mean())
        return out

    return validate

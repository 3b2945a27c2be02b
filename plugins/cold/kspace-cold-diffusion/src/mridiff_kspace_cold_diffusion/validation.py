"""Validation: how training goes, on heads that were kept out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.held_out import held_out
from mridiff_sdk.metrics import psnr
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.training import Validate

SLICES = tuple(range(5, 300, 30))
"""Of 300 slices of held-out heads."""


def validator(data: Path) -> Validate:
    """Gain in dB over the zero-filled image of what a restorer makes of held-out heads in one call, measured samples put back."""
    sets = {n: held_out(data, n, SLICES) for n in (64, 128)}

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        out: dict[str, float] = {}
        for n, x0 in sets.items():
            for R in (4, 8):
                bound = NestedMasks().to_mask(masks("random", (n, n), R, 0.08, len(x0)), Streams.of(0, samples=len(x0)))
                diffusion = FourierDiffusion(bound)
                x_t = diffusion.mean(x0, 1.0)
                scale = x_t.abs().flatten(1).amax(1)[:, None, None]
                found = scale * model(x_t / scale, 1.0)
                out[f"gain_{n}_R{R}"] = float((psnr(x_t + found - diffusion.mean(found, 1.0), x0) - psnr(x_t, x0)).mean())
        return out

    return validate

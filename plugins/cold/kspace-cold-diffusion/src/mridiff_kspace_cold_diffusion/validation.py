"""Validation: how training goes, on a patient kept out of it and of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.coils import calibration_region, espirit_maps, simulate_maps
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import clinical
from mridiff_sdk.metrics import psnr
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.training import Validate


def validator(data: Path, calls: int = 0) -> Validate:
    """That of single calls, or that of the rule "anew" in `calls`."""
    return chained(data, calls) if calls else single(data)


def patient(data: Path) -> Tensor:
    """Slices (sample, y, x) of one patient in three contrasts, in no table of the card."""
    return torch.cat([clinical(data, contrast, 128, 3) for contrast in ("t1", "t2", "flair")])


def single(data: Path) -> Validate:
    """Gain in dB over the zero-filled image of what a restorer makes of a patient's slices in one call, measured samples put back."""
    x0 = patient(data)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        out: dict[str, float] = {}
        for R in (4, 8):
            bound = NestedMasks().to_mask(masks("random", x0.shape[-2:], R, 0.08, len(x0)), Streams.of(0, samples=len(x0)))
            diffusion = FourierDiffusion(bound)
            x_t = diffusion.mean(x0, 1.0)
            scale = x_t.abs().flatten(1).amax(1)[:, None, None]
            found = scale * model(x_t / scale, 1.0)
            out[f"gain_R{R}"] = float((psnr(x_t + found - diffusion.mean(found, 1.0), x0) - psnr(x_t, x0)).mean())
        return out

    return validate


def chained(data: Path, calls: int) -> Validate:
    """PSNR in dB of the first and the last of `calls` of the rule "anew", on slices of one patient seen by eight coils, maps by ESPIRiT."""
    x0 = patient(data)
    true = torch.stack([simulate_maps(8, x0.shape[-2:], 7 + i) for i in range(len(x0))])
    scans: dict[int, tuple[FourierDiffusion, Tensor, Tensor, Tensor]] = {}
    for R in (4, 8):
        drawn = masks("random", x0.shape[-2:], R, 0.08, len(x0))
        diffusion = FourierDiffusion(NestedMasks().to_mask(drawn, Streams.of(0, samples=len(x0))))
        y = diffusion.mean(true * x0[:, None], 1.0)
        maps = torch.cat([espirit_maps(fft(c[None]), calibration_region(m > 0)) for c, m in zip(y, drawn, strict=True)])
        scale = y.abs().flatten(1).amax(1)[:, None, None, None]
        scans[R] = diffusion, y / scale, maps, scale[:, 0]

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        out: dict[str, float] = {}
        for R, (diffusion, measured, maps, scale) in scans.items():
            x_t = measured
            for i in range(calls):
                found = maps * model((maps.conj() * x_t).sum(1), 1 - i / calls)[:, None]
                kept = found + measured - diffusion.mean(found, 1.0)
                x_t = diffusion.mean(kept, 1 - (i + 1) / calls)
                if i in (0, calls - 1):
                    image = scale * (maps.conj() * kept).sum(1)
                    out[f"psnr_R{R}_call{i + 1}"] = float(psnr(image, x0).mean())
        return out

    return validate

"""Validation: how training goes, on heads that were kept out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import held_out
from mridiff_sdk.metrics import outer_nmse, psnr
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.training import Validate

from .net import AMKNet
from .virtual import compress, compression, expand

SIZE, R, CENTRE, STD = 64, 4, 0.08, 0.005
WATCHED = tuple(first + i for first in (60, 180) for i in range(2, 60, 6))
"""T2 slices of the two held-out heads on which settings were chosen."""


def validator(data: Path) -> Validate:
    """Of held-out heads after one call, by coils and pattern: gain in dB over the zero-filled image, and outer error."""
    x0, size = held_out(data, SIZE, WATCHED), (SIZE, SIZE)
    coils = {"one coil": torch.ones(1, *size, dtype=torch.complex64), "four coils": simulate_maps(4, size, 99)}
    n = STD * Streams.of(0, "measure", len(x0)).normal((4, *size))
    cases = {(name, pattern): (maps, masks(pattern, size, R, CENTRE, len(x0))[:, None])
             for name, maps in coils.items() for pattern in ("random", "gaussian-2d")}  # fmt: skip

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, AMKNet)
        out: dict[str, float] = {}
        for (name, pattern), (maps, mask) in cases.items():
            y = mask * (fft(maps * x0[:, None]) + n[:, : len(maps)])
            scale = ifft(y).abs().flatten(1).amax(1)[:, None, None, None]
            V = compression(y / scale, int(model.architecture["coils"]))
            filled = torch.where(mask, y, scale * expand(V, model(compress(V, y / scale), 1.0)))
            x, zero_filled = ((maps.conj() * ifft(k)).sum(1) for k in (filled, y))
            out[f"gain, {name}, {pattern}"] = float((psnr(x, x0) - psnr(zero_filled, x0)).mean())
            out[f"outer error, {name}, {pattern}"] = float(outer_nmse(x, x0).mean())
        return out

    return validate

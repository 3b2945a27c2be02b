"""Validation: how training goes, on heads that were kept out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import held_out
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.training import Validate

from .net import LatentNet
from .objective import LatentObjective
from .seen import Seen

SLICES = tuple(range(5, 300, 30))
"""Of 300 slices of held-out heads."""


def gain(seen: Seen, k: Tensor, u: Tensor) -> float:
    """Energy of what is missing of k-space k over that of the error of weighted k-space u there, in dB, mean over (sample, ky, kx)."""
    left, found = ((seen.missing * e).abs().square().sum((-2, -1)) for e in (k, k - seen.absolute(u)))
    return float(10 * (left / found).log10().mean())


def validator(data: Path, objective: LatentObjective) -> Validate:
    """Gain over zeros in the missing samples at R = 4, with the teacher's code and with the student's."""
    sets = {n: held_out(data, n, SLICES) for n in (64, 128)}

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, LatentNet)
        out: dict[str, float] = {}
        for n, x0 in sets.items():
            for pattern in ("poisson", "random"):
                k, mask = fft(x0), masks(pattern, (n, n), 4, 0.08, len(x0)).float()
                seen = Seen.of(mask * k, 1 - mask, model.void)
                drawn = objective.draw(model, model.condition(seen), Streams.of(0, samples=len(x0)))
                codes = {"teacher": model.teach(seen, k), "student": drawn}
                out |= {f"{who}_{n}_{pattern}": gain(seen, k, model.decode(seen, z)) for who, z in codes.items()}
        return out

    return validate

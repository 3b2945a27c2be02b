"""Trial: images of held-out heads as coils see them, undersampled; and how training goes, on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import held_out
from mridiff_sdk.metrics import outer_nmse, psnr
from mridiff_sdk.sampling_patterns import masks as draw_masks
from mridiff_sdk.training import Validate

from .net import AMKNet
from .virtual import compress, compression, expand

STD = 0.005
"""Noise per complex sample, relative to the 99th percentile of the magnitude of the image."""
HEADS, CHOICE = (0, 120, 240), (60, 180)
"""First of the 60 slices of held-out heads: those of the tables, and those on which settings were chosen and training is watched."""
FEW, MANY, WATCHED = (tuple(h + i for h in heads for i in range(*slices))
                      for heads, slices in ((HEADS, (2, 60, 15)), (HEADS, (1, 60, 3)), (CHOICE, (2, 60, 6))))  # fmt: skip
"""Slices for methods and variants, for the paired tests, and for watching a training."""


@dataclass(frozen=True)
class Trial:
    """Images (sample, y, x) seen by the coils of maps (coil, y, x), undersampled, in units in which zero-filled coil images peak at 1."""

    truth: Tensor
    maps: Tensor
    mask: Tensor
    y: Tensor

    @classmethod
    def of(cls, x0: Tensor, maps: Tensor, mask: Tensor) -> Trial:
        """The trial of images in any units; noise is added to y."""
        y = fft(maps * x0[:, None])
        y = mask[:, None] * (y + STD * Streams.of(0, "measure", len(x0)).normal_like(y))
        scale = ifft(y).abs().flatten(1).amax(1)
        return cls(x0 / scale[:, None, None], maps, mask, y / scale[:, None, None, None])

    def problem(self, A: type[CoilFourierOperator] | type[SenseOperator]) -> Problem:
        """The inverse problem, for coil images or for the combined image."""
        fields = {"mask": Field(self.mask.float(), ("ky", "kx"))}
        return Problem.of(A(self.maps[None], self.mask.float()), Measured(self.y, Gaussian(STD), fields))

    def combined(self, x: Tensor) -> Tensor:
        """Coil images as one."""
        return (self.maps.conj() * x).sum(1)


def masks(pattern: str, shape: tuple[int, int], acceleration: float, count: int) -> Tensor:
    """One mask per image, bool (sample, ky, kx), with an 8 % centre."""
    return draw_masks(pattern, shape, acceleration, 0.08, count)


def trials(data: Path, chosen: tuple[int, ...]) -> dict[str, Trial]:
    """Held-out slices at 64 pixels, R = 4, by number of coils and pattern."""
    x0 = held_out(data, 64, chosen)
    coils = {"one coil": torch.ones(1, 64, 64, dtype=torch.complex64), "four coils": simulate_maps(4, (64, 64), 99)}
    return {f"64 px, {name}, {pattern}, R = 4": Trial.of(x0, maps, masks(pattern, (64, 64), 4, len(x0)))
            for name, maps in coils.items() for pattern in ("random", "gaussian-2d")}  # fmt: skip


def validator(data: Path) -> Validate:
    """Of held-out heads after one call, by coils and pattern: gain in dB over the zero-filled image, and outer error."""
    cases = trials(data, WATCHED)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, AMKNet)
        out: dict[str, float] = {}
        for name, trial in cases.items():
            V = compression(trial.y, int(model.architecture["coils"]))
            filled = torch.where(trial.mask[:, None], trial.y, expand(V, model(compress(V, trial.y), 1.0)))
            x, zero_filled = (trial.combined(ifft(k)) for k in (filled, trial.y))
            out[f"gain, {name}"] = float((psnr(x, trial.truth) - psnr(zero_filled, trial.truth)).mean())
            out[f"outer error, {name}"] = float(outer_nmse(x, trial.truth).mean())
        return out

    return validate

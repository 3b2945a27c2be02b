"""Validation: what a denoiser is worth, on heads that it has not seen: denoising, and reconstruction from few lines of k-space."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import hearts, held_out
from mridiff_sdk.metrics import psnr
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.training import Validate
from mridiff_sdk.training_data import HELD_OUT_HEARTS

Linear = Callable[[Tensor], Tensor]


def denoising(model: nn.Module, x0: Tensor, sigmas: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)) -> dict[str, float]:
    """PSNR in dB of complex images (peak 1) after denoising, by noise level; the noisy image itself has -20 log10(sigma)."""
    rng = Streams.of(0, "denoising", len(x0))
    out = {}
    for sigma in sigmas:
        error = model(x0 + sigma * rng.normal_like(x0), sigma) - x0
        out[f"denoise_{sigma:g}"] = float(-10 * error.abs().square().flatten(1).mean(1).log10().mean())
    return out


def reconstruct(model: nn.Module, normal: Linear, adjoint: Tensor, std: float, rng: Streams, steps: int = 20, start: float = 1.0,
                eta: float = 0.95) -> Tensor:  # fmt: skip
    """Images (sample, y, x) by DDIM whose estimates are made consistent with the data by a few conjugate gradients.

    Source: Chung et al., Decomposed diffusion sampler, 2024, in the proximal form with both noise levels.
    """
    sigmas = torch.cat([torch.logspace(math.log10(start), math.log10(0.01), steps), torch.zeros(1)])
    x = adjoint + start * rng.normal_like(adjoint)
    for sigma, following in zip(sigmas[:-1].tolist(), sigmas[1:].tolist(), strict=True):
        x0 = model(x, sigma)
        ratio = (std / sigma) ** 2

        def damped(u: Tensor, ratio: float = ratio) -> Tensor:
            return normal(u) + ratio * u

        x0 = conjugate_gradients(damped, adjoint + ratio * x0, x0, iterations=5)
        x = x0 + math.sqrt(1 - eta**2) * following * (x - x0) / sigma + eta * following * rng.normal_like(x0)
    return x


def reconstruction(model: nn.Module, x0: Tensor, maps: Tensor, accelerations: tuple[float, ...] = (4, 8), std: float = 0.01,
                   steps: int = 20, samples: int = 4) -> dict[str, float]:  # fmt: skip
    """PSNR in dB of magnitudes from random lines with an 8 % centre, seen through maps (coil, y, x): classical, and by the denoiser.

    The classical ones are zero-filled and CG-SENSE, those of the denoiser one sample ("diffusion") and the mean of `samples` ("mean").
    """
    out = {}
    for R in accelerations:
        rng = Streams.of(0, f"R{R:g}", len(x0))
        mask = masks("random", x0.shape[-2:], R, 0.08, len(x0))[:, None]
        y = mask * (fft(maps * x0[:, None]) + std * rng.normal((len(maps), *x0.shape[1:])))

        def normal(u: Tensor, mask: Tensor = mask) -> Tensor:
            return (maps.conj() * ifft(mask * fft(maps * u[:, None]))).sum(1)

        adjoint = (maps.conj() * ifft(y)).sum(1)
        out[f"zero_filled_R{R:g}"] = float(psnr(adjoint, x0).mean())
        out[f"cg_sense_R{R:g}"] = float(psnr(conjugate_gradients(normal, adjoint, iterations=8), x0).mean())
        drawn = torch.stack([reconstruct(model, normal, adjoint, std, rng, steps) for _ in range(samples)])
        out[f"diffusion_R{R:g}"] = float(psnr(drawn[0], x0).mean())
        out[f"mean_R{R:g}"] = float(psnr(drawn.mean(0), x0).mean())
    return out


def validator(data: Path, device: torch.device, anatomy: str = "brain") -> Validate:
    """A function that measures a model on held-out heads, or hearts, on a device."""
    if anatomy == "heart":
        images, few = hearts(data), hearts(data, 160, HELD_OUT_HEARTS[::4])
    else:
        images, few = held_out(data, 128, tuple(range(5, 300, 30))), held_out(data, 160, (30, 170))
    images, few, maps = (x.to(device) for x in (images, few, simulate_maps(8, (160, 160), 0)))

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        return denoising(model.to(device), images) | reconstruction(model, few, maps, steps=15)

    return validate

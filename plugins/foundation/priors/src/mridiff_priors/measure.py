"""Measure: what a denoiser is worth, on heads that it has not seen: denoising, and reconstruction from few lines of k-space."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mridiff.interfaces.streams import Streams
from mridiff_sdk.consistency.conjugate_gradients import conjugate_gradients
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.io.hdf5 import open_hdf5
from mridiff_sdk.metrics.psnr import psnr
from mridiff_sdk.sampling_patterns.cartesian import mask as draw_mask

from .data.anatomy import HEARTS, HELD_OUT_HEARTS
from .data.augment import phase
from .data.slices import Array
from .data.volume import inner, read

Linear = Callable[[Tensor], Tensor]


def held_out(data: Path, size: int, indices: tuple[int, ...]) -> Tensor:
    """Complex T2 slices (sample, y, x) of heads that no weights were trained on, at `size` pixels (k-space cropped), p99 = 1."""
    with open_hdf5(data / "siat_t2_complex" / "siat_t2.h5") as f:
        raw = np.stack([f.read("image_int16", i) for i in indices]).astype(np.float32)
    k = fft(torch.complex(torch.from_numpy(raw[..., 0]), torch.from_numpy(raw[..., 1])))
    start = (k.shape[-1] - size) // 2
    x = ifft(k[..., start : start + size, start : start + size])
    return x / x.abs().flatten(1).quantile(0.99, dim=1)[:, None, None]


def clinical(data: Path, contrast: str, size: int = 128, count: int = 6) -> Tensor:
    """Axial slices (sample, y, x) of a patient whom no weights were trained on, p99 = 1: magnitudes of a "t1", "t2" or "flair" scan.

    The inner 67 % of k-space alone was measured and is kept. The phase is simulated, smooth, and drawn with seed 0.
    """
    scan = inner(read(data, f"ms_t1_t2_flair/{contrast}_raw.h5:patient12_study1")[0].astype(np.float32), 0.67)
    return _slices(scan[:, :, (np.linspace(0.3, 0.8, count) * scan.shape[2]).astype(int)], size)


def hearts(data: Path, size: int = 128, people: Sequence[str] = HELD_OUT_HEARTS) -> Tensor:
    """The middle slice (person, y, x) of hearts that no weights were trained on, p99 = 1, with a phase as those of `clinical`."""
    stacks = [read(data, HEARTS[0].path, person)[0].astype(np.float32) for person in people]
    return _slices(np.stack([stack[:, :, stack.shape[2] // 2] for stack in stacks], axis=2), size)


def _slices(magnitudes: Array, size: int) -> Tensor:
    """The centre of magnitudes (x, y, slice), complex, p99 = 1: (slice, y, x) of `size` pixels."""
    top, left = ((n - size) // 2 for n in magnitudes.shape[:2])
    x = np.moveaxis(magnitudes[top : top + size, left : left + size], 2, 0)
    x = np.stack([image * phase(size, np.random.default_rng((0, i))) for i, image in enumerate(x)])
    return torch.from_numpy(x / np.quantile(np.abs(x), 0.99, axis=(1, 2), keepdims=True)).to(torch.complex64)


def measured(data: Path) -> tuple[Tensor, Tensor]:
    """A head measured with eight coils, in full: images combined by its maps (1, y, x), p99 = 1, and the maps (coil, y, x)."""
    with open_hdf5(data / "multicoil_kspace" / "brain8_full.h5") as f:
        k, maps = (torch.from_numpy(f.read(name)) for name in ("kspace", "espirit_maps"))
    x = (maps.conj() * ifft(k)).sum(0)[None]
    return x / x.abs().quantile(0.99), maps


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
        mask = torch.stack([draw_mask("random", x0.shape[-2:], R, 0.08, i) for i in range(len(x0))])[:, None]
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

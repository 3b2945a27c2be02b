"""What the method is set beside, and what its tables count besides errors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import mridiff
from mridiff import Reconstruction
from mridiff.interfaces import Scan
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import psnr, ssim

BAND = 1 / 16
"""Of the lines, to either side of the centre."""


def low_pass(scan: Scan, seed: int) -> Any:
    """The input less as much as annealed-score-moco takes off it, by a Gaussian low-pass along the phase-encode axis."""
    x = input_of(scan)
    energy = (mridiff.load("annealed-score-moco")(scan, seed=seed).x - x).norm()
    k = torch.arange(x.shape[-1], dtype=x.real.dtype) - x.shape[-1] // 2
    low, high = 0.1, 100.0 * len(k)
    for _ in range(50):  # what a filter takes off falls with its width
        width = (low * high) ** 0.5
        filtered = ifft(fft(x) * torch.exp(-((k / width) ** 2) / 2))
        low, high = (width, high) if (filtered - x).norm() > energy else (low, width)
    return filtered


def input_of(scan: Scan) -> Tensor:
    """The image (1, y, x) of all of k-space as if nothing had moved."""
    (maps,) = scan.measured.require("sensitivity_maps")
    assert isinstance(scan.measured.y, Tensor)
    return (maps.conj() * ifft(scan.measured.y)).sum(1)


def better(result: Reconstruction, scan: Scan) -> float:
    """Part of the scans on which both PSNR and SSIM are above those of the input."""
    truth, x = scan.truth["x"].data, input_of(scan)
    return float(psnr(result.x, truth) > psnr(x, truth) and ssim(result.x, truth) > ssim(x, truth))


def change(result: Reconstruction, scan: Scan) -> float:
    """PSNR of the result about its own input, in dB, both as magnitudes."""
    return float(psnr(result.x, input_of(scan)))


def band_error(x: Tensor, truth: Tensor) -> Tensor:
    """Squared error of k-space in the central lines, |k| <= n/16, relative to the truth."""
    k = (torch.arange(truth.shape[-1]) - truth.shape[-1] // 2).abs() <= BAND * truth.shape[-1]
    off, all_of_it = (torch.linalg.vector_norm(fft(image)[..., k]) for image in (x - truth, truth))
    relative: Tensor = (off / all_of_it) ** 2
    return relative

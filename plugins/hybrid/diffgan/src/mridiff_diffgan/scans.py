"""Scans: images of held-out heads, what a coil measures of them, and how far a reconstruction is from them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, Measured, Prior, Problem, Sampler, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_samplers.few_steps import FewSteps
from mridiff_sdk.fourier import fft
from mridiff_sdk.metrics import hfen, psnr, ssim
from mridiff_sdk.sampling_patterns import masks as draw_masks

from .source import CENTRE


@dataclass(frozen=True)
class Scans:
    """Images (sample, y, x) and their single-coil measurement, each scaled so that the 99th percentile of |A^H y| is 1."""

    x: Tensor
    problem: Problem

    @classmethod
    def simulated(cls, x: Tensor, acceleration: float = 4.0, std: float = 0.01) -> Scans:
        """Random lines with a full centre, each image with a mask of its own, noise of `std` relative to x per complex number."""
        A = FourierOperator(draw_masks("random", x.shape[1:], acceleration, CENTRE, len(x)).float())
        y = A.mask * (fft(x) + std * Streams.of(0, "measure", len(x)).normal_like(x))
        scale = A.H(y).abs().flatten(1).quantile(0.99, dim=1)[:, None, None]
        return cls(x / scale, Problem.of(A, Measured(y / scale, Gaussian(std / float(scale.mean())))))

    def run(self, sampler: Sampler, draw: int = 0) -> Tensor:
        """One result for every image, (sample, y, x)."""
        x: Tensor = sampler(self.problem, Streams.of(draw, "draw", len(self.x)))
        return x

    def reconstruct(self, prior: Prior, steps: int = 4, error: float | None = 0.1, draw: int = 0) -> Tensor:
        """One draw for every image by a few steps, (sample, y, x)."""
        return self.run(FewSteps(prior, steps=steps, error=error), draw)


def sharpness(estimate: Tensor, x: Tensor) -> Tensor:
    """Mean gradient of the magnitude over that of the truth, per sample; below 1 is too smooth, above too rough."""
    return _slope(estimate.abs()) / _slope(x.abs())


def _slope(m: Tensor) -> Tensor:
    return torch.hypot(m[:, 1:, :-1] - m[:, :-1, :-1], m[:, :-1, 1:] - m[:, :-1, :-1]).flatten(1).mean(1)


def scores(estimate: Tensor, x: Tensor) -> dict[str, float]:
    """Means over images (sample, y, x): PSNR in dB, SSIM, HFEN, sharpness, and l1 distance of the complex images."""
    return {"psnr": float(psnr(estimate, x).mean()), "ssim": float(ssim(estimate, x).mean()), "hfen": float(hfen(estimate, x).mean()),
            "sharpness": float(sharpness(estimate, x).mean()), "l1": float((estimate - x).abs().mean())}  # fmt: skip

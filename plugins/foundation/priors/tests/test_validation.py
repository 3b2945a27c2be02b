import math
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_priors.validation import denoising, reconstruct, reconstruction
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.held_out import clinical


class Wiener(nn.Module):
    """The exact denoiser of white images of unit variance."""

    def forward(self, x: Tensor, sigma: float) -> Tensor:
        return x / (1 + sigma**2)


def test_denoising_of_a_known_error() -> None:
    """The Wiener filter leaves sigma^2 / (1 + sigma^2) of white images."""
    x0 = Streams.of(0, samples=2).normal((64, 64))
    assert abs(denoising(Wiener(), x0, (0.5,))["denoise_0.5"] - 10 * math.log10(1 / 0.2)) < 0.1


def test_reconstruction_reaches_the_posterior_mean_of_a_gaussian() -> None:
    """Averaged over samples, the diffusion gives what the linear formula gives, where white images are half measured."""
    n, std = 16, 0.1
    rng = Streams.of(1, samples=48)
    mask = torch.zeros(n, n)
    mask[:, ::2] = 1
    y = mask * (fft(Streams.of(2).normal((n, n))) + std * Streams.of(3).normal((n, n)))
    adjoint = ifft(y)

    def normal(u: Tensor) -> Tensor:
        return ifft(mask * fft(u))

    x = reconstruct(Wiener(), normal, adjoint.expand(48, n, n), std, rng, steps=40, start=20.0)
    exact = ifft(mask * fft(adjoint)) / (1 + std**2)
    assert (x.mean(0, keepdim=True) - exact).abs().square().mean() < 0.02


def test_reconstruction_reports_all_figures() -> None:
    x0 = Streams.of(0, samples=1).normal((32, 32))
    out = reconstruction(Wiener(), x0, simulate_maps(4, (32, 32), 0), (2.0,), steps=3)
    assert set(out) == {"zero_filled_R2", "cg_sense_R2", "diffusion_R2", "mean_R2"}
    assert out["cg_sense_R2"] > out["zero_filled_R2"] and out["mean_R2"] > out["diffusion_R2"]


def test_slices_of_the_patient_kept_out_are_axial_and_hold_what_was_measured(tmp_path: Path) -> None:
    """Of a scan (z, y, x) whose slices are plane waves, a different one in each, the right planes at the resolution of the inner k-space."""
    (tmp_path / "ms_t1_t2_flair").mkdir()
    x = np.arange(60)
    scan = np.stack([np.tile(2 + np.cos(2 * np.pi * k * x / 60), (60, 1)) for k in range(10)]) * 100
    with h5py.File(tmp_path / "ms_t1_t2_flair" / "t2_raw.h5", "w") as f:
        f["patient12_study1"] = scan.astype(np.uint16)
        f["patient12_study1"].attrs["affine_xyz"] = np.eye(4)
    found = clinical(tmp_path, "t2", size=40, count=3)
    assert found.shape == (3, 40, 40) and found.dtype == torch.complex64
    assert found.abs().flatten(1).quantile(0.99, dim=1) == pytest.approx([1, 1, 1], abs=1e-4)
    waves = torch.fft.fft(found.abs().mean(2) - found.abs().mean((1, 2))[:, None]).abs()
    assert waves[:, :20].argmax(1).tolist() == [3, 5, 8]
    assert found.angle().std() > 0.02

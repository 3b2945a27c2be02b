import math

import torch
from torch import Tensor, nn

from mridiff.interfaces.streams import Streams
from mridiff_priors.measure import denoising, reconstruct, reconstruction
from mridiff_sdk.coils.simulate import simulate_maps
from mridiff_sdk.fourier import fft, ifft


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

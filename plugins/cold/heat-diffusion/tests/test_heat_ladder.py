"""Closed forms of the ladder: the blur is the heat equation, and the noise is that of the study."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_heat_diffusion.ladder import ladder
from mridiff_sdk.diffusions import Blur, FourierDiffusion
from mridiff_sdk.fourier import fft, ifft

N = 32


def image():
    return Streams.of(0, "image").normal((N, N), torch.complex128)


def laplacian(u):
    """u_yy + u_xx on a periodic grid, by frequencies, 1 the edge of k-space along an axis."""
    w = (torch.arange(N, dtype=torch.float64) - N // 2) / (N / 2)
    return ifft(-(w[:, None] ** 2 + w**2) * fft(u))


@pytest.mark.parametrize("t", [0.2, 0.5])
def test_the_blur_is_the_heat_equation(t):
    """du / dtau = laplacian u from u = x0 at tau = 0 to tau = beta_t^2 / 2, in small explicit steps of second order."""
    x0, steps = image(), 300
    u, h = x0, (0.5 * 48**t) ** 2 / 2 / steps
    for _ in range(steps):
        u = u + h * laplacian(u + h / 2 * laplacian(u))
    assert (ladder().mean(x0, t) - u).norm() < 1e-4 * u.norm()
    assert u.norm() < 0.9 * x0.norm()


def test_one_heating_after_another_is_the_sum_of_both():
    """exp(-tau_1 w^2) exp(-tau_2 w^2) = exp(-(tau_1 + tau_2) w^2), tau = beta^2 / 2."""

    def heated(x, tau):
        return FourierDiffusion(Blur(lambda t: torch.full_like(t, (2 * tau) ** 0.5))).mean(x, 0.5)

    x0 = image()
    torch.testing.assert_close(heated(heated(x0, 1.5), 4.0), heated(x0, 5.5))


def test_the_ladder_is_that_of_the_study():
    """The edge of an axis keeps 0.88 at the least blur, n / 48 samples at the most; noise: 0.01 to 1 per channel."""
    k = image()
    gains = [ladder().gain(t, k) for t in (1e-9, 0.25, 0.5, 0.75, 1.0)]
    assert all((later <= before).all() for before, later in zip(gains[:-1], gains[1:], strict=True))
    assert float(gains[0][N // 2, 0]) == pytest.approx(0.8825, abs=1e-4)
    at = torch.arange(N, dtype=torch.float64) - N // 2
    torch.testing.assert_close(gains[-1][N // 2], torch.exp(-(at**2) / 2 / (N / 48) ** 2))
    sigmas = ladder().sigma(torch.tensor([0.0, 1e-9, 0.5, 1.0]))
    torch.testing.assert_close(sigmas, 2**0.5 * torch.tensor([0, 0.01, 0.1, 1], dtype=torch.float64))


def test_blur_and_growing_noise_can_be_left_out():
    x0, rng = image(), Streams.of(0)
    assert torch.equal(ladder(blur=None).mean(x0, 0.7), ladder(blur=None).mean(x0, 0.1))
    torch.testing.assert_close(ladder(blur=None).mean(x0, 0.7), x0)
    torch.testing.assert_close(ladder(grows=False).sigma(0.9), ladder().sigma(1e-9))
    cold = ladder(grows=False).degrade(x0, 0.7, rng) - ladder().mean(x0, 0.7)
    assert float(cold.abs().square().mean().sqrt()) == pytest.approx(2**0.5 * 0.01, rel=0.1)

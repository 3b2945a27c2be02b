from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Problem, Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.diffusions import VP, Box, FourierDiffusion, starts

SPACE = Space(("y", "x"), (6, 6))


class Weighted(LinearOperator):
    domain = codomain = SPACE

    def forward(self, x):
        return torch.linspace(0, 2, 6).to(x.real.dtype) * x

    adjoint = forward


def problem() -> Problem:
    return Problem(Weighted(), Weighted()(torch.ones(1, 6, 6, dtype=torch.complex64)), Gaussian(0.1), SPACE)


def test_noise_has_the_level_of_its_time_and_one_row_per_stream():
    x = starts.noise(VP(), Space(("y", "x"), (60, 60)), 0.3, Streams.of(0, "", 3))
    assert x.shape == (3, 60, 60) and abs(float(x.abs().square().mean().sqrt() / VP().sigma(0.3)) - 1) < 0.02


def test_the_adjoint_and_the_least_squares_start():
    p = problem()
    torch.testing.assert_close(starts.adjoint(p)[0, 0].real, torch.linspace(0, 2, 6) ** 2)
    x = starts.least_squares(p, iterations=20)
    torch.testing.assert_close(x[0, :, 1:], torch.ones(6, 5, dtype=torch.complex64), rtol=0, atol=1e-3)
    assert not x[0, :, 0].abs().any()
    damped = starts.least_squares(p, iterations=20, damping=1.0).real[0, 0]
    torch.testing.assert_close(damped, torch.linspace(0, 2, 6) ** 2 / (torch.linspace(0, 2, 6) ** 2 + 1), rtol=0, atol=1e-4)


@pytest.mark.parametrize("n", [1, 3])
def test_a_given_estimate_is_degraded_in_the_priors_space_for_every_stream(n):
    x0, cold = torch.ones(1, 6, 6, dtype=torch.complex64), FourierDiffusion(Box((2, 2)))
    assert starts.given(cold, x0, 1.0, Streams.of(0, "", n)).shape == (n, 6, 6)
    u = starts.given(VP(), x0, 1e-4, Streams.of(0, "", n), Fourier())
    torch.testing.assert_close(u, fourier.fft(x0).expand(n, 6, 6), rtol=0, atol=0.1)

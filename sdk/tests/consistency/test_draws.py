"""Draws of the proximal step, and how exactly it solves, against dense algebra."""

from __future__ import annotations

import pytest
import torch
from sdk_parts import Matrix

from mridiff.interfaces import Blocks, Gaussian, Problem, Streams
from mridiff_sdk.consistency.proximal import ERROR, proximal
from mridiff_sdk.operators import Stack

N = 5


def matrix(seed: int, rows: int, spread: float = 1.0) -> torch.Tensor:
    """Rows whose strengths fall from 1 to `spread`."""
    A = Streams.of(seed).normal((rows, N), torch.complex128)[0]
    U, _, V = torch.linalg.svd(A, full_matrices=False)
    return (U * torch.logspace(0, torch.tensor(spread).log10(), N, dtype=torch.float64)) @ V


def stacked(A: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Real parts first, as rows of their own: what complex data say of real numbers."""
    return torch.cat((A.real, A.imag)), torch.cat((y.real, y.imag))


def draws(noise, A, y, r, complex_domain=True, samples=20_000):
    op = Matrix(A, complex_domain)
    x0 = torch.zeros(1, N, dtype=op.domain.dtype(torch.float64)) + 0.3
    x = proximal(Problem(op, y, noise, op.domain), x0.expand(samples, N), r, iterations=40, rng=Streams.of(0, "draws", samples))
    mean = x.mean(0)
    return mean, (x - mean).mT @ (x - mean).conj() / samples, x0[0]


@pytest.mark.parametrize("kind", ["plain", "weighted", "real"])
def test_where_x0_is_better_known_than_y_a_draw_is_one_of_the_posterior(kind):
    A, r, sigma = matrix(1, 7), 0.3, 0.5
    y = Streams.of(2).normal((7,), torch.complex128)
    weight = torch.linspace(0.2, 1.0, 7, dtype=torch.float64)[None] if kind == "weighted" else None
    w = torch.ones(7, dtype=torch.float64) if weight is None else weight[0]
    mean, C, x0 = draws(Gaussian(sigma, weight), A, y, r, kind != "real")
    B, b, w = (A, y[0], w) if kind != "real" else (*stacked(A, y[0]), 2 * torch.cat((w, w)))
    exact = torch.linalg.inv(B.mH @ (w[:, None] * B) / sigma**2 + torch.eye(N) / r**2)
    torch.testing.assert_close(C, exact, rtol=0, atol=0.02 * float(exact.abs().max()))
    wanted = exact @ (B.mH @ (w * b) / sigma**2 + x0 / r**2)
    torch.testing.assert_close(mean, wanted, rtol=0, atol=0.02)


def test_blocks_are_drawn_anew_at_every_call_and_each_at_its_level():
    A = Stack([Matrix(matrix(1, 7)), Matrix(matrix(2, 6))])
    y, samples = (Streams.of(2).normal((7,), torch.complex128), Streams.of(3).normal((6,), torch.complex128)), 20_000
    p, rng = Problem(A, y, Blocks((Gaussian(0.5), Gaussian(1.0))), A.domain), Streams.of(0, "draws", samples)
    x0 = torch.zeros(samples, N, dtype=torch.complex128)
    x, again = (proximal(p, x0, 0.4, iterations=40, rng=rng) for _ in range(2))
    H = sum(B.mH @ B / s**2 for B, s in ((matrix(1, 7), 0.5), (matrix(2, 6), 1.0))) + torch.eye(N) / 0.4**2
    exact = torch.linalg.inv(H)
    r = x - x.mean(0)
    torch.testing.assert_close(r.mT @ r.conj() / samples, exact, rtol=0, atol=0.02 * float(exact.abs().max()))
    assert float((r * (again - again.mean(0)).conj()).real.mean() / r.abs().square().mean()) < 0.02


def test_of_well_measured_numbers_the_noise_of_y_is_drawn_and_of_others_no_more_than_that():
    A = torch.diag(torch.tensor([1.0, 1, 0, 0, 0], dtype=torch.complex128))
    _, C, _ = draws(Gaussian(0.1), A, torch.zeros(1, 5, dtype=torch.complex128), 3.0)
    torch.testing.assert_close(C.diagonal().real.sqrt(), torch.full((5,), 0.1, dtype=torch.float64), rtol=0.02, atol=0)


@pytest.mark.parametrize("std", [0.0, None])
def test_without_noise_nothing_is_drawn(std):
    A, y = matrix(1, 7), Streams.of(2).normal((7,), torch.complex128)
    p = Problem(Matrix(A), y, Gaussian(std), Matrix(A).domain)
    x0 = torch.zeros(1, N, dtype=torch.complex128)
    assert torch.equal(proximal(p, x0, 0.5, rng=Streams.of(0)), proximal(p, x0, 0.5))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("r", [0.01, 0.3, 10.0])
def test_without_a_tolerance_the_error_is_a_share_of_what_is_unknown(sigma, r, weighted):
    A = matrix(1, 9, 0.05)
    y = A @ Streams.of(2).normal((N,), torch.complex128)[0] + sigma * Streams.of(3).normal((9,), torch.complex128)
    noise = Gaussian(sigma, torch.ones(1, 9, dtype=torch.float64) if weighted else None)
    p, x0 = Problem(Matrix(A), y, noise, Matrix(A).domain), Streams.of(4).normal((N,), torch.complex128)
    H = A.mH @ A / sigma**2 + torch.eye(N) / r**2
    exact = torch.linalg.solve(H, A.mH @ y[0] / sigma**2 + x0[0] / r**2)
    e = proximal(p, x0, r, iterations=100, tolerance=None)[0] - exact
    assert (e.conj() @ H @ e).real <= N * ERROR**2

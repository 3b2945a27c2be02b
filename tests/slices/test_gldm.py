"""Strain: two priors in cascade inside every step, in radially weighted k-space, frame by frame, with low rank across frames."""

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.adaptors import Fold
from mridiff_sdk.codecs import Compose, Fourier, RadialWeight, Ramp
from mridiff_sdk.consistency.low_rank import hankel_low_rank
from mridiff_sdk.diffusions import VE, residual, step, ve_reverse
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, FRAMES, R = 16, 4, 4
SERIES = Space(("t", "y", "x"), (FRAMES, N, N))
KSPACE = Space(("ky", "kx"), (N, N), kind="k-space")


class KtMask(LinearOperator):
    def __init__(self, mask):
        super().__init__()
        self.domain, self.codomain = SERIES, Space(("t", "ky", "kx"), (FRAMES, N, N), kind="k-space")
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self.mask * fft(x)

    def adjoint(self, y):
        return ifft(self.mask * y)


class Cascade(Sampler):
    """Zero-filled start; per level: global then local predictor, each followed by replacement; then low rank across frames."""

    def __init__(self, global_prior, local_prior, *, steps=30, rank=30, low_rank=True):
        super().__init__()
        self.global_prior, self.local_prior = global_prior, local_prior
        self.steps, self.rank, self.low_rank = steps, rank, low_rank

    def trajectory(self, problem, rng):
        A, codec = problem.linear, self.global_prior.codec
        ladder = torch.logspace(0, -2, self.steps + 1, dtype=torch.float64).tolist()
        x = A.H(problem.y).expand(len(rng), -1, -1, -1)
        for i, (t, s) in enumerate(zip(ladder, ladder[1:], strict=False)):
            for prior in (self.global_prior, self.local_prior):
                u = codec.encode(x)
                u0 = prior(u, t, {})
                r, _ = ve_reverse(prior.diffusion, t, s)  # the noise-free mean is kept
                u = step(prior.diffusion, u0, residual(prior.diffusion, u, u0, t), s, r, 0.0, rng)
                x = codec.decode(u)
                x = x + A.H(problem.y - A(x))
            if self.low_rank:
                x = ifft(hankel_low_rank(fft(x), self.rank, (4, 4)))
                x = x + A.H(problem.y - A(x))
            yield Step(i, self.steps, x, t)


def _case():
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, N, dtype=torch.float64),) * 2, indexing="ij")
    frames = [torch.exp(-((y - 0.1 * f + 0.2) ** 2 + x**2) / 0.2) for f in range(FRAMES)]
    truth = torch.stack(frames)[None].to(torch.complex128)
    mask = torch.zeros(1, FRAMES, N, N, dtype=torch.float64)
    for f in range(FRAMES):
        mask[:, f, f::R] = 1
    mask[:, :, N // 2 - 2 : N // 2 + 2] = 1
    A = KtMask(mask)
    codec = Compose(Fourier(), RadialWeight(Ramp(0.1), "pixel"))
    weighted = codec.encode(truth)

    def prior(samples):
        variance = samples.abs().square().mean((0, 1)) + 1e-6
        frame = GaussianPrior(torch.zeros(N, N, dtype=torch.complex128), Covariance.diagonal(KSPACE, variance), VE(), codec)
        return Fold(frame, Space(("t", "ky", "kx"), (FRAMES, N, N), kind="k-space"))

    return truth, Problem.of(A, Measured(A(truth), Gaussian(0.0))), prior(weighted), prior(weighted[:, ::2])


def test_the_cascade_keeps_the_data_and_beats_zero_filling_and_itself_without_low_rank():
    truth, problem, global_prior, local_prior = _case()
    error = {"zero-filled": float((problem.linear.H(problem.y) - truth).norm())}
    for low_rank in (True, False):
        x = Cascade(global_prior, local_prior, low_rank=low_rank)(problem, Streams.of(0))
        torch.testing.assert_close(problem.linear(x), problem.y, atol=1e-9, rtol=0)
        error[low_rank] = float((x - truth).norm())
    assert error[True] < min(error[False], error["zero-filled"])
    assert error[False] == pytest.approx(error["zero-filled"], rel=1e-12)  # these priors know nothing of one sample from another


def test_weighting_is_undone_except_where_it_removed_everything():
    truth, _, prior, _ = _case()
    back = fft(prior.codec.decode(prior.codec.encode(truth)))
    want = fft(truth).clone()
    want[..., N // 2, N // 2] = 0  # DC has weight zero: it comes from the measurement
    torch.testing.assert_close(back, want)

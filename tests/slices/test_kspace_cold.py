"""Strain: a degradation without noise, tied to the mask of the scan, with one removal order per sample."""

import torch

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks, cold, residual, step
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import RestorerOracle

N, STEPS = 16, 8
IMAGE = Space(("y", "x"), (N, N))


class Masked(LinearOperator):
    def __init__(self, mask):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("ky", "kx"), (N, N), kind="k-space")
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self.mask * fft(x)

    def adjoint(self, y):
        return ifft(self.mask * y)


class ColdKspace(Sampler):
    """x_s = x_t - D(x0, t) + D(x0, s): only newly revealed entries are written."""

    def __init__(self, prior, *, steps=STEPS):
        super().__init__()
        self.prior, self.steps = prior, steps

    def trajectory(self, problem, rng):
        diffusion = self.prior.diffusion.bind(problem, rng)
        x = problem.linear.H(problem.y).expand(len(rng), -1, -1)
        for i in range(self.steps):
            t, s = (self.steps - i) / self.steps, (self.steps - i - 1) / self.steps
            x0 = self.prior(x, t, {})
            x = step(diffusion, x0, residual(diffusion, x, x0, t), s, *cold(diffusion, t, s), rng)
            yield Step(i, self.steps, x, t)


def _case():
    mask = torch.zeros(1, N, N, dtype=torch.float64)
    mask[..., torch.tensor([0, 3, 6, 7, 8, 9, 13])] = 1
    truth = Streams.of(0, "x").normal((N, N), torch.complex128)
    A = Masked(mask)
    fields = {"mask": Field(mask, ("ky", "kx"))}
    return truth, Problem.of(A, Measured(A(truth), Gaussian(0.0), fields)), FourierDiffusion(NestedMasks())


def test_an_oracle_restorer_gives_the_truth_and_a_poor_one_keeps_the_measurement():
    truth, problem, diffusion = _case()
    rng = Streams.of(0, samples=2)
    exact = ColdKspace(RestorerOracle(truth, IMAGE, diffusion))(problem, rng)
    torch.testing.assert_close(exact, truth.expand(2, -1, -1))
    poor = ColdKspace(RestorerOracle(0.5 * truth, IMAGE, diffusion))(problem, rng)
    torch.testing.assert_close(problem.linear(poor), problem.y.expand(2, -1, -1))
    assert (poor - exact).abs().max() > 0.1


def test_the_bound_diffusion_ends_at_the_zero_filled_image_and_every_sample_has_its_own_order():
    truth, problem, diffusion = _case()
    bound = diffusion.bind(problem, Streams.of(0, samples=2))
    x0 = truth.expand(2, -1, -1)
    torch.testing.assert_close(bound.mean(x0, 1.0), problem.linear.H(problem.y).expand(2, -1, -1))
    torch.testing.assert_close(bound.mean(x0, 0.0), x0)
    half = bound.mean(x0, 0.5)
    assert not torch.allclose(half[0], half[1])
    assert float(bound.sigma(0.5)) == 0.0

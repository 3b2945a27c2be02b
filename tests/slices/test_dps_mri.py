"""Strain: the plain path - scan, operator, scale, prior, sampler - against the closed-form posterior."""

import torch

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Problem, Sampler, Scan, Space, Step, Streams
from mridiff.pipeline.cost import Counter
from mridiff_sdk.consistency.conjugate_gradients import conjugate_gradients
from mridiff_sdk.diffusions import VE, ddim, residual, step
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, COILS = 12, 3
IMAGE = Space(("y", "x"), (N, N))


class Sense(LinearOperator):
    def __init__(self, mask, maps):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("coil", "ky", "kx"), (COILS, N, N), kind="k-space")
        self.register_buffer("mask", mask)
        self.register_buffer("maps", maps)

    @classmethod
    def for_scan(cls, measured):
        return cls(*measured.require("mask", "sensitivity_maps"))

    def forward(self, x):
        return self.mask[:, None] * fft(self.maps * x[:, None])

    def adjoint(self, y):
        return (self.maps.conj() * ifft(self.mask[:, None] * y)).sum(1)


class EfficientDPS(Sampler):
    """Per level: one network call, the MAP of x0 by CG, a DDIM step; no derivative of the network."""

    def __init__(self, prior, *, steps=60, eta=0.85):
        super().__init__()
        self.prior, self.steps, self.eta = prior, steps, eta

    def trajectory(self, problem, rng):
        A, diffusion = problem.linear, self.prior.diffusion
        ladder = [*torch.logspace(1, -2.5, self.steps, dtype=torch.float64).tolist(), 0.0]
        x = ladder[0] * rng.normal(problem.space.shape, torch.complex128)
        b = A.H(problem.y)
        for i, (t, s) in enumerate(zip(ladder, ladder[1:], strict=False)):
            x0 = self.prior(x, t, {})
            weight = problem.noise.variance / (t**2 / (1 + t**2))
            x0 = conjugate_gradients(lambda v, w=weight: A.gram(v) + w * v, b + weight * x0, x0, iterations=20, tolerance=1e-10)
            x = step(diffusion, x0, residual(diffusion, x, x0, t), s, *ddim(diffusion, t, s, self.eta), rng)
            yield Step(i, self.steps, x0, t, x=x)


def _case():
    rng = Streams.of(0, "dps")
    maps = rng.normal((COILS, N, N), torch.complex128)
    maps = maps / maps.abs().square().sum(1, keepdim=True).sqrt()
    mask = (torch.arange(N) % 3 == 0).to(torch.float64).expand(1, N, N)
    fields = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    prior = GaussianPrior(torch.zeros(N, N, dtype=torch.complex128), Covariance.diagonal(IMAGE, 1.0), VE())
    truth = rng.normal((N, N), torch.complex128)
    y = Gaussian(0.1).draw(Sense(mask, maps)(truth), rng.child("noise"))
    return Scan("phantom", Measured(y, Gaussian(0.1), fields), {"x": Field(truth, ("y", "x"))}), prior


def test_mean_over_samples_is_that_of_the_closed_form_posterior():
    scan, prior = _case()
    problem = Problem.of(Sense.for_scan(scan.measured), scan.measured)
    with torch.no_grad(), Counter() as counter:
        samples = EfficientDPS(prior)(problem, Streams.of(0, scan.id, 64))
    mean, _ = prior.posterior(problem)
    assert (samples.mean(0, keepdim=True) - mean).norm() / mean.norm() < 0.05
    assert counter.cost.nfe == 60 and counter.cost.items == 60 * 64 and counter.cost.backward == 0


def test_the_problem_is_the_same_in_any_unit():
    scan, _ = _case()
    A = Sense.for_scan(scan.measured)
    x = scan.truth["x"].data
    torch.testing.assert_close(Problem.of(A, scan.measured, 3.0).nll(x / 3.0), Problem.of(A, scan.measured).nll(x))


def test_a_problem_holds_no_truth():
    scan, _ = _case()
    problem = Problem.of(Sense.for_scan(scan.measured), scan.measured)
    seen = [problem.y, *(f.data for f in (*problem.conditions.values(), *problem.acquisition.values()))]
    assert not any(t.shape == scan.truth["x"].data.shape and torch.equal(t, scan.truth["x"].data) for t in seen)
    assert not hasattr(problem, "truth")

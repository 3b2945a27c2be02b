"""Strain: two measurements of one joint unknown - Poisson counts and Gaussian k-space - and a prior over both."""

import torch

from mridiff.interfaces import BlockOperator, Blocks, Gaussian, LinearOperator, Measured, Poisson, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.diffusions import VE
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

N = 12
IMAGE = Space(("y", "x"), (N, N), complex=False)


class Projections(LinearOperator):
    """Row and column sums of a non-negative activity, times a count scale: a two-angle Radon transform."""

    def __init__(self, scale):
        super().__init__()
        self.domain, self.codomain, self.scale = IMAGE, Space(("angle", "bin"), (2, N), complex=False, kind="sinogram"), scale

    def forward(self, x):
        return self.scale * torch.stack((x.sum(-1), x.sum(-2)), 1)

    def adjoint(self, y):
        return self.scale * (y[:, 0, :, None] + y[:, 1, None, :])


class RealFourier(LinearOperator):
    """Masked k-space of a real image; the adjoint of a real domain takes the real part."""

    def __init__(self, mask):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("ky", "kx"), (N, N), kind="k-space")
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self.mask * fft(x.to(torch.complex128))

    def adjoint(self, y):
        return ifft(self.mask * y).real


class JointAscent(Sampler):
    """Reverse diffusion on (u, v); per level the MAP of x0 under both likelihoods, by gradient steps sized per modality."""

    def __init__(self, prior, *, curvature, steps=40):
        super().__init__()
        self.prior, self.steps = prior, steps
        self.curvature = torch.tensor(curvature, dtype=torch.float64)[:, None, None]

    def trajectory(self, problem, rng):
        ladder = torch.logspace(0.3, -2, self.steps, dtype=torch.float64)
        x = ladder[0] * rng.normal(problem.space.shape, torch.float64)
        for i, t in enumerate(ladder):
            guess = x0 = self.prior(x, t, {})
            precision = 1 / 0.2 + 1 / t**2
            for _ in range(30):
                x0 = x0 - (problem.grad(x0) + precision * (x0 - guess)) / (self.curvature + precision)
            x = x0 if i + 1 == self.steps else x0 + ladder[i + 1] / t * (x - x0)
            yield Step(i, self.steps, x0, float(t), x=x)


def _problem(joint):
    rng = Streams.of(3, "pet-mr")
    shape = torch.zeros(1, N, N, dtype=torch.float64)
    shape[:, 3:9, 4:8] = 1.0
    truth = torch.stack((shape + 0.1, 0.8 * shape), 1)
    mask = (torch.arange(N) != 1).to(torch.float64)[:, None].expand(1, N, N)
    A = BlockOperator([Projections(30.0), RealFourier(mask)])
    noise = Blocks((Poisson(1.0), Gaussian(0.02)))
    y = noise.draw(A(truth), rng)
    n = N * N
    coupling = torch.tensor([[1.0, 0.9 if joint else 0.0], [0.9 if joint else 0.0, 1.0]], dtype=torch.float64)
    covariance = torch.kron(coupling, 0.2 * torch.eye(n, dtype=torch.float64))
    space = Space(("modality", "y", "x"), (2, N, N), complex=False)
    prior = GaussianPrior(torch.full((2, N, N), 0.2, dtype=torch.float64), Covariance.dense(space, covariance), VE())
    return truth, Problem.of(A, Measured(y, noise)), prior


def test_the_joint_prior_carries_the_mr_edges_into_the_pet_image():
    error = {}
    for joint in (True, False):
        truth, problem, prior = _problem(joint)
        *_, last = JointAscent(prior, curvature=(300.0, 5000.0)).trajectory(problem, Streams.of(0))
        error[joint] = float((last.x0[:, 0] - truth[:, 0]).norm())
    assert error[True] < 0.8 * error[False]


def test_gradient_of_the_block_likelihood_is_that_of_autograd():
    truth, problem, _ = _problem(True)
    x = (truth + 0.05).requires_grad_()
    (g,) = torch.autograd.grad(problem.nll(x).sum(), x)
    torch.testing.assert_close(problem.grad(x.detach()), g)


def test_counts_are_not_divided_when_the_unknown_is_scaled():
    truth, problem, _ = _problem(True)
    scaled = Problem.of(problem.A, Measured(problem.y, problem.noise), 2.0)
    assert torch.equal(scaled.y[0], problem.y[0])
    torch.testing.assert_close(scaled.nll(truth / 2), problem.nll(truth))

"""Strain: three dimensions, a real unknown in fixed units, voxel weights, a patch prior under global physics, time travel."""

import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Problem, Sampler, Scaling, Space, Step, Streams
from mridiff.pipeline.scale import measured_scale
from mridiff_sdk.adaptors import Tile
from mridiff_sdk.consistency.conjugate_gradients import conjugate_gradients
from mridiff_sdk.diffusions import VP, ddim, residual, step
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, PATCH = 16, 8
AXES = ("z", "y", "x")
VOLUME = Space(AXES, (N, N, N), complex=False, unit="ppm", kind="susceptibility")


class Dipole(LinearOperator):
    """phi = F^-1 D F chi with D = 1/3 - kz^2 / k^2, D(0) = 0; D is real and even, so A is self-adjoint."""

    def __init__(self):
        super().__init__()
        self.domain = VOLUME
        self.codomain = Space(AXES, (N, N, N), complex=False, unit="ppm", kind="field")
        k = torch.arange(N, dtype=torch.float64) - N // 2
        z, y, x = torch.meshgrid(k, k, k, indexing="ij")
        square = z**2 + y**2 + x**2
        self.register_buffer("D", torch.where(square > 0, 1 / 3 - z**2 / square.clamp_min(1), 0.0))

    def forward(self, x):
        return ifft(self.D * fft(x.to(torch.complex128), (-3, -2, -1)), (-3, -2, -1)).real

    def adjoint(self, y):
        return self.forward(y)


class DiffQSM(Sampler):
    """DDIM with a CG proximal step, and time travel in the last `late` levels."""

    def __init__(self, prior, *, steps=24, weight=0.1, late=4, repeats=1, eta=0.0):
        super().__init__()
        self.prior, self.steps, self.weight, self.late, self.repeats, self.eta = prior, steps, weight, late, repeats, eta

    def trajectory(self, problem, rng):
        A, diffusion = problem.linear, self.prior.diffusion
        visits = [(i, r) for i in range(self.steps) for r in range(1 + (self.repeats if i >= self.steps - self.late else 0))]
        ladder = [*torch.linspace(1, 1e-3, self.steps, dtype=torch.float64).tolist(), 0.0]
        x = x0 = rng.normal(problem.space.shape, torch.float64)
        b = A.H(problem.y)
        for n, (i, again) in enumerate(visits):
            t, s = ladder[i], ladder[i + 1]
            if again:
                x = diffusion.degrade(x0, t, rng)
            x0 = self.prior(x, t, {})
            x0 = conjugate_gradients(lambda v: A.gram(v) + self.weight * v, b + self.weight * x0, x0, iterations=10, tolerance=1e-8)
            x = step(diffusion, x0, residual(diffusion, x, x0, t), s, *ddim(diffusion, t, s, self.eta), rng)
            yield Step(n, len(visits), x0, t, stage="refine" if again else "reverse")


def _case():
    A = Dipole()
    patch = Space(AXES, (PATCH,) * 3, complex=False, unit="ppm", kind="susceptibility")
    zero = torch.zeros((PATCH,) * 3, dtype=torch.float64)
    prior = Tile(GaussianPrior(zero, Covariance.diagonal(patch, 0.1), VP()), dict.fromkeys(AXES, PATCH), dict.fromkeys(AXES, 6))
    truth = 0.1**0.5 * Streams.of(0, "chi").normal((N, N, N), torch.float64)
    return A, truth, Measured(Gaussian(1e-3).draw(A(truth), Streams.of(1)), Gaussian(1e-3)), prior


def _recovered(x, truth, A, size):
    """Fraction of the truth that is recovered where |D| is about `size`."""
    at = (A.D.abs() - size).abs() < 0.02
    got, want = (fft(v.to(torch.complex128), (-3, -2, -1))[:, at] for v in (x, truth))
    return float((want.conj() * got).real.sum() / want.abs().square().sum())


def test_time_travel_acts_in_the_weak_dipole_cone_as_in_the_exact_toy_of_the_method():
    """Scalar prior of variance 0.1, weight 0.1, 200 steps, no fresh noise: fractions with and without ten late levels twice repeated."""
    A, truth, _, _ = _case()
    zero = torch.zeros((N, N, N), dtype=torch.float64)
    prior = GaussianPrior(zero, Covariance.diagonal(VOLUME, 0.1), VP(levels=1000))
    problem = Problem.of(A, Measured(A(truth), Gaussian(1e-3)))
    expected = {0: (0.36, 0.77, 0.95, 1.00), 2: (0.73, 0.96, 0.99, 1.00)}
    for repeats, fractions in expected.items():
        *_, last = DiffQSM(prior, steps=200, late=10, repeats=repeats).trajectory(problem, Streams.of(0))
        assert last.total == 200 + 10 * repeats
        for size, fraction in zip((0.1, 0.2, 0.33, 0.66), fractions, strict=True):
            assert abs(_recovered(last.x0, truth, A, size) - fraction) < 0.05, (repeats, size)


def test_patches_denoise_and_the_whole_volume_obeys_the_physics():
    A, truth, measured, prior = _case()
    *_, last = DiffQSM(prior).trajectory(Problem.of(A, measured), Streams.of(0))
    assert last.total == 24 + 4 and not last.x0.is_complex()
    assert _recovered(last.x0, truth, A, 0.66) > 0.95
    unaided = A.H(measured.y)
    assert (A(last.x0) - measured.y).norm() < 0.5 * (A(unaided) - measured.y).norm()


def test_a_scale_in_ppm_is_fixed_whatever_was_measured():
    A, _, measured, _ = _case()
    assert measured_scale(Scaling("fixed", 1.0), A, measured) == 1.0

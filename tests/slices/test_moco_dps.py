"""Strain: an unknown of the acquisition (one rigid shift per shot) is estimated inside the reverse process."""

import math

import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Nuisance, ParametricOperator, Problem, Sampler, Space, Step, Streams
from mridiff_sdk.diffusions import VE, edm_euler, residual, step
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

N, SHOTS = 24, 4
IMAGE = Space(("y", "x"), (N, N))


class Shifted(LinearOperator):
    """k-space whose interleaved shots saw the object shifted by phi["shift"] (sample, shot, 2) pixels."""

    def __init__(self, shift):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("ky", "kx"), (N, N), kind="k-space")
        k = (torch.arange(N, dtype=torch.float64) - N // 2) / N
        shot = torch.arange(N) % SHOTS
        turn = shift[:, shot, 0, None] * k[:, None] + shift[:, shot, 1, None] * k[None, :]
        self.phase = torch.exp(-2j * math.pi * turn)

    def forward(self, x):
        return self.phase * fft(x)

    def adjoint(self, y):
        return ifft(self.phase.conj() * y)


class ShotShifts(ParametricOperator):
    def __init__(self):
        super().__init__()
        self.domain, self.codomain = IMAGE, Space(("ky", "kx"), (N, N), kind="k-space")
        space = Space(("shot", "channel"), (SHOTS, 2), complex=False, unit="pixel")
        start = torch.zeros(1, SHOTS, 2, dtype=torch.float64)
        self.nuisance = {"shift": Nuisance(space, start, "pixel", 0.1, lambda v: v.clamp(-5, 5) - v.clamp(-5, 5).mean(1, keepdim=True))}

    def at(self, phi):
        return Shifted(phi["shift"])


class JointDPS(Sampler):
    """x0 by one gradient step of the likelihood, phi by gradient descent on the same residual once x carries structure."""

    def __init__(self, prior, *, steps=80, motion=True):
        super().__init__()
        self.prior, self.steps, self.motion = prior, steps, motion

    def trajectory(self, problem, rng):
        A = problem.operator
        shift = A.start()["shift"].expand(len(rng), -1, -1)
        ladder = [*torch.logspace(0.7, -2, self.steps, dtype=torch.float64).tolist(), 0.0]
        x = A.at({"shift": shift}).H(problem.y).expand(len(rng), -1, -1)
        for i, (t, s) in enumerate(zip(ladder, ladder[1:], strict=False)):
            x0 = self.prior(x, t, {})
            B = A.at({"shift": shift})
            x0 = x0 - 0.9 * B.H(B(x0) - problem.y)
            if self.motion and i > self.steps // 8:
                for _ in range(8):
                    shift = self._moved(A, shift, x0, problem.y)
            x = step(self.prior.diffusion, x0, residual(self.prior.diffusion, x, x0, t), s, *edm_euler(self.prior.diffusion, t, s), rng)
            yield Step(i, self.steps, x0, t, nuisance={"shift": shift})

    def _moved(self, A, shift, x0, y):
        with torch.enable_grad():
            phi = shift.detach().requires_grad_()
            r = A.at({"shift": phi})(x0.detach()) - y
            (g,) = torch.autograd.grad(r.abs().square().sum(), phi)
        return A.nuisance["shift"].project(shift - 0.3 * g / g.abs().flatten(1).amax(1).clamp_min(1e-12)[:, None, None] * 0.2)


def _case():
    rng = Streams.of(0, "moco")
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, N, dtype=torch.float64),) * 2, indexing="ij")
    truth = sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / 0.03) for a, b, c in ((1.0, 0.1, -0.2), (0.7, -0.3, 0.2), (0.5, 0.3, 0.25)))
    truth = truth.to(torch.complex128)[None]
    shift = 2 * (rng.uniform((SHOTS, 2), torch.float64) - 0.5)
    shift = shift - shift.mean(1, keepdim=True)
    y_measured = Gaussian(0.01).draw(Shifted(shift)(truth), rng)
    # The prior knows where the object is. A stationary one would not do: it holds every line of k-space for independent.
    support = torch.where(y**2 + x**2 < 0.5, 0.3, 1e-6)
    prior = GaussianPrior(torch.zeros(N, N, dtype=torch.complex128), Covariance.diagonal(IMAGE, support), VE())
    return truth, shift, Problem.of(ShotShifts(), Measured(y_measured, Gaussian(0.01))), prior


def test_motion_is_found_with_the_image_and_helps():
    truth, shift, problem, prior = _case()
    *_, joint = JointDPS(prior).trajectory(problem, Streams.of(0))
    *_, blind = JointDPS(prior, motion=False).trajectory(problem, Streams.of(0))
    error = {name: float((s.x0 - truth).norm() / truth.norm()) for name, s in (("joint", joint), ("blind", blind))}
    assert error["joint"] < 0.5 * error["blind"]
    assert (joint.nuisance["shift"] - shift).abs().mean() < 0.3


def test_the_nuisance_is_an_argument_and_autograd_reaches_it():
    A = ShotShifts()
    x = Streams.of(1).normal((N, N), torch.complex128)
    phi = (torch.rand(1, SHOTS, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5).requires_grad_()
    torch.autograd.gradcheck(lambda p: torch.view_as_real(A.at({"shift": p})(x)), (phi,), nondet_tol=0, atol=1e-5)
    assert torch.equal(A(x), A.at(A.start())(x))  # nothing was remembered

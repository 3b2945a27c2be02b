"""PSLD and ReSample: their boxes, the posterior of codes behind a linear decoder, and decoders that are not linear."""

import pytest
import torch

from mridiff.interfaces import Codec, Gaussian, Poisson, Problem, Space, Streams
from mridiff_samplers.dps import DPS
from mridiff_samplers.least_squares import largest
from mridiff_samplers.psld import PSLD
from mridiff_samplers.resample import ReSample
from mridiff_sdk.diffusions import VE, VP, karras_times, linear_beta_times
from mridiff_sdk.oracles import Covariance, GaussianPrior


class Dense(Codec):
    """Images of 6 x 5 pixels as D u, of fewer codes than pixels or of more; the encoder is the pseudo-inverse."""

    kind = "linear"

    def __init__(self, codes):
        super().__init__()
        self.D = Streams.of(3, "decoder").normal((30, codes), torch.complex128)[0] / codes**0.5
        self.E = torch.linalg.pinv(self.D)

    def space(self, domain):
        return Space(("token",), (self.D.shape[1],), kind="latent")

    def encode(self, x, conditions=None):
        return x.flatten(1) @ self.E.mT

    def decode(self, u, conditions=None):
        return (u @ self.D.mT).reshape(len(u), 6, 5)


@pytest.fixture
def latent(measure):
    def make(coils=3, std=0.1, codes=12, diffusion=None):
        codec = Dense(codes)
        space = codec.space(Space(("y", "x"), (6, 5)))
        mean = Streams.of(4, "mean").normal((codes,), torch.complex128)[0]
        prior = GaussianPrior(mean, Covariance.diagonal(space, 1.0), diffusion or VP(), codec)
        return prior, measure(coils, (6, 5), std, codec.decode(prior.draw(Streams.of(5, "x"))))

    return make


def columns(A):
    return torch.stack([A(e[None]).flatten() for e in torch.eye(30, dtype=torch.complex128).reshape(30, 6, 5)], dim=1)


def off(sampler, prior, problem, draws=60):
    """Error of the mean of images, in standard deviations of their posterior."""
    mean, C = prior.posterior(problem)
    x = sampler(problem, Streams.of(0, "x", draws))
    D = prior.codec.D
    return float(torch.linalg.vector_norm(x.mean(0) - prior.codec.decode(mean)) / (D @ C @ D.mH).diagonal().real.sum().sqrt())


@pytest.mark.parametrize("std", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("coils", [1, 3])
def test_resample_means_the_posterior_of_codes_at_any_noise_level(latent, coils, std):
    prior, problem = latent(coils, std)
    assert off(ReSample(prior, steps=20), prior, problem) < 0.35


def test_psld_comes_near_the_posterior_of_codes(latent):
    """Within a deviation or so: one step length serves no two noise levels. Without data it is far."""
    prior, problem = latent(1)
    near, far = (off(PSLD(prior, zeta=zeta, steps=60), prior, problem, 50) for zeta in (12.0, 0.0))
    assert near < 1.2 < 3 * near < far


def test_images_in_place_of_codes_leave_codes_that_miss_the_data(latent):
    """The nearest image is none that the decoder makes, so that the last steps must be of codes."""
    prior, problem = latent(1)
    assert off(ReSample(prior, steps=20, pixel=0.0), prior, problem, 30) > 3 * off(ReSample(prior, steps=20), prior, problem, 30)


def test_psld_is_its_box(latent):
    prior, problem = latent(3, diffusion=VE(0.05, 4.0))
    A, y, rng, codec = problem.linear, problem.y, Streams.of(0), prior.codec
    L = largest(A.gram, A.H(y))
    times = linear_beta_times(prior.diffusion, 3)
    u_t = times[0] * rng.normal((12,), torch.complex128)
    sampler = PSLD(prior, steps=3, zeta=2.0, glue=0.7, eta=0.5)
    for step, t, s in zip(sampler.trajectory(problem, Streams.of(0)), times, times[1:], strict=False):
        with torch.enable_grad():
            z = u_t.clone().requires_grad_()
            u0 = prior(z, t)
            x0 = codec.decode(u0)
            glued = codec.encode(x0 + A.H(y - A(x0)) / L)
            loss = torch.linalg.vector_norm(A(x0) - y) + 0.7 * torch.linalg.vector_norm(u0 - glued)
            (g,) = torch.autograd.grad(loss, z)
        u0, tau = u0.detach(), 0.5 * (1 - (s / t) ** 2) ** 0.5 * s
        u_t = u0 + (s**2 - tau**2) ** 0.5 / t * (u_t - u0) + (tau * rng.normal((12,), torch.complex128) if s else 0)
        u_t = u_t - 2.0 * 12**0.5 / 3 * ((1 + t**2) * (1 + s**2)) ** 0.5 * g
        torch.testing.assert_close(step.x, u_t)


def test_psld_without_gluing_of_images_themselves_is_dps(case):
    c = case("smooth", 3)
    x, z = (m(c.problem, Streams.of(0, "", 2)) for m in (PSLD(c.prior, steps=10, glue=0.0), DPS(c.prior, steps=10)))
    torch.testing.assert_close(x, z)


def test_gluing_wants_codes_that_the_encoder_returns(latent):
    """More codes than pixels: the data say nothing of what the decoder does not see, and the gluing makes it small."""
    prior, problem = latent(3, codes=40)

    def astray(glue):
        u = list(PSLD(prior, steps=50, glue=glue).trajectory(problem, Streams.of(0, "", 20)))[-1].x
        return float((u - prior.codec.encode(prior.codec.decode(u))).norm())

    assert astray(1.0) < 0.8 * astray(0.0)


def test_resample_is_its_box(latent):
    """Images while the noise is above `pixel`, then codes, every second step and at the last; the state drawn about both."""
    prior, problem = latent(3, diffusion=VE(0.05, 4.0))
    A, y, rng, D, E = columns(problem.linear), problem.y.flatten(), Streams.of(0), prior.codec.D, prior.codec.E
    gamma, eta, variance = 3.0, 0.5, 0.7
    times = karras_times(prior.diffusion, 5, 3.0, 0.1)
    u_t = 3.0 * rng.normal((12,), torch.complex128)[0]
    sampler = ReSample(
        prior, steps=5, every=2, gamma=gamma, eta=eta, pixel=1.0, variance=variance, iterations=60, sigma_max=3.0, sigma_min=0.1
    )
    seen = []
    for step, t, s in zip(sampler.trajectory(problem, Streams.of(0)), times, times[1:], strict=False):
        u0, r2 = prior(u_t[None], t)[0], 1 / (1 / t**2 + 1 / variance)
        tau = eta * (1 - (s / t) ** 2) ** 0.5 * s
        u_s = u0 + (s**2 - tau**2) ** 0.5 / t * (u_t - u0) + (tau * rng.normal((12,), torch.complex128)[0] if s else 0)
        if step.index % 2 == 0 or s == 0:
            B = A if t > 1 else A @ D
            start = D @ u0 if t > 1 else u0
            H = B.mH @ B / 0.01 + torch.eye(len(start)) / r2
            near = torch.linalg.solve(H, B.mH @ y / 0.01 + start / r2)
            u0 = E @ near if t > 1 else near
            g = gamma * (t**2 - s**2)
            u_s = (g * u0 + u_s) / (1 + g) + ((g / (1 + g)) ** 0.5 * s * rng.normal((12,), torch.complex128)[0] if s else 0)
            seen.append(t > 1)
        torch.testing.assert_close(step.x0.flatten(), D @ u0, rtol=0.05, atol=0.05)  # as far as the conjugate gradients promise
        torch.testing.assert_close(step.x[0], u_s, rtol=0.05, atol=0.05)
        u_t = step.x[0]
    assert len(seen) == 3 and len(set(seen)) == 2


@pytest.mark.parametrize("make", [PSLD, ReSample])
def test_batch_is_a_loop_and_another_diffusion_the_same_sampler(latent, make):
    vp = VP()
    span = float(vp.time(0.01)), float(vp.time(20.0))
    (a, problem), (b, _) = (latent(diffusion=d) for d in (VE(0.01, 20.0), VP(t_range=span)))
    together = make(a, steps=4)(problem, Streams.of(0, "scan", 3))
    torch.testing.assert_close(make(a, steps=4)(problem, Streams.of(0, "scan", [1])), together[1:2])
    torch.testing.assert_close(make(b, steps=4)(problem, Streams.of(0, "scan", 3)), together, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", [PSLD, ReSample])
def test_other_noise_is_refused(latent, make):
    prior, problem = latent()
    with pytest.raises(TypeError, match="Gaussian"):
        make(prior)(Problem(problem.A, problem.y, Poisson(), problem.space), Streams.of(0))


def test_resample_meets_data_without_noise_through_a_decoder_that_is_not_linear(latent):
    """Gauss and Newton reach codes whose images the data allow, which one step does not."""
    prior, problem = latent(3, codes=8)

    class Curved(Dense):
        kind = "nonlinear"

        def decode(self, u, conditions=None):
            return super().decode(u + 0.2 * u * u.abs().square(), conditions)

    prior.codec = Curved(8)
    y = problem.operator(prior.codec.decode(prior.draw(Streams.of(9, "u"))))
    exact = Problem(problem.A, y, Gaussian(0.0), problem.space)

    def missed(newton):
        steps = ReSample(prior, steps=6, pixel=30.0, newton=newton, iterations=60).trajectory(exact, Streams.of(0, "", 4))
        return [float((problem.operator(s.x0) - y).norm() / y.norm() / 2) for s in steps]

    once, often = missed(1), missed(8)
    assert often[0] < 0.1 * once[0] and often[-1] < 1e-3

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Blocks, Codec, Gaussian, LinearOperator, Noise, Poisson, Problem, Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.codecs import Channels, Compose, Fourier, Power, RadialWeight
from mridiff_sdk.consistency.proximal import proximal
from mridiff_sdk.diffusions import VE, VP, Box, FourierDiffusion, ddim, residual, step
from mridiff_sdk.diffusions.ladders import karras
from mridiff_sdk.operators import Stack
from mridiff_sdk.oracles import Covariance, GaussianMixturePrior, GaussianPrior, RestorerOracle

REAL, COMPLEX = Space(("y", "x"), (3, 4), complex=False), Space(("y", "x"), (3, 4))


class Matrix(LinearOperator):
    def __init__(self, A: torch.Tensor, domain: Space) -> None:
        super().__init__()
        self.A, self.domain, self.codomain = A, domain, Space(("bin",), (A.shape[0],), A.is_complex())

    def forward(self, x):
        return x.flatten(1).to(self.A.dtype) @ self.A.mT

    def adjoint(self, y):
        back = (y.to(self.A.dtype) @ self.A.conj()).reshape(len(y), *self.domain.shape)
        return back if self.domain.complex else back.real


def rand(seed: int, *shape: int, dtype: torch.dtype = torch.complex128, samples: int = 1) -> torch.Tensor:
    return Streams.of(seed, "oracle", samples).normal(shape, dtype)


def dense(space: Space, seed: int = 3) -> Covariance:
    R = rand(seed, 12, 12, dtype=space.dtype(torch.float64))[0]
    return Covariance.dense(space, R @ R.mH / 12)


def spectrum() -> torch.Tensor:
    y, x = torch.arange(3) - 1, torch.arange(4) - 2
    return 1 / (1 + (y**2)[:, None] + x**2)


def covariances(space: Space) -> dict[str, Covariance]:
    return {"diagonal": Covariance.diagonal(space, torch.linspace(0, 2, 12).reshape(3, 4)),
            "stationary": Covariance.stationary(space, spectrum()), "dense": dense(space)}  # fmt: skip


CASES = [(space, name) for space in (REAL, COMPLEX) for name in ("diagonal", "stationary", "dense")]
IDS = [f"{'complex' if s.complex else 'real'}-{n}" for s, n in CASES]


@pytest.mark.parametrize(("space", "name"), CASES, ids=IDS)
def test_the_denoiser_is_linear_regression_with_the_dense_matrix(space, name):
    C, d, dtype = covariances(space)[name], VP(), space.dtype(torch.float64)
    mean, x_t = rand(0, 3, 4, dtype=dtype), rand(1, 3, 4, dtype=dtype, samples=2)
    prior = GaussianPrior(mean, C, d)
    for t in (0.05, 0.4, 0.99):
        a, s, M = d.alpha(t), d.sigma(t), C.matrix()
        K = a * M @ torch.linalg.inv(a**2 * M + s**2 * torch.eye(12, dtype=torch.float64))
        expected = mean.flatten(1) + (x_t - a * mean).flatten(1) @ K.mT
        torch.testing.assert_close(prior(x_t, t).flatten(1), expected, rtol=1e-6, atol=1e-9)
    batch = prior(x_t, torch.tensor([0.2, 0.6]))
    torch.testing.assert_close(batch[1:], prior(x_t[1:], 0.6))


@pytest.mark.parametrize(("space", "name"), CASES, ids=IDS)
def test_draws_have_the_covariance(space, name):
    C, mean = covariances(space)[name], rand(0, 3, 4, dtype=space.dtype())
    x = (GaussianPrior(mean, C, VE()).draw(Streams.of(0, "draw", 4000)) - mean).flatten(1)
    assert x.is_complex() == space.complex
    found = (x.mT @ x.conj() / len(x)).to(space.dtype(torch.float64))
    assert float((found - C.matrix()).abs().max()) < 0.12
    if space.complex:  # circular
        assert float((x.mT @ x / len(x)).abs().max()) < 0.12


@pytest.mark.parametrize(("space", "name"), CASES, ids=IDS)
def test_the_score_is_the_gradient_of_the_log_density(space, name):
    d, t, C = VP(), 0.5, covariances(space)[name]
    prior = GaussianPrior(torch.zeros(1, 3, 4, dtype=space.dtype(torch.float64)), C, d)
    x = rand(1, 3, 4, dtype=space.dtype(torch.float64)).requires_grad_()
    P = torch.linalg.inv(d.alpha(t) ** 2 * C.matrix() + d.sigma(t) ** 2 * torch.eye(12, dtype=torch.float64))
    energy = (x.flatten(1).conj() @ P @ x.flatten(1).mT).real.sum()
    # Complex: log p = -x^H P x, whose gradient in autograd's convention is twice the score; real: half the form, once.
    torch.testing.assert_close(prior.score(x.detach(), t), -0.5 * torch.autograd.grad(energy, x)[0])


def problem(A: LinearOperator, y: object, noise: Noise) -> Problem:
    return Problem(A, y, noise, A.domain)  # type: ignore[arg-type]


FIELDS = [(REAL, torch.float64), (COMPLEX, torch.complex128), (REAL, torch.complex128)]
NOISES = {"white": Gaussian(0.4), "weights": Gaussian(0.4, torch.tensor([[1.0, 0.0, 2.0, 0.5, 1.0]])),
          "levels": Gaussian(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5]))}  # fmt: skip


@pytest.mark.parametrize(("space", "data"), FIELDS, ids=["real", "complex", "real-to-complex"])
@pytest.mark.parametrize("noise", NOISES)
def test_the_posterior_mean_maximises_the_density_and_its_covariance_is_the_curvature(space, data, noise):
    C, dtype = dense(space), space.dtype(torch.float64)
    prior = GaussianPrior(rand(0, 3, 4, dtype=dtype), C, VE())
    p = problem(Matrix(rand(1, 5, 12, dtype=data)[0], space), rand(2, 5, dtype=data), NOISES[noise])
    mean, S = prior.posterior(p)
    pull = (torch.linalg.inv(C.matrix()) @ (mean - prior.mean).flatten()).reshape(mean.shape) * (2.0 if space.complex else 1.0)
    torch.testing.assert_close(p.grad(mean), -pull, rtol=1e-4, atol=1e-5)
    # Curvature of the density, column by column, from differences of its gradient (which is affine).
    own = 2.0 if space.complex else 1.0
    E = torch.eye(12, dtype=dtype).reshape(12, 3, 4)
    H = torch.stack([(p.grad(mean + e) - p.grad(mean)).flatten() / own for e in E], dim=1) + torch.linalg.inv(C.matrix())
    torch.testing.assert_close(torch.linalg.inv(H), S, rtol=1e-4, atol=1e-5)


def test_the_posterior_is_what_regression_on_draws_finds():
    # Brute force: of joint draws (x, y), the linear regression of x on y is the posterior mean, its residual the covariance.
    C, n, rng = Covariance.stationary(COMPLEX, spectrum()), 40000, Streams.of(0, "joint")
    prior, A = GaussianPrior(torch.zeros(1, 3, 4, dtype=torch.complex128), C, VE()), Matrix(rand(1, 5, 12)[0], COMPLEX)
    x = (rng.normal((n, 12), torch.complex128)[0] @ C.root().mT).reshape(n, 3, 4)
    y = A(x) + 0.5 * rng.normal((n, 5), torch.complex128)[0]
    K = torch.linalg.lstsq(y, x.flatten(1)).solution
    left = x.flatten(1) - y @ K
    one = rand(4, 5)
    mean, S = prior.posterior(problem(A, one, Gaussian(0.5)))
    assert float((one @ K - mean.flatten(1)).abs().max()) < 0.03
    assert float((left.mT @ left.conj() / n - S).abs().max()) < 0.03


def test_a_proximal_step_is_the_posterior_mean_of_a_white_prior():
    prior = GaussianPrior(rand(0, 3, 4), Covariance.diagonal(COMPLEX, 0.49), VE())
    p = problem(Matrix(rand(1, 5, 12)[0], COMPLEX), rand(2, 5), Gaussian(0.3))
    torch.testing.assert_close(proximal(p, prior.mean, 0.7, iterations=50, tolerance=1e-12), prior.posterior(p)[0], rtol=1e-6, atol=1e-8)


def test_two_blocks_are_two_measurements():
    A, B = Matrix(rand(1, 5, 12)[0], COMPLEX), Matrix(rand(2, 4, 12)[0], COMPLEX)
    y, z = rand(3, 5), rand(4, 4)
    prior = GaussianPrior(rand(0, 3, 4), dense(COMPLEX), VE())
    both = prior.posterior(problem(Stack([A, B]), (y, z), Blocks((Gaussian(0.3), Gaussian(0.6)))))
    mean, S = prior.posterior(problem(A, y, Gaussian(0.3)))
    then = GaussianPrior(mean, Covariance.dense(COMPLEX, S), VE()).posterior(problem(B, z, Gaussian(0.6)))
    torch.testing.assert_close(both, then, rtol=1e-6, atol=1e-8)


CODECS = {"fourier": Fourier(), "channels": Channels(), "weighted": Compose(Fourier(), RadialWeight(Power()))}


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_through_a_linear_codec_the_posterior_is_that_of_the_images(codec: Codec):
    space = codec.space(COMPLEX)
    C = Covariance.diagonal(space, torch.linspace(0.5, 2, space.shape[-1]))
    prior = GaussianPrior(codec.encode(rand(0, 3, 4)), C, VE(), codec)
    p = problem(Matrix(rand(1, 5, 12)[0], COMPLEX), rand(2, 5), Gaussian(0.3))
    mean, S = prior.posterior(p)
    n = len(S)
    D = codec.decode(torch.eye(n, dtype=space.dtype(torch.float64)).reshape(n, *space.shape)).flatten(1).mT
    # In images: x = D u is Gaussian too. For real pairs D is real-linear and halves the variance of each part.
    image = GaussianPrior(codec.decode(prior.mean), Covariance.dense(COMPLEX, D @ C.matrix().to(D) @ D.mH), VE())
    expected, Sx = image.posterior(p)
    torch.testing.assert_close(codec.decode(mean), expected, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(D @ S.to(D) @ D.mH, Sx, rtol=1e-6, atol=1e-8)


def test_what_has_no_closed_form_is_refused():
    prior, A, y = GaussianPrior(rand(0, 3, 4), dense(COMPLEX), VE()), Matrix(rand(1, 5, 12)[0], COMPLEX), rand(2, 5)
    for noise in (Gaussian(), Gaussian(0.0)):
        with pytest.raises(ValueError, match="above 0"):
            prior.posterior(problem(A, y, noise))
    with pytest.raises(TypeError, match="Gaussian"):
        prior.posterior(problem(A, y, Poisson()))
    with pytest.raises(ValueError, match="negative"):
        Covariance.diagonal(REAL, -1.0)
    with pytest.raises(ValueError, match="same at k and -k"):
        Covariance.stationary(REAL, torch.arange(12.0).reshape(3, 4))


def mixture(space: Space) -> GaussianMixturePrior:
    dtype = space.dtype(torch.float64)
    means = torch.cat([2 * rand(s, 3, 4, dtype=dtype) for s in (5, 6, 7)])
    C = [dense(space, 8), Covariance.diagonal(space, 0.3), Covariance.stationary(space, spectrum())]
    return GaussianMixturePrior(torch.tensor([1.0, 2.0, 1.0]), means, C, VP())


@pytest.mark.parametrize("space", [REAL, COMPLEX], ids=["real", "complex"])
def test_the_mixture_denoiser_obeys_tweedie(space):
    prior, d, t = mixture(space), VP(), 0.6
    x = rand(9, 3, 4, dtype=space.dtype(torch.float64), samples=2).requires_grad_()
    a, s = d.alpha(t), d.sigma(t)
    logs, own = [], 1.0 if space.complex else 0.5
    for m, C in zip(prior.means, prior.covariances, strict=True):
        P = torch.linalg.inv(a**2 * C.matrix() + s**2 * torch.eye(12, dtype=torch.float64))
        z = (x - a * m).flatten(1)
        logs.append(own * (torch.linalg.slogdet(P)[1] - torch.einsum("ni,ij,nj->n", z.conj(), P, z).real))
    log_p = torch.logsumexp(torch.stack(logs) + prior.weights.double().log()[:, None], 0)
    g = torch.autograd.grad(log_p.sum(), x)[0] / (2 if space.complex else 1)
    torch.testing.assert_close(prior(x.detach(), t), (x.detach() + s**2 * g) / a, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("space", [REAL, COMPLEX], ids=["real", "complex"])
def test_the_mixture_posterior_weighs_components_by_their_evidence(space):
    prior, dtype = mixture(space), torch.complex128
    A, y, sigma = rand(1, 4, 12, dtype=dtype)[0], rand(2, 4, dtype=dtype), 0.8
    weights, means, S = prior.posterior(problem(Matrix(A, space), y, Gaussian(sigma)))
    logs = []
    for m, C in zip(prior.means, prior.covariances, strict=True):
        B, z, own = A, y[0] - A @ m.flatten().to(A), 1.0
        if not space.complex:
            B, z, own = torch.cat((A.real, A.imag)), torch.cat((z.real, z.imag)), 0.5
        V = B @ C.matrix() @ B.mH + (sigma**2 if space.complex else sigma**2 / 2) * torch.eye(len(B), dtype=torch.float64)
        logs.append(-own * ((z.conj() @ torch.linalg.solve(V, z)).real + torch.linalg.slogdet(V)[1]))
    torch.testing.assert_close(weights, torch.softmax(torch.stack(logs) + prior.weights.double().log(), 0), rtol=1e-6, atol=1e-9)
    for k in range(3):
        one = GaussianPrior(prior.means[k : k + 1], prior.covariances[k], VP())
        torch.testing.assert_close(one.posterior(problem(Matrix(A, space), y, Gaussian(sigma))), (means[k : k + 1], S[k]))


def test_one_component_is_the_gaussian_and_draws_follow_the_weights():
    C, x_t = dense(COMPLEX), rand(1, 3, 4, samples=2)
    one = GaussianMixturePrior(torch.ones(1), rand(0, 3, 4), [C], VP())
    torch.testing.assert_close(one(x_t, 0.3), GaussianPrior(rand(0, 3, 4), C, VP())(x_t, 0.3))
    narrow = [Covariance.diagonal(COMPLEX, 1e-6)] * 2
    means = torch.stack((torch.zeros(3, 4), torch.ones(3, 4))).to(torch.complex64)
    two = GaussianMixturePrior(torch.tensor([1.0, 3.0]), means, narrow, VP())
    x = two.draw(Streams.of(0, "m", 2000))
    assert abs(float(x.real.mean()) - 0.75) < 0.03
    torch.testing.assert_close(two.draw(Streams.of(0, "m", [7])), x[7:8])


def test_the_reverse_chain_with_the_exact_denoiser_ends_at_the_prior():
    # The chain is linear, so its variance at each frequency follows a recursion: drawn, it must obey it; with many steps, reach v.
    space, d, y = Space(("y", "x"), (8, 8)), VP(), torch.arange(8) - 4
    C = Covariance.stationary(space, 4 / (1 + (y**2)[:, None] + y**2))
    prior = GaussianPrior(torch.zeros(1, 8, 8, dtype=torch.complex64), C, d)

    def variance(times: torch.Tensor) -> torch.Tensor:
        V = torch.full((8, 8), float(d.sigma(times[0])) ** 2, dtype=torch.float64)
        for t, s in pairwise(times):
            gain = d.alpha(t) * C.values / (d.alpha(t) ** 2 * C.values + d.sigma(t) ** 2)
            r, tau = ddim(d, t, s, 1.0)
            V = (d.alpha(s) * gain + r * (1 - d.alpha(t) * gain)) ** 2 * V + tau**2
        return V

    torch.testing.assert_close(variance(karras(d, 1000, 100.0, 1e-3)), C.values, rtol=0.02, atol=0)
    rng, times = Streams.of(0, "chain", 300), karras(d, 12, 40.0, 0.02)
    x = d.sigma(times[0]) * rng.normal((8, 8))
    for t, s in pairwise(times):
        x0 = prior(x, t)
        x = step(d, x0, residual(d, x, x0, t), s, *ddim(d, t, s, 1.0), rng)
    ratio = fourier.fft(x).abs().square().mean(0) / variance(times)
    assert abs(float(ratio.mean()) - 1) < 0.02 and float((ratio - 1).abs().max()) < 0.25


def test_restorers_tell_the_truth_or_keep_a_share_of_the_damage():
    x0, d = rand(0, 8, 8), FourierDiffusion(Box((2, 2)))
    x_t = d.mean(x0, 1.0)
    assert torch.equal(RestorerOracle(x0, COMPLEX, d)(x_t, 1.0), x0)
    torch.testing.assert_close(RestorerOracle(x0, COMPLEX, d, 0.1)(x_t, 1.0) - x0, 0.1 * (x_t - x0))

from __future__ import annotations

import pytest
import torch
from sdk_parts import Matrix

from mridiff.interfaces import Blocks, Field, Gaussian, LinearOperator, Noise, Operator, Poisson, Prior, Problem, Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.codecs import Channels, Compose, Fourier, Haar, Power, RadialWeight, Whitening
from mridiff_sdk.consistency import nearest_code
from mridiff_sdk.consistency.gradient import misfit_gradient, through_prior
from mridiff_sdk.consistency.proximal import proximal
from mridiff_sdk.consistency.replacement import replacement
from mridiff_sdk.consistency.spaces import Decode, Tangent, in_domain, in_prior_space
from mridiff_sdk.diffusions import VE
from mridiff_sdk.operators import Stack

MASK = (torch.arange(6) % 2 == 0).double().expand(1, 6, 6)


class Sampled(LinearOperator):
    domain, codomain = Space(("y", "x"), (6, 6)), Space(("ky", "kx"), (6, 6))

    def forward(self, x):
        return MASK.to(x.real.dtype) * fourier.fft(x)

    def adjoint(self, y):
        return fourier.ifft(MASK.to(y.real.dtype) * y)


def rand(seed: int, *shape: int, dtype: torch.dtype = torch.complex128, samples: int = 2) -> torch.Tensor:
    return Streams.of(seed, "steps", samples).normal(shape, dtype)


def problem(A: Operator, y: object, noise: Noise) -> Problem:
    return Problem(A, y, noise, A.domain)  # type: ignore[arg-type]


def test_replacement_is_kspace_replacement_and_a_soft_blend_in_between():
    x, y = rand(0, 6, 6), MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.1))
    torch.testing.assert_close(fourier.fft(replacement(p, x)), y + (1 - MASK) * fourier.fft(x))
    blend = fourier.fft(replacement(p, x, torch.tensor([1.0, 0.25])))
    torch.testing.assert_close(MASK * blend[1], MASK * (0.25 * y[1] + 0.75 * fourier.fft(x)[1]))
    torch.testing.assert_close(replacement(p, x, 0.0), x)


def test_proximal_on_a_cartesian_scan_is_the_weighted_mean_of_two_measurements():
    x0, y = rand(0, 6, 6), MASK * rand(1, 6, 6)
    r, sigma = torch.tensor([0.3, 2.0], dtype=torch.float64), 0.5
    x = fourier.fft(proximal(problem(Sampled(), y, Gaussian(sigma)), x0, r))
    share = (r**2 / (r**2 + sigma**2))[:, None, None]
    torch.testing.assert_close(x, fourier.fft(x0) + share * MASK * (y - fourier.fft(x0)))


NOISES = {"white": Gaussian(0.2), "levels": Gaussian(torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5]]).double()),
          "weights": Gaussian(0.3, torch.tensor([[1.0, 0.0, 2.0, 1.0, 0.5]]).double())}  # fmt: skip
FIELDS = {"complex": (torch.complex128, True), "real": (torch.float64, False), "real-to-complex": (torch.complex128, False)}


@pytest.mark.parametrize("case", FIELDS)
@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_proximal_zeroes_the_gradient_of_the_two_log_densities(case, noise):
    dtype, complex_domain = FIELDS[case]
    A = Matrix(rand(0, 5, 4, dtype=dtype, samples=1)[0], complex_domain)
    x0, y = rand(1, 4, dtype=torch.complex128 if complex_domain else torch.float64), rand(2, 5, dtype=dtype)
    p, r = problem(A, y, noise), 0.7
    x = proximal(p, x0, r, iterations=40, tolerance=1e-12)
    prior = (x - x0) * ((2.0 if complex_domain else 1.0) / r**2)
    torch.testing.assert_close(p.grad(x), -prior, rtol=1e-8, atol=1e-8)
    assert (x - x0).abs().max() > 0.05


def test_proximal_takes_blocks():
    A, B = (Matrix(rand(s, 5, 4, samples=1)[0], True) for s in (0, 1))
    noise = Blocks((Gaussian(0.2), Gaussian(0.5)))
    x0, y = rand(2, 4), (rand(3, 5), rand(4, 5))
    p = problem(Stack([A, B]), y, noise)
    x = proximal(p, x0, 1.0, iterations=40, tolerance=1e-12)
    torch.testing.assert_close(p.grad(x), -2 * (x - x0), rtol=1e-8, atol=1e-8)


def test_proximal_of_a_noise_free_scan_meets_it_to_the_floor():
    x0, y = rand(0, 6, 6), MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.0))
    for floor in (1e-1, 1e-3):
        off = (Sampled()(proximal(p, x0, 0.5, floor=floor)) - y).abs().max() / (Sampled()(x0) - y).abs().max()
        assert abs(float(off) / (floor**2 / (1 + floor**2)) - 1) < 1e-2


def test_proximal_keeps_what_is_certain_and_refuses_what_it_cannot_weigh():
    x0, y = rand(0, 6, 6), MASK * rand(1, 6, 6)
    torch.testing.assert_close(proximal(problem(Sampled(), y, Gaussian(0.1)), x0, 0.0), x0)
    trusted = proximal(problem(Sampled(), y, Gaussian()), x0, 1.0)
    assert torch.equal(trusted, proximal(problem(Sampled(), y, Gaussian(0.0)), x0, 1.0)) and (Sampled()(trusted) - y).abs().max() < 1e-5
    told = proximal(problem(Sampled(), y, Gaussian()), x0, 1.0, sigma_y=0.2)
    torch.testing.assert_close(told, proximal(problem(Sampled(), y, Gaussian(0.2)), x0, 1.0))
    with pytest.raises(TypeError, match="Gaussian"):
        proximal(problem(Sampled(), y, Poisson()), x0, 1.0)


@pytest.mark.parametrize("case", FIELDS)
@pytest.mark.parametrize("rule", ["likelihood", "squared", "norm"])
def test_misfit_gradients_are_those_of_autograd(case, rule):
    dtype, complex_domain = FIELDS[case]
    A = Matrix(rand(0, 5, 4, dtype=dtype, samples=1)[0], complex_domain)
    x, y = rand(1, 4, dtype=torch.complex128 if complex_domain else torch.float64), rand(2, 5, dtype=dtype)
    p = problem(A, y, Gaussian(0.3))
    z = x.clone().requires_grad_()
    square = (A(z) - y).abs().square().sum(1)
    measure = {"likelihood": p.nll(z), "squared": square, "norm": square.sqrt()}[rule]
    torch.testing.assert_close(misfit_gradient(p, x, rule), torch.autograd.grad(measure.sum(), z)[0])


def test_the_norm_rule_rests_at_an_exact_fit_and_needs_gaussian_noise():
    x = rand(0, 6, 6)
    p = problem(Sampled(), Sampled()(x), Gaussian(0.3))
    assert not misfit_gradient(p, x, "norm").abs().max() > 0
    with pytest.raises(TypeError, match="likelihood"):
        misfit_gradient(problem(Sampled(), x.abs(), Poisson()), x, "norm")


class Net(Prior):
    space, diffusion = Space(("y", "x")), VE()

    def __init__(self, codec=None):
        super().__init__()
        self.codec = codec or self.codec

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t * x_t.abs() + 0.3 * x_t.flip(-1).conj() if x_t.is_complex() else x_t**2 + x_t.flip(-1)


@pytest.mark.parametrize("codec", [None, Fourier(), Channels()], ids=["identity", "fourier", "channels"])
def test_the_gradient_through_prior_and_codec_is_that_of_autograd(codec):
    prior, y = Net(codec), MASK * rand(1, 6, 6)
    x_t = prior.codec.encode(rand(0, 6, 6))
    p = problem(Sampled(), y, Gaussian(0.3))
    with torch.no_grad():
        x0, g = through_prior(prior, x_t, 0.5, lambda x: misfit_gradient(p, x, "norm"))
    z = x_t.clone().requires_grad_()
    norm = (Sampled()(prior.codec.decode(prior(z, 0.5))) - y).flatten(1).norm(dim=1).sum()
    torch.testing.assert_close(g, torch.autograd.grad(norm, z)[0])
    torch.testing.assert_close(x0, prior(x_t, 0.5))
    assert not x0.requires_grad and not g.requires_grad


CODECS = {"weighted": Compose(Fourier(), RadialWeight(Power())), "channels": Channels(), "haar": Haar(),
          "whitening": Whitening(torch.full((1, 1, 1), 0.5 + 0.1j, dtype=torch.complex128), torch.full((1, 1, 1), 3.0).double()),
          "all": Compose(Fourier(), RadialWeight(Power()), Channels())}  # fmt: skip


@pytest.mark.parametrize("name", CODECS)
def test_decode_is_linear_with_its_adjoint(name):
    D = Decode(CODECS[name], Sampled.domain)
    u = CODECS[name].encode(rand(0, 6, 6))
    x = rand(1, 6, 6)
    inner = (D(u).conj() * x).sum().real, (u.conj() * D.H(x)).sum().real
    torch.testing.assert_close(*inner)
    torch.testing.assert_close(D(2 * u), 2 * D(u))


@pytest.mark.parametrize("name", CODECS)
def test_a_problem_moved_into_the_priors_space_has_the_same_likelihood(name):
    codec, x, y = CODECS[name], rand(0, 6, 6), MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.4))
    moved = in_prior_space(p, codec)
    torch.testing.assert_close(moved.nll(codec.encode(x)), p.nll(x))
    assert moved.space == codec.space(p.space)


def test_a_proximal_step_in_unitary_prior_space_is_the_step_in_the_domain_and_in_a_weighted_one_it_is_not():
    x0, y = rand(0, 6, 6), MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.4))
    there = proximal(p, x0, 0.6)
    for name, same in (("channels", True), ("haar", True), ("weighted", False)):
        codec = CODECS[name]
        u = proximal(in_prior_space(p, codec), codec.encode(x0), 0.6)
        assert torch.allclose(codec.decode(u), there, atol=1e-6) == same, name


def test_steps_in_the_domain_and_nonlinear_codecs():
    codec, x, y = CODECS["all"], rand(0, 6, 6), MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.1))
    u = in_domain(codec, codec.encode(x), lambda z: replacement(p, z))
    torch.testing.assert_close(codec.decode(u), replacement(p, x))
    nonlinear = Haar()
    nonlinear.kind = "nonlinear"
    with pytest.raises(TypeError, match="nonlinear"):
        in_prior_space(p, nonlinear)


def test_conditions_reach_the_prior():
    seen = []

    class Reader(Net):
        def forward(self, x_t, t, conditions=None, rng=None):
            seen.append(conditions)
            return x_t

    fields = {"guide": Field(torch.zeros(1, 6, 6), ("y", "x"))}
    through_prior(Reader(), rand(0, 6, 6), 1.0, lambda x: x, fields)
    assert seen == [fields]


class Curved(Fourier):
    """Complex images of real codes, by a decoder that is not linear."""

    kind = "nonlinear"

    def space(self, domain):
        return Space(domain.axes, domain.sizes, complex=False, kind="latent")

    def decode(self, u, conditions=None):
        return fourier.ifft(torch.polar(1 + 0.2 * u.square(), u.tanh()))


def test_the_tangent_of_a_decoder_is_its_derivative():
    u, v, x = rand(0, 6, 6).real, rand(1, 6, 6).real, rand(2, 6, 6)
    J = Tangent(Curved(), Sampled.domain, u)
    torch.testing.assert_close(J(v), (Curved().decode(u + 1e-5 * v) - Curved().decode(u - 1e-5 * v)) / 2e-5)
    torch.testing.assert_close((J(v).conj() * x).sum().real, (v * J.H(x)).sum())
    torch.testing.assert_close(J(2 * v), 2 * J(v))
    torch.testing.assert_close(J.decoded, Curved().decode(u))


def test_the_nearest_code_is_a_minimum_and_through_a_linear_decoder_the_proximal_step():
    u0, y = 0.5 * rand(0, 6, 6).real, MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.4))
    u = nearest_code(p, Curved(), u0, 0.6, rounds=30, iterations=60)
    with torch.enable_grad():
        z = u.clone().requires_grad_()
        value = p.nll(Curved().decode(z)).sum() + 0.5 * ((z - u0) / 0.6).square().sum()
        (g,) = torch.autograd.grad(value, z)
    assert g.abs().max() < 0.05 * (u - u0).abs().max() / 0.36
    linear = CODECS["weighted"]
    found = nearest_code(p, linear, linear.encode(rand(2, 6, 6)), 0.6, rounds=1, iterations=100)
    exact = proximal(in_prior_space(p, linear), linear.encode(rand(2, 6, 6)), 0.6, iterations=100, tolerance=None)
    torch.testing.assert_close(found, exact)


def test_a_round_that_makes_the_misfit_worse_is_not_taken():
    class Winding(Curved):
        def decode(self, u, conditions=None):
            return fourier.ifft(torch.polar(torch.ones_like(u), 5 * u))

    u0, y = 0.5 * rand(0, 6, 6).real, 4 * MASK * rand(1, 6, 6)
    p = problem(Sampled(), y, Gaussian(0.1))
    u = nearest_code(p, Winding(), u0, 5.0)
    whole = proximal(in_prior_space(p, Winding(), at=u0), u0, 5.0)
    kept, before, after = (p.nll(Winding().decode(v)) + 0.5 * ((v - u0) / 5.0).square().flatten(1).sum(1) for v in (u, u0, whole))
    assert bool((kept <= before).all()) and bool((after > before).any())

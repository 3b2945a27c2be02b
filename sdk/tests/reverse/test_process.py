"""A prior bound to a problem: what is computed once, which diffusion is used, and both ways through the codec."""

from functools import partial

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Problem, Space, Streams
from mridiff_sdk import fourier
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.diffusions import VE, VP, ddim, renoise
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.reverse import Reverse
from mridiff_sdk.testing.reference import Masked

SHAPE = (6, 7)
MASK = (torch.arange(7) % 2).double().expand(1, *SHAPE).clone()


def problem(dtype=torch.complex128, y=True):
    A = Masked(MASK.to(dtype.to_real()))
    return Problem(A, A(Streams.of(5).normal(SHAPE, dtype)) if y else None, Gaussian(0.1), A.domain)


def prior(diffusion=None, codec=None):
    """White images of variance 1 about 0.5."""
    mean, space = torch.full(SHAPE, 0.5 + 0j, dtype=torch.complex128), Space(("y", "x"), SHAPE)
    if codec is not None:
        mean, space = codec.encode(mean[None])[0], codec.space(space)
    return GaussianPrior(mean, Covariance.diagonal(space, 1.0), diffusion or VP(), codec)


class Counting(GaussianPrior):
    """Says how often its conditions were asked for, and what it was called with."""

    def conditions(self, problem):
        self.asked = getattr(self, "asked", 0) + 1
        return {"told": Field(torch.zeros(1, 1), ("token",))}

    def forward(self, x_t, t, conditions=None, rng=None):
        self.seen = (dict(conditions or {}), rng, torch.is_grad_enabled())
        return super().forward(x_t, t)


def counting():
    plain = prior()
    return Counting(plain.mean, plain.covariance, plain.diffusion)


def test_conditions_are_computed_once_and_given_to_every_call_with_the_streams():
    told, p, rng = counting(), problem(), Streams.of(0)
    chain = Reverse(told, p, rng)
    x_t = chain.noise(0.5)
    with torch.enable_grad():
        for call in (lambda: chain.u0(x_t, 0.5), lambda: chain.x0(x_t, 0.5), lambda: chain.denoised(x_t, 0.3)):
            call()
            assert told.seen[0].keys() == {"told"} and told.seen[1] is rng and told.seen[2] is False
    chain.through(x_t, 0.5, lambda x: x)
    assert told.seen[0].keys() == {"told"} and told.seen[1] is rng and told.seen[2] is True
    chain.score(x_t, 0.5)
    assert told.seen[0].keys() == {"told"} and told.asked == 1


class Tied(VE):
    """Makes noise once it is tied to a scan, and a constant it is."""

    tied = False

    def bind(self, problem, rng):
        bound = type(self)(*self.t_range)
        bound.tied = True
        return bound

    def noise(self, like, rng):
        assert self.tied
        return torch.ones(len(rng), *like.shape[1:], dtype=like.dtype)


def test_the_diffusion_is_bound_to_the_scan_and_makes_all_noise():
    chain = Reverse(prior(Tied(0.01, 20.0)), problem(), Streams.of(0, "", 2))
    x = Streams.of(1, "", 2).normal(SHAPE, torch.complex128)
    torch.testing.assert_close(chain.noise(3.0), torch.full((2, *SHAPE), 3.0 + 0j, dtype=torch.complex128))
    torch.testing.assert_close(chain.noised(x[:1], 2.0), x[:1].expand(2, *SHAPE) + 2)
    torch.testing.assert_close(chain.onward(x, x, 2.0, 1.0, renoise), x + 1)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_noise_has_the_level_of_its_time_and_the_precision_of_the_measurement(dtype):
    x = Reverse(prior(), problem(dtype), Streams.of(0, "", 500)).noise(0.3)
    assert x.shape == (500, *SHAPE) and x.dtype == dtype
    assert abs(float(x.abs().square().mean().sqrt() / VP().sigma(0.3)) - 1) < 0.02


def test_without_a_measurement_there_is_no_start_from_noise():
    with pytest.raises(TypeError, match="start from an estimate"):
        Reverse(prior(), problem(y=False), Streams.of(0)).noise(0.3)


def test_each_sample_is_denoised_at_its_own_level():
    chain = Reverse(prior(), problem(), Streams.of(0, "", 2))
    x = Streams.of(2, "", 2).normal(SHAPE, torch.complex128)
    both = chain.denoised(x, torch.tensor([0.3, 0.7]))
    torch.testing.assert_close(both, torch.cat([chain.denoised(x[:1], 0.3), chain.denoised(x[1:], 0.7)]))


def test_through_a_codec_everything_is_what_it_is_without():
    p, rng = problem(), Streams.of(0)
    plain, coded = Reverse(prior(), p, rng), Reverse(prior(codec=Fourier()), p, rng)
    x, x0 = (Streams.of(i).normal(SHAPE, torch.complex128) for i in (2, 3))
    u = fourier.fft(x)
    torch.testing.assert_close(coded.x0(u, 0.4), plain.x0(x, 0.4))
    torch.testing.assert_close(coded.denoised(x, 0.7), plain.denoised(x, 0.7))
    torch.testing.assert_close(coded.onward(u, x0, 0.4, 0.2, ddim), fourier.fft(plain.onward(x, x0, 0.4, 0.2, ddim)))
    ours, theirs = coded.through(u, 0.4, lambda x: 3 * x), plain.through(x, 0.4, lambda x: 3 * x)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, fourier.fft(b))


def test_ratio_and_size_are_those_of_the_time():
    chain = Reverse(prior(), problem(), Streams.of(0))
    assert chain.size(0.7) == pytest.approx(1) and chain.ratio(float(VP().time(2.0))) == pytest.approx(2)
    assert Reverse(prior(VE()), problem(), Streams.of(0)).size(3.0) == pytest.approx(10**0.5)


def test_an_estimate_is_off_by_no_more_than_images_vary():
    """For white images of that variance exactly: the spread of x0 given x_t."""
    prior_of_variance = GaussianPrior(torch.zeros(SHAPE).cdouble(), Covariance.diagonal(Space(("y", "x"), SHAPE), 0.5), VE())
    x0 = prior_of_variance.draw(Streams.of(0, "", 2000))
    chain = Reverse(prior_of_variance, problem(), Streams.of(1, "", 2000))
    for t in (0.1, 1.0, 10.0):
        off = (chain.x0(chain.noised(x0, t), t) - x0).abs().square().mean().sqrt()
        assert chain.uncertainty(t, 0.5) == pytest.approx(float(off), rel=0.02)
    assert chain.uncertainty(30.0) == pytest.approx(1, rel=1e-3)


def test_denoised_is_the_estimate_at_any_level():
    x = Streams.of(2).normal(SHAPE, torch.complex128)
    for diffusion in (VE(), VP()):
        torch.testing.assert_close(Reverse(prior(diffusion), problem(), Streams.of(0)).denoised(x, 2.0), 0.5 + (x - 0.5) / 5)


def test_the_last_step_is_the_estimate_itself_and_draws_nothing():
    rng = Streams.of(0)
    chain = Reverse(prior(), problem(), rng)
    x, x0 = (Streams.of(i).normal(SHAPE, torch.complex128) for i in (2, 3))
    assert torch.equal(chain.onward(x, x0, 0.4, 0.0, partial(ddim, eta=1.0)), x0)
    torch.testing.assert_close(rng.normal((3,)), Streams.of(0).normal((3,)), rtol=0, atol=0)


def test_a_process_at_another_operator_asks_for_no_conditions_again():
    p, other = counting(), problem()
    chain = Reverse(p, problem(), Streams.of(0))
    moved = chain.at(other)
    assert moved.problem is other and chain.problem is not other
    assert moved.conditions is chain.conditions and moved.diffusion is chain.diffusion and moved.rng is chain.rng

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Poisson, Problem, Streams
from mridiff_samplers.dpir import DPIR
from mridiff_sdk.diffusions import VE, VP


def columns(f, like):
    """The matrix of a linear map of images."""
    basis = torch.eye(like[0].numel(), dtype=like.dtype).reshape(-1, *like.shape[1:])
    return f(basis).flatten(1).T


@pytest.mark.parametrize("coils", [1, 3])
def test_at_a_constant_level_it_ends_at_the_fixed_point_of_its_two_halves(case, coils):
    """x = (A^H A + c)^-1 (A^H y + c D x), c = weight (sigma_y / sigma)^2, solved as one linear system for a linear D."""
    c, sigma, weight = case("smooth", coils), 1.0, 0.5
    c.prior.mean = torch.zeros_like(c.prior.mean)
    A = c.problem.linear
    ratio = weight * (0.1 / sigma) ** 2
    b = A.H(c.problem.y)
    D = columns(lambda x: c.prior.denoise(x, sigma), b)
    x = torch.linalg.solve(columns(A.gram, b) + ratio * (torch.eye(len(D), dtype=D.dtype) - D), b.flatten())
    got = DPIR(c.prior, steps=150, sigma_max=sigma, sigma_min=sigma, weight=weight, iterations=30)(c.problem, Streams.of(0))
    torch.testing.assert_close(got.flatten(), x, rtol=1e-4, atol=1e-4)


def test_one_estimate_whatever_the_seed_and_the_diffusion(case):
    low, high = 0.01, 80.0
    vp = VP()
    a = case("smooth", 3, diffusion=VP(t_range=(float(vp.time(low)), float(vp.time(high)))))
    b = case("smooth", 3, diffusion=VE(low, high))
    x, again, other = (DPIR(c.prior)(c.problem, Streams.of(seed, "", 2)) for c, seed in ((a, 0), (a, 1), (b, 0)))
    assert torch.equal(x, again) and torch.equal(x[0], x[1])
    torch.testing.assert_close(x, other, rtol=1e-6, atol=1e-6)


def test_strength_falls_to_the_last_level_within_the_trained_range(case):
    c = case("white", 1, diffusion=VE(0.05, 1.0))
    levels = [s.t for s in DPIR(c.prior, steps=6, sigma_max=4.0, sigma_min=0.01).trajectory(c.problem, Streams.of(0))]
    assert levels[0] == 1.0 and levels[-1] == 0.05 and all(a >= b for a, b in zip(levels, levels[1:], strict=False))


@pytest.mark.parametrize(("conditions", "mirrored"), [({}, True), ({"code": Field(torch.zeros(1, 1), ("token",))}, False)])
def test_the_image_is_mirrored_from_call_to_call_but_not_where_the_prior_was_told_more(case, conditions, mirrored):
    c = case("smooth", 1)
    seen = []
    c.prior.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    c.prior.conditions = lambda problem: conditions
    images = [s.x0 for s in DPIR(c.prior, steps=5).trajectory(c.problem, Streams.of(0))]
    for i, dims in ((1, [-1]), (2, [-2]), (3, [-2, -1]), (4, [])):
        u = seen[i] / c.prior.diffusion.alpha(c.prior.diffusion.time(torch.tensor(0.2 * 0.1 ** (i / 4))))
        torch.testing.assert_close(u, images[i - 1].flip(dims if mirrored else []), rtol=1e-6, atol=1e-6)


def test_the_prior_is_called_without_gradients_and_data_are_kept(case):
    c = case("smooth", 3)
    modes = []
    c.prior.register_forward_hook(lambda *_: modes.append(torch.is_grad_enabled()))
    y = c.problem.operator(c.mean)
    for std in (0.0, None):
        problem = Problem(c.problem.A, y, Gaussian(std), c.problem.space)
        with torch.enable_grad():
            x = DPIR(c.prior, steps=5, iterations=40)(problem, Streams.of(0))
        assert (problem.operator(x) - y).abs().max() < 1e-5 * y.abs().max()
    assert modes == [False] * 10


def test_other_noise_is_refused(case):
    c = case("white", 1)
    with pytest.raises(TypeError, match="Gaussian"):
        DPIR(c.prior)(Problem(c.problem.A, c.problem.y, Poisson(), c.problem.space), Streams.of(0))

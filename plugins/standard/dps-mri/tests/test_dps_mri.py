import pytest
import torch
from torch import nn

from mridiff.interfaces import Gaussian, Prior, Problem, Streams
from mridiff_dps_mri.sampler import DPSMRI
from mridiff_samplers.diffpir import DiffPIR
from mridiff_samplers.dps import DPS
from mridiff_sdk.diffusions import VE, karras_times


class Raising(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise AssertionError("a backward pass went through the prior")


class Network(Prior):
    """The prior of a case as a network: a weight that asks for gradients, and `through` at its entry."""

    def __init__(self, prior, through):
        super().__init__()
        self.prior, self.through, self.diffusion = prior, through, prior.diffusion
        self.weight = nn.Parameter(torch.ones((), dtype=torch.float64))

    def forward(self, x_t, t, conditions=None, rng=None):
        return self.prior(self.through(x_t * self.weight), t)


@pytest.mark.parametrize("mode", ["map", "grad"])
def test_no_backward_pass_reaches_the_prior(case, mode):
    c = case("white", 3)
    prior = Network(c.prior, Raising.apply)
    with torch.enable_grad():
        x = DPSMRI(prior, mode=mode, steps=4)(c.problem, Streams.of(0))
    assert not x.requires_grad
    with pytest.raises(AssertionError, match="backward"):
        DPS(prior, steps=4)(c.problem, Streams.of(0))


def test_nothing_is_kept_for_a_backward_pass(case):
    """Autograd saves no tensor, where DPS saves those of every layer."""
    c = case("white", 3)
    saved = []
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        DPSMRI(Network(c.prior, torch.clone), steps=3)(c.problem, Streams.of(0))
        mine = len(saved)
        DPS(Network(c.prior, torch.clone), steps=3)(c.problem, Streams.of(0))
    assert mine == 0 and len(saved) > 0


@pytest.mark.parametrize(("coils", "samples"), [(1, 500), (3, 150)])
def test_white_posterior_in_closed_form(case, coils, samples):
    c = case("white", coils, std=0.3)
    mean, variance = c.deviation(DPSMRI(c.prior, steps=100), samples)
    assert mean < 0.03 and 0.93 < variance < 1.07


@pytest.mark.parametrize("start", ["noise", "estimate"])
@pytest.mark.parametrize("std", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("coils", [1, 3])
def test_correlated_posterior_is_near_at_any_noise_level(case, coils, std, start):
    """The mean is off where little was measured, for the error of x0 is taken for white."""
    c = case("smooth", coils, std=std)
    off, variance = c.errors(DPSMRI(c.prior, steps=50, start=start), 200)
    assert off < 0.4 and 0.8 < variance < (1.15 if start == "noise" else 1.2)


@pytest.mark.parametrize("coils", [1, 3])
@pytest.mark.parametrize("std", [0.0, None])
def test_noise_free_measurements_are_kept(case, coils, std):
    c = case("smooth", coils)
    y = c.problem.operator(c.mean)
    problem = Problem(c.problem.A, y, Gaussian(std), c.problem.space)
    x = DPSMRI(c.prior, steps=10, J=40)(problem, Streams.of(0))
    assert (problem.operator(x) - y).abs().max() < 1e-5 * y.abs().max()
    if coils == 1:
        x = DPSMRI(c.prior, steps=10, mode="grad", J=1)(problem, Streams.of(0))
        assert (problem.operator(x) - y).abs().max() < 1e-10


def test_residual_is_that_of_the_noise(case):
    for coils in (1, 3):
        c = case("smooth", coils)
        x = DPSMRI(c.prior, steps=100)(c.problem, Streams.of(0, "", 8))
        residual = torch.linalg.vector_norm((c.problem.operator(x) - c.problem.y).flatten(1), dim=1)
        assert residual.max() < 1.2 * 0.1 * (c.problem.y != 0).sum().sqrt()


def test_no_data_step_draws_from_the_prior(case):
    c = case("smooth", 3)
    with torch.no_grad():
        x = DPSMRI(c.prior, steps=100, J=0)(c.problem, Streams.of(0, "", 300)).flatten(1)
    off = torch.linalg.vector_norm(x.mean(0) - c.prior.mean.flatten()) / torch.linalg.vector_norm(c.prior.mean)
    ratio = (x - x.mean(0)).abs().square().mean(0).sum() / c.prior.covariance.values.sum()
    assert off < 0.1 and 0.85 < ratio < 1.15
    other = Problem(c.problem.A, 2 * c.problem.y, c.problem.noise, c.problem.space)
    assert torch.equal(DPSMRI(c.prior, steps=100, J=0)(other, Streams.of(0)), DPSMRI(c.prior, steps=100, J=0)(c.problem, Streams.of(0)))


def test_more_gradient_steps_leave_a_smaller_residual(case):
    c = case("smooth", 3)
    left = [torch.linalg.vector_norm(c.problem.operator(DPSMRI(c.prior, mode="grad", J=J, steps=30)(c.problem, Streams.of(0))) - c.problem.y)
            for J in (0, 1, 3)]  # fmt: skip
    assert left[0] > left[1] > left[2]


def test_one_gradient_step_is_map_for_one_coil_and_not_for_several(case):
    for coils, same in ((1, True), (3, False)):
        c = case("smooth", coils)
        a, b = (DPSMRI(c.prior, steps=10, mode=m, J=j, draw=False)(c.problem, Streams.of(0)) for m, j in (("map", 10), ("grad", 1)))
        assert torch.allclose(a, b, atol=1e-6) is same


def test_without_fresh_noise_the_start_decides(case):
    """eta = 0: the spread comes from the start alone; the same chain from one start has none."""
    c = case("smooth", 3)

    class SameStart(VE):
        def noise(self, like, rng):
            return Streams.of(5).normal_like(like).expand(len(rng), *like.shape[1:])

    plain, frozen = case("smooth", 3, diffusion=VE()), case("smooth", 3, diffusion=SameStart())
    run = Streams.of(0, "", 4)
    assert DPSMRI(frozen.prior, steps=20, eta=0.0, draw=False)(c.problem, run).std(0).max() < 1e-12
    assert DPSMRI(plain.prior, steps=20, eta=0.0, draw=False)(c.problem, run).std(0).max() > 1e-3


def test_starts_where_dps_starts(case):
    """The same streams give both methods the same x_T, so that they can be compared."""
    c = case("smooth", 3)
    seen = []
    c.prior.register_forward_hook(lambda _, given, __: seen.append((given[0].detach().clone(), given[1])))
    for sampler in (DPSMRI(c.prior, steps=20), DPS(c.prior, steps=20)):
        next(iter(sampler.trajectory(c.problem, Streams.of(3, "scan", 2))))
    assert torch.equal(seen[0][0], seen[1][0]) and seen[0][1] == seen[1][1]


def test_too_large_a_step_diverges_in_dps_and_nothing_does_in_map(case):
    c = case("smooth", 3)
    truth = torch.linalg.vector_norm(c.mean)
    far = DPS(c.prior, steps=50, zeta=1e4)(c.problem, Streams.of(0))
    assert not torch.linalg.vector_norm(far) < 10 * truth
    for trust in (1e-3, 1e3):
        assert torch.linalg.vector_norm(DPSMRI(c.prior, steps=50, c=trust)(c.problem, Streams.of(0))) < 2 * truth


def test_r_rules():
    ratio, posterior = (DPSMRI(None, r_rule=rule, c=0.5) for rule in ("ratio", "posterior"))
    assert ratio.r(2.0) == pytest.approx(2 * 0.5**0.5)
    assert posterior.r(2.0) ** 2 == pytest.approx(1 / (1 / 0.5 + 1 / 4))


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_batch_is_a_loop_and_draws_repeat(case, measure, dtype):
    c = case("smooth", 3, shape=(7, 5))
    problem = measure(3, (7, 5), 0.1, c.mean, dtype)
    c.prior.mean = c.prior.mean.to(dtype)
    before = problem.y.clone()
    sampler = DPSMRI(c.prior, steps=10)
    x = sampler(problem, Streams.of(0, "scan", 3))
    assert x.dtype == dtype and x.shape == (3, 7, 5) and torch.equal(problem.y, before)
    assert torch.equal(x, sampler(problem, Streams.of(0, "scan", 3)))
    tolerance = 1e-4 if dtype == torch.complex64 else 1e-8
    torch.testing.assert_close(sampler(problem, Streams.of(0, "scan", [2])), x[2:], rtol=tolerance, atol=tolerance)
    assert (sampler(problem, Streams.of(1, "scan")) - x[:1]).abs().max() > 1e-3


def test_one_call_of_the_prior_per_step(case):
    c = case("white", 1)
    calls = []
    c.prior.register_forward_hook(lambda *_: calls.append(1))
    steps = list(DPSMRI(c.prior, steps=7).trajectory(c.problem, Streams.of(0)))
    assert len(calls) == len(steps) == 7 and [s.index for s in steps] == list(range(7)) and steps[-1].total == 7


@pytest.mark.parametrize("draw", [False, True])
def test_map_with_the_times_of_diffpir_differs_only_by_them(case, monkeypatch, draw):
    c = case("smooth", 3)
    diffpir = DiffPIR(c.prior, steps=12, eta=1.0, draw=draw, start="noise")(c.problem, Streams.of(0))
    monkeypatch.setattr("mridiff_dps_mri.sampler.linear_beta_times", lambda d, n, start: karras_times(d, n, min(start, 20.0), 0.01))
    torch.testing.assert_close(DPSMRI(c.prior, steps=12, draw=draw)(c.problem, Streams.of(0)), diffpir)

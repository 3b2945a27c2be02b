"""The method in closed form: the list of visits, the scalar toy, what is random and what is not."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from mridiff import Counter
from mridiff.interfaces import Gaussian, Measured, Multiply, Problem, Space, Streams
from mridiff_diffusion_qsm.conformance import small_problem
from mridiff_diffusion_qsm.sampler import DiffusionQSM, limited
from mridiff_operators.dipole import DipoleOperator
from mridiff_sdk.diffusions import VP
from mridiff_sdk.oracles import Covariance, GaussianPrior

SIZES = (0.1, 0.2, 0.33, 0.66)
"""Of |D|, as the toy has them."""
VARIANCE, WEIGHT = 0.1, 0.1
COPIES = 4000


def test_the_visited_levels_are_those_of_the_study():
    """Indices from T - 1 down; whenever one below L is reached, back up by one and down again, r times; the end is -1."""
    chain = VP(levels=1000)
    times = DiffusionQSM(None, steps=11, late=3, repeats=2).visits(chain)
    levels = [round(1000 * t) for t in times]
    ladder = sorted(set(levels))
    assert len(ladder) == 12 and ladder[0] == 0 and ladder[1] == 1 and ladder[-1] == 1000
    visits = [ladder.index(level) - 1 for level in levels]
    assert visits == [10, 9, 8, 7, 6, 5, 4, 3, 2, 3, 2, 3, 2, 1, 2, 1, 2, 1, 0, 1, 0, 1, 0, -1]
    assert DiffusionQSM(None, steps=11, late=0, repeats=2).visits(chain) == DiffusionQSM(None, steps=11, late=3, repeats=0).visits(chain)


def toy(late, repeats):
    """Independent numbers of variance 0.1, each seen through its own factor D: sampled (copy, number per D), and the same exactly.

    Prior and data are Gaussian, so a number stays Gaussian: its mean and variance obey the equations of the method, which are linear.
    """
    space = Space(("voxel", "channel"), (COPIES, len(SIZES)), complex=False)
    D = torch.tensor(SIZES, dtype=torch.float64)
    A = Multiply(space, D.expand(1, COPIES, -1))
    chain = VP(levels=1000)
    prior = GaussianPrior(torch.zeros(space.shape, dtype=torch.float64), Covariance.diagonal(space, VARIANCE), chain)
    truth = VARIANCE**0.5 * torch.ones(1, COPIES, len(SIZES), dtype=torch.float64)
    problem = Problem.of(A, Measured(A(truth), Gaussian(None)))
    sampler = DiffusionQSM(prior, steps=200, late=late, repeats=repeats, weight=WEIGHT, eta=0.0, clip=100.0)
    times = sampler.visits(chain)
    alpha, sigma = ([float(f(t)) for t in times] for f in (chain.alpha, chain.sigma))
    mean_0 = variance_0 = torch.zeros_like(D)
    mean, variance = torch.zeros_like(D), torch.full_like(D, sigma[0] ** 2)
    for (t, a_t, s_t), (s, a_s, s_s) in pairwise(zip(times, alpha, sigma, strict=True)):
        if s > t:
            mean, variance = a_s * mean_0, a_s**2 * variance_0 + s_s**2
            continue
        gain = WEIGHT / (D**2 + WEIGHT) * a_t * VARIANCE / (a_t**2 * VARIANCE + s_t**2)
        known = D**2 / (D**2 + WEIGHT) * VARIANCE**0.5
        mean_0, variance_0 = gain * mean + known, gain**2 * variance
        kept, moved = s_s / s_t, a_s - a_t * s_s / s_t
        mean, variance = (kept + moved * gain) * mean + moved * known, (kept + moved * gain) ** 2 * variance
    return sampler(problem, Streams.of(0, "toy"))[0], mean, variance.sqrt()


def test_time_travel_recovers_what_the_field_says_faintly_as_the_equations_do():
    recovered = []
    for repeats in (0, 2):
        x, mean, spread = toy(late=10, repeats=repeats)
        assert bool(((x.mean(0) - mean).abs() < 5 * spread / COPIES**0.5 + 1e-3).all())
        assert x.std(0).tolist() == pytest.approx(spread.tolist(), rel=5 / (2 * COPIES) ** 0.5, abs=1e-3)
        recovered.append((mean / VARIANCE**0.5, spread))
    (plain, wide), (travelled, narrow) = recovered
    assert plain[0] < 0.4 and travelled[0] > 0.7 and narrow[0] < 0.5 * wide[0]


@pytest.mark.parametrize(("late", "repeats"), [(0, 0), (3, 2), (5, 1)])
def test_time_travel_costs_exactly_late_times_repeats_evaluations(late, repeats):
    problem, prior = small_problem()
    with Counter() as counter:
        steps = list(DiffusionQSM(prior, steps=8, late=late, repeats=repeats).trajectory(problem, Streams.of(0)))
    assert counter.cost.nfe == len(steps) == 8 + late * repeats
    assert sum(s.stage == "again" for s in steps) == late * repeats


def test_without_noise_and_travel_only_the_start_is_random():
    problem, prior = small_problem()
    quiet = DiffusionQSM(prior, steps=8, repeats=0, eta=0.0, clip=10.0)
    assert torch.equal(quiet(problem, Streams.of(0)), quiet(problem, Streams.of(0)))
    drawn = []
    for eta in (0.0, 1.0):

        class Same(Streams):
            """The same start for all, then streams of their own."""

            def __init__(self, keys):
                super().__init__(keys)
                self.first = True

            def normal(self, *given, **options):
                out = super().normal(*given, **options)
                if self.first:
                    self.first, out = False, out[:1].expand_as(out).clone()
                return out

        drawn.append(DiffusionQSM(prior, steps=8, repeats=0, eta=eta, clip=10.0)(problem, Same([f"{i}" for i in range(16)])).std(0))
    assert not drawn[0].any() and float(drawn[1].mean()) > 0.01


def test_the_spread_lies_where_the_field_says_little():
    N = 10
    A = DipoleOperator(torch.ones(1, N, N, N, dtype=torch.float64), torch.tensor([[1.0, 0.0, 0.0]]))
    prior = GaussianPrior(torch.zeros(N, N, N, dtype=torch.float64), Covariance.diagonal(A.domain, 0.1), VP(levels=1000))
    y = A(prior.draw(Streams.of(0)))
    x = DiffusionQSM(prior, steps=20, late=4, weight=0.1, clip=100.0)(Problem.of(A, Measured(y, Gaussian(None))), Streams.of(0, samples=12))
    spread = torch.fft.rfftn(x, dim=(1, 2, 3), norm="ortho").std(0)
    faint, strong = spread[A.kernel[0].abs() < 0.05].mean(), spread[A.kernel[0].abs() > 0.25].mean()
    assert float(faint) > 5 * float(strong)


def test_the_data_step_is_the_minimum_and_can_be_left_out():
    problem, prior = small_problem()
    x0 = Streams.of(4).normal_like(torch.zeros(1, *problem.space.shape))
    A = problem.linear
    for std, ratio, weight in ((0.01, 1.0, 0.1), (0.01, 0.01, 2.0), (None, 0.01, 0.1)):
        x = DiffusionQSM(prior, weight=0.1, limit=2.0, iterations=100).consistent(replace(problem, noise=Gaussian(std)), x0, ratio)
        assert float((A.H(A(x) - problem.y) + weight * (x - x0)).norm()) < 2e-3 * float(A.H(A(x0) - problem.y).norm())
    free = DiffusionQSM(prior, weight=0.1, iterations=100, limit=0.0).consistent(problem, x0, 0.01)
    assert float((A.H(A(free) - problem.y) + 0.1 * (free - x0)).norm()) < 2e-3 * float(A.H(A(x0) - problem.y).norm())
    assert DiffusionQSM(prior, iterations=0).consistent(problem, x0, 1.0) is x0


def test_estimates_are_cut_in_the_unit_of_the_map():
    """1 ppm is 10 in units of 0.1 ppm."""
    problem, prior = small_problem()
    scaled = replace(problem, scale=0.1)
    cut = DiffusionQSM(prior, steps=4, iterations=0, clip=0.005)
    assert float(cut(scaled, Streams.of(0)).abs().max()) == pytest.approx(0.05)
    free = DiffusionQSM(prior, steps=4, iterations=0, clip=1.0)
    assert float(free(scaled, Streams.of(0)).abs().max()) > 0.05


def test_there_is_no_way_back_above_the_first_level():
    chain = VP(levels=1000)
    assert DiffusionQSM(None, steps=4, late=9, repeats=1).visits(chain) == DiffusionQSM(None, steps=4, late=3, repeats=1).visits(chain)


def test_complex_unknowns_are_cut_by_their_magnitude():
    x = torch.tensor([0.3 - 0.4j, 3.0 + 4.0j, 0.0])
    torch.testing.assert_close(limited(x, 1.0), torch.tensor([0.3 - 0.4j, 0.6 + 0.8j, 0.0]))
    r = Streams.of(0).normal((50,), torch.float32)
    torch.testing.assert_close(limited(r, 0.5), r.clamp(-0.5, 0.5))

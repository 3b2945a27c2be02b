import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.diffusions.step import cold, renoise
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.reverse import Reverse, cold_chain, revealing_times
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.testing.reference import Masked

SHAPE = (12, 20)


def case(acceleration=4.0):
    m = mask("random", SHAPE, acceleration, 0.1, 0)[None].double()
    A, x = Masked(m), Streams.of(0, "x").normal(SHAPE, torch.complex128)
    problem = Problem.of(A, Measured(A(x), Gaussian(0.0), {"mask": Field(m, ("ky", "kx"))}))
    return x, problem, FourierDiffusion(NestedMasks())


def test_every_time_brings_something_back():
    x, problem, diffusion = case()  # 20 columns, 15 missing
    chain = Reverse(RestorerOracle(x, problem.space, diffusion), problem, Streams.of(0))
    like = torch.zeros(1, *SHAPE, dtype=torch.complex128)
    times = revealing_times(chain, 40, like)
    assert len(times) == 16 and times[0] == 1 and (chain.diffusion.gain(times[-1], like) == 1).all()
    assert revealing_times(chain, 5, like) == [1, 0.8, 0.6, 0.4, 0.2, 0]


def test_truth_in_truth_out_for_both_rules():
    x, problem, diffusion = case()
    for rule in (cold, renoise):
        *_, last = cold_chain(RestorerOracle(x, problem.space, diffusion), problem, Streams.of(0, samples=2), 7, rule=rule)
        torch.testing.assert_close(last.x0, x.expand(2, *SHAPE))
        assert last.index == last.total - 1 == 6


def test_a_poor_restorer_spoils_what_was_not_measured_alone_and_naive_spoils_all():
    x, problem, diffusion = case()
    poor = RestorerOracle(0.5 * x, problem.space, diffusion)
    *_, kept = cold_chain(poor, problem, Streams.of(0), 7, hard=False)
    torch.testing.assert_close(problem.linear(kept.x0), problem.y)
    *_, lost = cold_chain(poor, problem, Streams.of(0), 7, rule=renoise, hard=False)
    torch.testing.assert_close(problem.linear(lost.x0), 0.5 * problem.y)
    *_, back = cold_chain(poor, problem, Streams.of(0), 7, rule=renoise)
    torch.testing.assert_close(problem.linear(back.x0), problem.y)


def test_memory_mixes_the_estimates():
    x, problem, diffusion = case()

    class Alternating(RestorerOracle):
        calls = 0

        def forward(self, x_t, t, conditions=None, rng=None):
            self.calls += 1
            return self.x0 * (1 if self.calls % 2 else -1)

    steps = list(cold_chain(Alternating(x, problem.space, diffusion), problem, Streams.of(0), 3, memory=0.75))
    torch.testing.assert_close(steps[0].x0, x)
    torch.testing.assert_close(steps[1].x0, 0.5 * x)


def test_a_full_scan_is_returned_as_it_is():
    x, problem, diffusion = case(1.0)
    (only,) = cold_chain(RestorerOracle(0 * x, problem.space, diffusion), problem, Streams.of(0), 5)
    torch.testing.assert_close(only.x0, x)

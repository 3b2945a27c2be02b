import pytest
import torch
from torch import nn

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Streams
from mridiff_sdk.diffusions import VP, Box, FourierDiffusion
from mridiff_simplex_anomaly.brightness import IntensityThreshold
from mridiff_simplex_anomaly.evidence import clipped, evidence
from mridiff_simplex_anomaly.iterative import SimplexIterative, broad
from mridiff_simplex_anomaly.net import LEVELS
from mridiff_simplex_anomaly.noise import UnitSimplex
from mridiff_simplex_anomaly.prior import SimplexDDPM
from mridiff_simplex_anomaly.sampler import SimplexOneStep


class Oracle(nn.Module):
    """Knows the slice, and so the noise in whatever it is shown; counts its calls and remembers the levels."""

    def __init__(self, x):
        super().__init__()
        self.noise, self.furthest, self.x, self.seen = "simplex", 0.5, x - 1, []

    def forward(self, x_t, timestep):
        t = (timestep + 1) / LEVELS
        self.seen.append((int(timestep[0]), x_t))
        alpha, sigma = (v.float()[:, None, None, None] for v in (VP(levels=LEVELS).alpha(t), VP(levels=LEVELS).sigma(t)))
        return (x_t - alpha * self.x[:, None]) / sigma


def run(sampler, problem, samples=1, seed=0):
    return list(sampler.trajectory(problem, Streams.of(seed, "run", samples)))


def test_who_knows_the_noise_gets_the_slice_back_in_one_call(ill, problem):
    x = ill[0].clamp(0, 2)
    oracle = Oracle(x)
    (step,) = run(SimplexOneStep(SimplexDDPM.of(oracle), level=0.25), problem(x))
    torch.testing.assert_close(step.x0, x, atol=1e-5, rtol=1e-5)
    assert [timestep for timestep, _ in oracle.seen] == [249] and float(step.outputs["lesion"].data.max()) < 1e-8


def test_the_noise_is_simplex_noise_at_the_level_that_was_asked_for(ill, problem):
    oracle = Oracle(ill[0])
    run(SimplexOneStep(SimplexDDPM.of(oracle), level=0.3), problem(ill[0]))
    chain, (_, x_t) = VP(levels=LEVELS), oracle.seen[0]
    n = (x_t[:, 0] - float(chain.alpha(0.3)) * (ill[0] - 1)) / float(chain.sigma(0.3))
    torch.testing.assert_close(n.square().mean(), torch.tensor(1.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(n, UnitSimplex()(ill[0], Streams.of(0, "run", 1)), atol=1e-4, rtol=1e-4)


def test_draws_are_calls_and_their_mean_is_the_result(net, ill, problem):
    sampler = SimplexOneStep(SimplexDDPM.of(net()), draws=3)
    steps = run(sampler, problem(ill[0]))
    one = [s.x0 for s in run(SimplexOneStep(SimplexDDPM.of(net())), problem(ill[0]))]
    torch.testing.assert_close(steps[0].x0, one[0])
    assert [s.total for s in steps] == [3, 3, 3] and not torch.allclose(steps[2].x0, steps[0].x0, atol=1e-3)
    assert float(steps[2].x0.max()) <= 2 and float((steps[2].x0 - steps[0].x0).abs().mean()) < 0.3


def test_evidence_is_the_squared_difference_over_the_threshold_on_the_side_that_counts():
    x, x0 = torch.tensor([[[1.0, 0.5, 2.0]]]), torch.tensor([[[0.0, 1.5, 2.0]]])
    for side, expected in (("both", [2.0, 2.0, 0.0]), ("brighter", [2.0, 0.0, 0.0]), ("darker", [0.0, 2.0, 0.0])):
        assert evidence(x, x0, 0.5, side).data.flatten().tolist() == expected
    assert evidence(1j * x, -x0, 0.5, "both").data.flatten().tolist() == [2.0, 2.0, 0.0]


def test_results_stay_within_the_range_of_the_images(net, ill, problem):
    for sampler in (SimplexOneStep(SimplexDDPM.of(net()), level=0.5), SimplexIterative(SimplexDDPM.of(net()), level=0.01)):
        x0 = run(sampler, problem(5 * ill[0]))[-1].x0
        assert float(x0.min()) >= 0 and float(x0.max()) <= 2
    assert torch.equal(clipped(torch.tensor([3j, 0.5])), torch.tensor([2j, 0.5]))


def test_the_chain_calls_the_network_at_every_level_down_to_the_first(ill, problem):
    x = ill[0].clamp(0, 2)
    oracle = Oracle(x)
    steps = run(SimplexIterative(SimplexDDPM.of(oracle), level=0.02), problem(x))
    assert [timestep for timestep, _ in oracle.seen] == list(range(19, -1, -1)) and len(steps) == 20
    torch.testing.assert_close(steps[-1].x0, x, atol=1e-4, rtol=1e-4)


def test_the_variance_of_a_step_is_beta():
    chain = VP(levels=LEVELS)
    beta = torch.linspace(0.1, 20, LEVELS, dtype=torch.float64) / LEVELS
    for i in (2, 100, 400):
        _, tau = broad(chain, i / LEVELS, (i - 1) / LEVELS)
        assert float(tau) ** 2 == pytest.approx(float(beta[i - 1]), rel=1e-6)
    assert float(broad(chain, 1 / LEVELS, 0.0)[1]) == 0


def test_brightness_finds_what_is_far_from_most_of_the_object(problem):
    x = torch.zeros(1, 20, 20)
    x[:, 4:16, 4:16] = 1.0
    x[:, 6:8, 6:8], x[:, 12:14, 12:14] = 1.5, 0.6
    for side, count in (("both", 8), ("brighter", 4), ("darker", 4)):
        (step,) = run(IntensityThreshold(threshold=0.1, side=side), problem(x))
        found = step.outputs["lesion"].data[:, 4:16, 4:16] > 1
        assert torch.equal(step.x0, x) and int(found.sum()) == count


def test_measured_samples_of_k_space_are_kept_where_that_is_asked_for(ill, net):
    from mridiff.interfaces import Gaussian, Measured, Problem
    from mridiff_operators.fourier import FourierOperator
    from mridiff_sdk.adaptors import adapt
    from mridiff_sdk.sampling_patterns import masks

    A = FourierOperator(masks("random", (96, 96), 3, 0.2, 1).float())
    y = A(ill[0].to(torch.complex64))
    given = Problem.of(A, Measured(y, Gaussian()))
    prior: Prior = adapt(SimplexDDPM.of(net()), A.domain)
    kept, free = (run(SimplexOneStep(prior, level=0.05, keep_data=keep), given)[-1].x0 for keep in (True, False))
    assert float((A(kept) - y).norm() / y.norm()) < 1e-6 < float((A(free) - y).norm() / y.norm())


def test_a_prior_of_another_kind_of_diffusion_is_refused(ill, problem):
    prior = SimplexDDPM.of(Oracle(ill[0]))
    prior.diffusion = FourierDiffusion(Box((4, 4)))
    with pytest.raises(DataError, match="takes k-space away"):
        run(SimplexIterative(prior), problem(ill[0]))

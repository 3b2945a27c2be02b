import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_diffgan.prior import DiffGANGenerator
from mridiff_samplers.few_steps import FewSteps


@pytest.fixture
def prior(generator):
    return DiffGANGenerator.of(generator())


def test_the_last_level_is_noise_and_nothing_else(prior):
    """Otherwise pure noise would be no start."""
    assert prior.diffusion.alpha(1.0) ** 2 < 1e-3
    assert float(prior.diffusion.sigma(0.0)) == 0


def test_measured_numbers_are_kept_and_draws_differ_where_nothing_was_measured(prior, problem):
    x = FewSteps(prior)(problem, Streams.of(0, "", 2))
    torch.testing.assert_close(problem.linear(x), problem.y, atol=1e-5, rtol=0)
    other = FewSteps(prior)(problem, Streams.of(1, "", 2))
    assert (problem.linear(x - other)).abs().max() < 1e-5
    assert (x - other).abs().max() > 1e-3


def test_four_evaluations_and_one_condition_for_all(prior, problem):
    conditions = []
    prior.model.register_forward_hook(lambda _, given, __: conditions.append(given[2]))
    FewSteps(prior)(problem, Streams.of(0, "", 2))
    assert len(conditions) == 4
    assert all(torch.equal(c, problem.linear.H(problem.y)) for c in conditions)


def test_without_its_condition_it_says_so(prior):
    with pytest.raises(DataError, match="zero_filled"):
        prior(torch.zeros(1, 16, 16, dtype=torch.complex64), 0.5)


def test_unknown_weights_name_those_that_exist():
    with pytest.raises(DataError, match="brain"):
        DiffGANGenerator("heart")


def test_weights_of_ones_own_describe_themselves(generator, problem, tmp_path):
    net = generator()
    net.save(tmp_path / "mine.safetensors")
    mine = DiffGANGenerator(str(tmp_path / "mine.safetensors"))
    x, c = Streams.of(0, "", 1).normal((16, 16)), Streams.of(1, "", 1).normal((16, 16))
    torch.testing.assert_close(mine.model(x, 0.5, c), net(x, 0.5, c), atol=5e-3, rtol=5e-3)
    assert mine.model.architecture == net.architecture

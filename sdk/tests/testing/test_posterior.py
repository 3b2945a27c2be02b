import pytest
import torch

from mridiff.errors import ConfigError
from mridiff.interfaces import Streams
from mridiff.plugins.registry import Registry
from mridiff.spec import SamplerSpec, Trait, needs
from mridiff_sdk.testing.automatic.samplers import SINGLE_COIL, gaussian_problem
from mridiff_sdk.testing.posterior import Accuracy, accuracy, gaussian_errors, markdown, mixture_problem, plot, weight_error
from mridiff_sdk.testing.reference import Exact


def test_exact_draws_are_as_near_as_chance_allows():
    problem, prior = gaussian_problem(SINGLE_COIL)
    mean, C = prior.posterior(problem)
    x = Exact(prior)(problem, Streams.of(0, "p", 2000))
    errors = gaussian_errors(x, mean, C)
    assert errors["mean"] < 0.05 and abs(errors["variance"] - 1) < 0.05 and errors["covariance"] < 1.5 * errors["by_chance"]
    narrow = gaussian_errors(mean + 0.5 * (x - mean), mean, C)
    assert abs(narrow["variance"] - 0.25) < 0.02 and narrow["covariance"] > 5 * errors["covariance"]


def test_the_share_of_each_mode_is_compared_with_its_weight():
    problem, mixture = mixture_problem()
    weights, means, _ = mixture.posterior(problem)
    assert 0.2 < float(weights[0]) < 0.4, "the data must leave both modes alive"
    draws = torch.cat([means[:1].expand(30, 3, 4), means[1:].expand(70, 3, 4)])
    assert weight_error(draws, torch.tensor([0.3, 0.7]), means) < 1e-6
    assert abs(weight_error(means[1:].expand(9, 3, 4), torch.tensor([0.3, 0.7]), means) - 0.3) < 1e-6


def test_table_and_plot(tmp_path):
    rows = [Accuracy("a/b", "single-coil", n, n, mean=1 / n, covariance=2 / n, variance=0.9, by_chance=0.1) for n in (5, 10)]
    rows.append(Accuracy("a/b", "two modes", 5, 5, weights=0.02, by_chance=0.03))
    text = markdown(rows)
    assert "| a/b | single-coil | 5 | 5 | 0.200 | 0.400 | 0.900 | - | 0.100 |" in text and text.count("\n") == 5
    plot(rows, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 5000


def test_a_curve_needs_a_denoiser_and_steps():
    spec = SamplerSpec(
        name="plain", summary="p", target="mridiff_sdk.testing.mutants.components:Plain", priors={"prior": needs(Trait.DENOISER)}
    )
    entry = Registry.of([spec]).find("sampler", "plain")
    with pytest.raises(ConfigError, match="no curve"):
        list(accuracy(entry))


def test_a_curve_needs_an_operator_like_any_other():
    spec = SamplerSpec(name="moves", summary="m", target="mridiff_sdk.testing.reference:Exact", priors={"prior": needs(Trait.DENOISER)},
                       needs={"operator": needs(Trait.PARAMETRIC)})  # fmt: skip
    with pytest.raises(ConfigError, match="any linear operator"):
        list(accuracy(Registry.of([spec]).find("sampler", "moves")))

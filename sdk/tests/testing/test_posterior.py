import pytest
import torch

from mridiff.errors import ConfigError
from mridiff.interfaces import Streams
from mridiff.plugins.registry import Registry
from mridiff.spec import SamplerSpec, Trait, needs
from mridiff_sdk.operators import Coils, NonUniformFourier
from mridiff_sdk.testing.automatic.samplers import SINGLE_COIL, gaussian_problem
from mridiff_sdk.testing.exact import problems, radial_problem
from mridiff_sdk.testing.posterior import (
    Accuracy,
    accuracy,
    coverage,
    gaussian_errors,
    lines,
    markdown,
    mixture_problem,
    plot,
    report,
    summary,
    weight_error,
)


def test_exact_draws_are_as_near_as_chance_allows():
    problem, prior = gaussian_problem(SINGLE_COIL)
    mean, C = prior.posterior(problem)
    x = draws(mean, C, 2000)
    errors = gaussian_errors(x, mean, C)
    assert errors["mean"] < 0.05 and abs(errors["variance"] - 1) < 0.05 and errors["covariance"] < 1.5 * errors["by_chance"]
    off = gaussian_errors(draws(mean, C, 2000) + 2 * torch.diagonal(C).real.sqrt().reshape(mean.shape), mean, C)
    assert abs(off["mean"] - 2) < 0.1, "the error of the mean is counted in standard deviations"
    narrow = gaussian_errors(mean + 0.5 * (x - mean), mean, C)
    assert abs(narrow["variance"] - 0.25) < 0.02 and narrow["covariance"] > 5 * errors["covariance"]


def draws(mean, C, n, seed=0):
    """Exact ones, (n, *space)."""
    root = torch.linalg.cholesky(C + 1e-12 * C.abs().max() * torch.eye(len(C)))
    return mean + (Streams.of(seed, "draws", n).normal((len(C),), torch.complex128) @ root.mT).reshape(n, *mean.shape[1:])


def test_the_share_of_each_mode_is_compared_with_its_weight():
    _, mixture = mixture_problem()
    means = mixture.means
    some = torch.cat([means[:1].expand(30, 3, 4), means[1:].expand(70, 3, 4)])
    assert weight_error(some, torch.tensor([0.3, 0.7]), means) < 1e-6
    assert abs(weight_error(means[1:].expand(9, 3, 4), torch.tensor([0.3, 0.7]), means) - 0.3) < 1e-6


@pytest.mark.parametrize(("c", "weight"), [(0.0, 0.3), (1.0, 0.547), (2.0, 0.773)])
def test_the_data_speak_of_the_modes(c, weight):
    """A sampler that reads no data has the prior's weights, and is wrong by as much as the data say; by hand, number by number."""
    problem, mixture = mixture_problem(c)
    seen = problem.A(mixture.means[:1])
    odds = (0.3 / 0.7) * torch.exp(4 * (problem.y.conj() * seen).real.sum() / (0.05 + 2.0**2))
    exact = mixture.posterior(problem)[0]
    assert float(exact[0]) == pytest.approx(float(odds / (1 + odds)), abs=1e-3) == pytest.approx(weight, abs=1e-3)
    if c:
        prior_alone = mixture.draw(Streams.of(0, "prior", 1000))
        assert weight_error(prior_alone, exact, mixture.means) > 0.2
    assert [known.name for known in problems() if known.modes] == ["two modes, weak data", "two modes, strong data"]


def test_the_moments_of_heavy_tails_are_those_of_weighted_draws():
    known = next(known for known in problems() if known.name == "heavy tails")
    weights, means, C = known.prior.posterior(known.problem)
    assert float(weights.min()) > 0.02, "both components must live"
    counts = (20_000 * weights).round().long().tolist()
    x = torch.cat([draws(m[None], c, n, seed) for seed, (m, c, n) in enumerate(zip(means, C, counts, strict=True))])
    errors = gaussian_errors(x, *known.moments())
    assert errors["mean"] < 0.03 and abs(errors["variance"] - 1) < 0.03 and errors["covariance"] < 0.1


def test_coverage_is_nine_tenths_for_exact_draws_and_less_for_narrow_ones():
    truths, x = draws(torch.zeros(1, 6, 7), torch.eye(42).cdouble(), 200), draws(torch.zeros(1, 6, 7), torch.eye(42).cdouble(), 3800, 1)
    exact, narrow = (coverage(s * x.unflatten(0, (200, 19)), truths) for s in (1.0, 0.5))
    assert exact == pytest.approx(0.9, abs=0.01) and narrow < 0.7


def test_each_truth_is_measured_by_itself():
    known = next(iter(problems()))
    problem, truths = known.repeated(3, 4)
    y = known.problem.linear(truths)
    residual = (problem.y - y.repeat_interleave(4, 0))[:, problem.A.mask[0] > 0]
    assert problem.y.shape[0] == 12 and float(residual.abs().square().mean().sqrt()) == pytest.approx(0.1, rel=0.3)
    assert torch.equal(problem.y[0], problem.y[3]) and not torch.equal(problem.y[0], problem.y[4])


def test_table_and_plot(tmp_path):
    rows = [Accuracy("a/b", "single-coil", n, n, mean=1 / n, covariance=2 / n, variance=0.9, by_chance=0.1) for n in (5, 10)]
    rows.append(Accuracy("a/b", "two modes", 5, 5, weights=0.02, by_chance=0.03))
    text = markdown(rows)
    assert "| a/b | single-coil | 5 | 5 | 0.200 | 0.400 | 0.900 | - | - | 0.100 |" in text and text.count("\n") == 5
    plot(rows, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 5000


def test_the_summary_says_what_each_sampler_is_and_what_it_errs_by_at_the_most_steps():
    rows = [Accuracy("a/b", p, n, n, mean=1 / n, covariance=2 / n, claims="posterior sampler") for n in (5, 10) for p in ("one", "two")]
    rows += [Accuracy("c/d", "one", 5, 6, mean=0.3, claims="one estimate"), Accuracy("a/b", "modes", 10, 10, weights=0.1)]
    text = summary(rows)
    assert "| a/b | posterior sampler | 10 | 0.10 / 0.20 | 0.10 / 0.20 |" in text and "modes" not in text
    assert "| c/d | one estimate | 6 | 0.30 / - | - |" in text and summary(rows) in report(rows, 77) and "77 draws" in report(rows, 77)


def test_along_spokes_the_posterior_is_that_of_the_dense_matrices():
    """Of the definition, sum_x S_c x exp(-2 pi i k x): neither the library nor its normal operator is asked."""
    pytest.importorskip("finufft")
    for coils in (1, 3):
        problem, prior = radial_problem(coils)
        A, (ny, nx) = problem.A, problem.space.shape
        (k,) = [m.trajectory for m in A.modules() if isinstance(m, NonUniformFourier)]
        y, x = torch.meshgrid(torch.arange(ny) - ny // 2, torch.arange(nx) - nx // 2, indexing="ij")
        phase = k[0, ..., 0, None, None] / ny * y + k[0, ..., 1, None, None] / nx * x
        F = torch.polar(torch.ones(()), -2 * torch.pi * phase).flatten(0, 1).flatten(1).cdouble() / (ny * nx) ** 0.5
        maps = [m.maps[0].flatten(1).cdouble() for m in A.modules() if isinstance(m, Coils)] or [torch.ones(1, ny * nx).cdouble()]
        rows = torch.cat([F * S for S in maps[0]])
        C = prior.covariance.matrix()
        mean, found = prior.posterior(problem)
        expected = torch.linalg.inv(torch.linalg.inv(C) + rows.mH @ rows / 0.1**2)
        assert float((found - expected).abs().max() / expected.abs().max()) < 1e-4
        data = problem.y[0].flatten().cdouble() - rows @ prior.mean.flatten().cdouble()
        assert float((mean.flatten() - prior.mean.flatten() - expected @ rows.mH @ data / 0.1**2).abs().max()) < 1e-3


def test_of_one_estimate_the_error_of_its_mean_is_all_there_is():
    spec = SamplerSpec(name="one", summary="o", target="mridiff_sdk.testing.reference:Drawn", priors={"prior": needs(Trait.DENOISER)},
                       offers={Trait.POINT})  # fmt: skip
    (entry,) = Registry.of([spec]).entries("sampler")
    rows = list(accuracy(entry, steps=(2,)))
    assert len(rows) == lines(entry, (2,))
    assert {r.claims for r in rows} == {"one estimate"} and all(r.mean is not None and r.covariance is None for r in rows)
    assert [r.problem for r in rows] == [known.name for known in problems() if not known.modes]


def test_a_curve_needs_a_denoiser_and_steps():
    spec = SamplerSpec(
        name="plain", summary="p", target="mridiff_sdk.testing.mutants.components:Plain", priors={"prior": needs(Trait.DENOISER)}
    )
    entry = Registry.of([spec]).find("sampler", "plain")
    with pytest.raises(ConfigError, match="no curve"):
        list(accuracy(entry))


def test_a_curve_needs_an_operator_like_any_other():
    spec = SamplerSpec(name="moves", summary="m", target="mridiff_sdk.testing.reference:Drawn", priors={"prior": needs(Trait.DENOISER)},
                       needs={"operator": needs(Trait.PARAMETRIC)})  # fmt: skip
    with pytest.raises(ConfigError, match="any linear operator"):
        list(accuracy(Registry.of([spec]).find("sampler", "moves")))

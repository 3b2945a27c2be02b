import json

import pytest
import torch
from calibrated_parts import CONFIG, registry
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import ConfigError
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.run import run
from mridiff.plugins.registry import Registry
from mridiff_sdk.testing.closed_form import closed_form
from mridiff_sdk.uncertainty import calibrate, enough, precision
from mridiff_sdk.uncertainty.precision import FEWEST, SPREAD


def draws(known, n, seed):
    """Exact ones, (n, y, x)."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, len(known.covariance), dtype=torch.complex128, generator=generator)
    return known.mean + (z @ torch.linalg.cholesky(known.covariance).mT).reshape(n, *known.mean.shape[1:])


@pytest.mark.parametrize("part", ["complex", "real"])
@pytest.mark.parametrize("n", [12, 24])
def test_standard_errors_are_those_that_repeated_draws_show(part, n):
    known = closed_form(std=0.3, shape=(8, 10))
    look = (lambda v: v.real) if part == "real" else (lambda v: v)
    mean, C = look(known.mean), known.covariance.diagonal().real.reshape(8, 10) / (2 if part == "real" else 1)
    several = [look(draws(known, n, seed)) for seed in range(60)]
    told = [precision(x) for x in several]
    size = float(mean.abs().square().mean().sqrt())
    of_mean = torch.stack([(x.mean(0) - mean).abs().square().mean() for x in several]).mean().sqrt()
    of_std = torch.stack([x.std(0) for x in several]).var(0).mean().sqrt()
    assert sum(t["mean_error"] for t in told) / 60 == pytest.approx(float(of_mean) / size, rel=0.05)
    assert sum(t["std_error"] for t in told) / 60 == pytest.approx(float(of_std / C.mean().sqrt()), rel=0.1)


@pytest.mark.parametrize("std", [0.1, 1.0])
def test_where_it_stops_the_mean_is_as_near_as_promised(std):
    known, tolerance, errors, numbers = closed_form(std=std, shape=(8, 10)), 0.1, [], []
    for seed in range(20):
        x = draws(known, 200, seed)
        n = next(n for n in range(1, 201) if enough(known.problem, x[:n], tolerance))
        errors.append(torch.linalg.vector_norm(x[:n].mean(0) - known.mean[0]) / torch.linalg.vector_norm(known.mean))
        numbers.append(n)
    assert float(torch.stack(errors).square().mean().sqrt()) == pytest.approx(tolerance, rel=0.15) and len(set(numbers)) > 1


def test_spread_is_known_too_and_three_samples_are_never_enough():
    known = closed_form(std=0.3, shape=(8, 10))
    x = draws(known, 40, 0)
    n = next(n for n in range(1, 41) if enough(known.problem, x[:n], 1e9))
    assert n >= FEWEST and precision(x[:n])["std_error"] <= SPREAD < precision(x[: n // 2])["std_error"]
    assert not enough(known.problem, x[:1].expand(3, 8, 10), 1e9) and enough(known.problem, x[:1].expand(4, 8, 10), 0.1)
    assert "std_error" not in precision(x[:2])


def method(**changes):
    return load(CONFIG, registry(), sampler={"options": {"spread": 1.0}}, dataset={"options": {"n": 1}}, **changes)


def test_how_many_are_drawn_does_not_depend_on_the_batch(tmp_path):
    first = None
    for batch in (1, 7, 64):
        made = method(samples=64, until=0.4, batch=batch)
        result = made(load_dataset(made.plan)[0])
        first = first or result
        assert torch.equal(result.samples, first.samples) and not result.notes
        found = result.metrics["uncertainty"]
        assert found["mean_error"] <= 0.4 and found["std_error"] <= SPREAD and 4 <= len(result.samples) < 64
        assert result.cost.items == 0
    record = next(run(made, load_dataset(made.plan), tmp_path)).record
    assert record["config"]["until"] == 0.4 and record["samples"] == len(first.samples) and record["notes"] == []


def test_the_most_that_is_allowed_is_said(tmp_path):
    made = method(samples=9, until=1e-4)
    record = next(run(made, load_dataset(made.plan), tmp_path)).record
    assert record["samples"] == 9 and record["notes"] == [
        "9 samples, the most that were allowed, do not reach the standard errors asked for"
    ]
    assert len(made(load_dataset(made.plan)[0], samples=5).samples) == 5  # a number that is asked for is drawn
    with pytest.raises(ConfigError, match="until"):
        method(until=0.0)
    with pytest.raises(ConfigError, match="until: intervals are calibrated for a number of samples"):
        calibrate(made, load_dataset(made.plan))


def test_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: registry()))
    (tmp_path / "m.yaml").write_text(json.dumps(CONFIG | {"dataset": {"use": "people", "options": {"n": 1}}}))
    asked = ["recon", str(tmp_path / "m.yaml"), "-o", str(tmp_path / "out"), "--samples", "9", "--until", "0.0001"]
    found = CliRunner().invoke(application(), asked)
    assert found.exit_code == 0 and "note: 9 samples, the most that were allowed" in found.output, found.output
    assert json.loads((tmp_path / "out" / "record.json").read_text())["config"]["until"] == 1e-4

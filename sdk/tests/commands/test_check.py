import json

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec, SamplerSpec, Trait, needs

HERE = "mridiff_sdk.testing"
OFFERS = frozenset({Trait.LINEAR, Trait.MASKED})
SPECS = (
    OperatorSpec(name="good", summary="coils", target=f"{HERE}.reference:Sense", axes=("y", "x"), offers=OFFERS, needs={"dataset": needs(Trait.MASK, Trait.MAPS)}),
    OperatorSpec(name="bad", summary="no conjugate", target=f"{HERE}.mutants.operators:NoConjugate", axes=("y", "x"), offers=OFFERS,
                 needs={"dataset": needs(Trait.MASK, Trait.MAPS)}),
    SamplerSpec(name="exact", summary="exact", target=f"{HERE}.reference:Drawn", priors={"prior": needs(Trait.DENOISER)}),
)  # fmt: skip


@pytest.fixture
def cli(monkeypatch):
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of(SPECS)))
    return lambda *args: CliRunner().invoke(application(), ["check", *args])


def test_a_sound_operator_passes(cli):
    result = cli("good", "--examples", "0", "-k", "operator.")
    assert result.exit_code == 0, result.output
    assert "local/good" in result.output and "FAILED" not in result.output


def test_a_broken_one_is_named_with_the_law_that_it_breaks(cli):
    result = cli("bad", "--examples", "0", "-k", "operator.")
    assert result.exit_code == 3
    assert "FAILED  local/bad  operator.adjoint" in result.output and "<A x, y>" in result.output


def test_json_holds_every_outcome(cli):
    result = cli("bad", "--json", "--examples", "0", "-k", "adjoint")
    found = json.loads(result.stdout)
    assert result.exit_code == 3 and not found["passed"]
    assert {o["check"] for o in found["outcomes"]} == {"operator.adjoint"} and "failed" in {o["status"] for o in found["outcomes"]}


def test_an_unknown_name_is_an_error_that_lists_the_known(cli):
    result = cli("god")
    assert result.exit_code == 2 and "good" in result.output


def test_the_posterior_report_wants_a_sampler_with_a_prior(cli):
    result = cli("good", "--posterior")
    assert result.exit_code == 2 and "is a sampler with a prior" in result.output


def test_the_posterior_report_leaves_a_page_and_a_plot(cli, monkeypatch, tmp_path):
    from mridiff_sdk.testing import posterior

    def rows(entry, steps, draws):
        assert draws == 400 and steps == [5, 10, 20, 50, 100]
        yield posterior.Accuracy(entry.qualified, "single-coil", 5, 5, mean=0.1, covariance=0.2, variance=0.9, by_chance=0.1)

    monkeypatch.setattr(posterior, "accuracy", rows)
    result = cli("exact", "--posterior", "-o", str(tmp_path))
    assert result.exit_code == 0 and "| local/exact | single-coil | 5 | 5 | 0.100 |" in result.output
    assert "| local/exact |" in (tmp_path / "posterior.md").read_text() and (tmp_path / "posterior.png").exists()
    assert json.loads(cli("exact", "--posterior", "--json").stdout)[0]["variance"] == 0.9


def test_without_a_name_the_posterior_report_is_of_every_sampler_that_has_a_curve(cli, monkeypatch):
    """Of those that the registry has, and of no others; a check wants a name."""
    from mridiff_sdk.testing import posterior

    motion = SamplerSpec(name="moves", summary="m", target=f"{HERE}.reference:Drawn", priors={"prior": needs(Trait.DENOISER)},
                         needs={"operator": needs(Trait.PARAMETRIC)})  # fmt: skip
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of((*SPECS, motion))))
    monkeypatch.setattr(
        posterior, "accuracy", lambda entry, steps, draws: [posterior.Accuracy(entry.qualified, "one", steps[0], draws, mean=0.1)]
    )
    rows = json.loads(CliRunner().invoke(application(), ["check", "--posterior", "--draws", "20", "--steps", "7", "--json"]).stdout)
    assert [(r["sampler"], r["steps"], r["nfe"]) for r in rows] == [("local/exact", 7, 20)]
    wrong = CliRunner().invoke(application(), ["check", "--posterior", "--steps", "10,x,1"])
    assert wrong.exit_code == 2 and "'x'" in str(wrong.exception or wrong.output) + wrong.output
    assert CliRunner().invoke(application(), ["check"]).exit_code == 2


def test_a_component_of_which_no_case_can_be_made_is_named(cli, monkeypatch):
    spec = OperatorSpec(name="odd", summary="no scan known", target=f"{HERE}.reference:Masked", axes=("z", "echo"))
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of([spec])))
    result = cli("odd", "-k", "component.target")
    assert result.exit_code == 0 and "NO CASE" in result.output

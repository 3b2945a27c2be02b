import json

import pytest
import torch
from sdk_parts import SPECS
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.interfaces import Gaussian, Poisson, Space
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec, PriorSpec, SamplerSpec, Trait, needs
from mridiff_sdk.testing.triples import Runs, quiet, thing


def test_the_matrix_knows_what_data_there_are_and_which_axes_a_sampler_wants(monkeypatch):
    """No dataset has both counts and Gaussian noise, and the operator's unknown has no axis z."""
    counting = OperatorSpec(name="counting", summary="counts", target="mridiff_sdk.testing.reference:Masked", axes=("y", "x"), offers={Trait.LINEAR},
                            needs={"dataset": needs(Trait.POISSON_NOISE)})  # fmt: skip
    thick = SamplerSpec(
        name="thick", summary="volumes alone", target="sdk_parts:Filled", axes=("z", "y", "x"), needs={"operator": needs(Trait.LINEAR)}
    )
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of((*SPECS, counting, thick))))
    pairs = {(r["sampler"], r["operator"]) for r in json.loads(CliRunner().invoke(application(), ["matrix", "--json"]).stdout)}
    assert pairs == {("local/filled", "local/masked")}
    found = Registry.of((*SPECS, counting, thick))
    (reason,) = mismatches(Choice(found.find("sampler", "thick"), {}, found.find("operator", "masked")), found)
    assert reason.slot == "operator" and "axis z" in reason.needs


@pytest.mark.parametrize(("target", "state", "code"), [("sdk_parts:Filled", "ran", 0), ("sdk_parts:TooLarge", "failed", 1), ("sdk_parts:Deaf", "failed", 1), ("sdk_parts:Painter", "ran", 0),
                                                       ("sdk_parts:Diverging", "failed", 1)])  # fmt: skip
def test_a_combination_runs_and_what_says_nothing_of_the_data_fails(monkeypatch, tmp_path, target, state, code):
    own = SamplerSpec(
        name="own", summary="<own> & odd", target=target, priors={"prior": needs(Trait.DENOISER)}, needs={"operator": needs(Trait.LINEAR)}
    )
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of((*SPECS, own))))
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", "own masked", "--json", "-o", str(tmp_path)])
    (row,) = json.loads(done.stdout)
    assert (row["state"], done.exit_code, row["prior"]) == (state, code, "keep")
    assert (state == "ran") == (row["message"] == "") and (row["misfit"] is None) == ("diverged" in row["message"] or "Painter" in target)
    page = (tmp_path / "index.html").read_text()
    assert f"class={state}" in page and "src=" not in page and ("<h2>Failed</h2>" in page) == bool(code)


@pytest.mark.parametrize(("target", "state"), [("sdk_parts:Filled", "ran"), ("sdk_parts:Stubborn", "failed"), ("sdk_parts:Careful", "ran")])
def test_what_does_not_depend_on_the_prior_fails(monkeypatch, tmp_path, target, state):
    """With a second prior it is seen; the table beside the page counts both, and says why."""
    own = SamplerSpec(
        name="own", summary="o", target=target, priors={"prior": needs(Trait.DENOISER)}, needs={"operator": needs(Trait.LINEAR)}
    )
    halve = PriorSpec(name="halve", summary="halves", target="sdk_parts:Halve", axes=("y", "x"), offers={Trait.DENOISER})
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of((*SPECS, own, halve))))
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", "own", "--json", "-o", str(tmp_path)])
    first, second = json.loads(done.stdout)
    assert (first["state"], second["state"]) == ("ran", state) and (state == "ran" or f"that with {first['prior']}" in second["message"])
    table = (tmp_path / "matrix.md").read_text()
    assert '<th scope=row><a href="#own">own</a></th>' in (tmp_path / "index.html").read_text(), "the page begins with the numbers"
    assert f"| own | {1 + (state == 'ran')} | 0 | {int(state == 'failed')} |" in table and ("## Failed" in table) == (state == "failed")


def test_the_tiny_object_is_in_every_frame_and_its_noise_is_faint():
    """Along axes of two or four it would else lie at their ends, outside of it, and the scan be noise alone."""
    for axes, shape in ((("modality", "y", "x"), (2, 16, 18)), (("t", "y", "x"), (4, 16, 18)), (("z", "y", "x"), (4, 16, 18))):
        x = thing(Space(axes, shape))
        assert x.shape == (1, *shape) and float(x.abs().amax((0, 2, 3)).min()) > 0.5 and float(x[..., 0, 0].abs().max()) < 0.01
    thick = thing(Space(("z", "y", "x"), (8, 16, 18), complex=False, unit="ppm"))
    assert float(thick[:, 0].abs().max()) < 0.01 and 0.05 < float(thick.max()) < 0.15
    assert quiet(Gaussian(0.1), torch.tensor([[0.0, 2.0, -2.0]])).std == pytest.approx(0.1) and quiet(Poisson(0.1), x) == Poisson(0.1)


def test_who_stops_it_has_what_ran_until_then(monkeypatch, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    other = SamplerSpec(name="zz", summary="last", target="sdk_parts:Filled", priors={"prior": needs(Trait.DENOISER)},
                        needs={"operator": needs(Trait.LINEAR)})  # fmt: skip
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of((*SPECS, other))))
    whole = Runs.tried
    monkeypatch.setattr(Runs, "tried", lambda self, triple, *a: whole(self, triple, *a) if triple.names[0] == "filled" else stopped())
    assert CliRunner().invoke(application(), ["matrix", "--run", "-o", str(tmp_path)]).exit_code == 130
    assert "1 combinations: 1 ran" in (tmp_path / "index.html").read_text()


def test_what_nothing_has_is_not_found():
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", "no-such"])
    assert done.exit_code == 2 and "no-such" in done.output

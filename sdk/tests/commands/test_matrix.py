import json

from sdk_parts import SPECS
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec, SamplerSpec, Trait, needs


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

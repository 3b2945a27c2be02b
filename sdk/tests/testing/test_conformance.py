"""The one line of a plugin's test file, in a project of its own, as an author would write it."""

import subprocess
import sys

import pytest

from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec, Trait, needs
from mridiff_sdk.testing import OperatorCase, conformance
from mridiff_sdk.testing.automatic import cases_for

HERE = "mridiff_sdk.testing"
OFFERS = frozenset({Trait.LINEAR, Trait.MASKED})


def _registry(target, axes=("y", "x")):
    return Registry.of(
        [OperatorSpec(name="some", summary="s", target=target, axes=axes, offers=OFFERS, needs={"dataset": needs(Trait.MASK, Trait.MAPS)})]
    )


FILE = """
from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec, Trait, needs
from mridiff_sdk.testing import conformance
spec = OperatorSpec(name="some", summary="s", target={target!r}, axes=("y", "x"), offers=frozenset({{Trait.LINEAR, Trait.MASKED}}),
                    needs={{"dataset": needs(Trait.MASK, Trait.MAPS)}})
test_conformance = conformance("some", registry=Registry.of([spec]), examples=0)
"""


@pytest.mark.parametrize(("target", "failed"), [("reference:Sense", []), ("mutants.operators:NoConjugate", ["operator.adjoint"])])
def test_one_line_checks_a_plugin(tmp_path, target, failed):
    (tmp_path / "test_it.py").write_text(FILE.format(target=f"{HERE}.{target}"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-k", "operator.", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert bool(lines) == bool(failed) and done.returncode == bool(failed), done.stdout
    assert all(f"some-{failed[0]}-" in line for line in lines), done.stdout


def test_a_component_without_a_case_is_refused():
    with pytest.raises(ValueError, match="give conformance"):
        conformance("some", registry=_registry(f"{HERE}.reference:Sense", ("z", "echo")))


def test_own_cases_replace_automatic_ones():
    entry = _registry(f"{HERE}.reference:Sense").find("operator", "some")
    own = OperatorCase(id="mine", measured=lambda precision: None, build=lambda m: None)
    assert [c.id for c in cases_for(entry, lambda spec: [own])] == ["declaration", "mine"]
    assert len(cases_for(entry, examples=5)) == 1 + 4 + 5


def test_cases_are_the_same_every_time_and_cover_odd_even_coils_samples_and_precision():
    entry = _registry(f"{HERE}.reference:Sense").find("operator", "some")
    first, again = ([c.id for c in cases_for(entry, examples=8)] for _ in range(2))
    assert first == again and len(set(first)) == len(first)
    text = " ".join(first[1:4])
    assert all(part in text for part in ("6x8", "7x5", "1coils", "3coils", "1samples", "2samples", "single", "double"))

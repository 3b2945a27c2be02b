"""The matrix of mutants and checks: which check catches which fault, as data and as a page."""

from __future__ import annotations

from collections.abc import Sequence

from ..cases import Case
from ..run import CHECKS, examine
from . import components, datasets, noises, operators, priors, recipes, samplers, subtle
from .mutant import Mutant, Sound

MODULES = (components, operators, noises, priors, samplers, datasets, recipes)
MUTANTS: tuple[Mutant, ...] = tuple(m for module in (*MODULES, subtle) for m in module.MUTANTS)
SOUND: tuple[Sound, ...] = tuple(s for module in MODULES for s in module.SOUND)


def failures(cases: Sequence[Case]) -> dict[str, str]:
    """The checks that fail in any of these cases, with what they say."""
    found: dict[str, str] = {}
    for case in cases:
        for outcome in examine([case]):
            if outcome.status == "failed":
                found.setdefault(outcome.check, outcome.message)
    return found


def mutation_matrix() -> list[dict[str, object]]:
    """One row per check: its law, and the faults that it caught when all mutants were run."""
    caught = {m: sorted(failures(m.cases())) for m in MUTANTS}
    rows: list[dict[str, object]] = []
    for c in CHECKS:
        faults = [m.fault + (f" ({m.seen})" if m.seen else "") for m, by in caught.items() if by == [c.id]]
        rows.append({"check": c.id, "law": c.doc, "requires": list(c.requires.missing(frozenset())), "caught": faults})
    return rows

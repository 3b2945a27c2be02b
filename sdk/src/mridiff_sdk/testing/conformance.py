"""The suite for pytest: one line in a plugin's test file."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from .automatic import Own, cases_for
from .cases import Case
from .run import Outcome, checks_of, perform
from .subjects import find


def conformance(name: str, *, cases: Own | None = None, examples: int = 3, registry: Registry | None = None) -> Callable[..., None]:
    """A test of every check of every case of a plugin, or of one component: `test_conformance = conformance("sense")`.

    `cases(spec)` gives a plugin's own cases, `examples` the number of drawn shapes of operators. A component without any case fails.
    """
    import pytest

    items = [(entry, case, check) for entry in find(name, registry or Registry.discover())
             for case in _cases(entry, cases, examples) for check in checks_of(case)]  # fmt: skip

    @cache
    def outcome(index: int) -> Outcome:
        entry, case, check = items[index]
        earlier = [i for i, (e, c, k) in enumerate(items) if e is entry and c is case and k.id in check.after]
        return perform(check, case, {items[i][2].id: outcome(i) for i in earlier})

    @pytest.mark.parametrize("index", range(len(items)), ids=[f"{e.spec.name}-{k.id}-{c.id}" for e, c, k in items])
    def test_conformance(index: int) -> None:
        found = outcome(index)
        if found.status == "excused":
            pytest.skip(found.message)
        if found.status == "failed":
            pytest.fail(found.message, pytrace=False)

    return test_conformance


def _cases(entry: Entry, own: Own | None, examples: int) -> list[Case]:
    found = cases_for(entry, own, examples)
    if len(found) < 2:
        raise ValueError(f"no case can be made of {entry.spec.kind} {entry.qualified} alone; give conformance(..., cases=) or a module "
                         f"{entry.package}.conformance with a function cases(spec)")  # fmt: skip
    return found

"""Running checks over cases, and saying what became of each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from mridiff.errors import MissingPackage, MridiffError
from mridiff.spec import Spec

from . import components, datasets, noises, nuisances, operators, priors, recipes, samplers
from .cases import Case
from .check import Check

MODULES = (components, operators, nuisances, noises, priors, samplers, datasets, recipes)
CHECKS: tuple[Check, ...] = tuple(check for module in MODULES for check in module.CHECKS)
"""Every check there is, those on which others depend first."""

Status = Literal["passed", "failed", "excused"]


@dataclass(frozen=True)
class Outcome:
    """What became of one check of one case; `excused` is one that an earlier failure, or a package that is missing, explains."""

    check: str
    case: str
    status: Status
    message: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {"check": self.check, "case": self.case, "status": self.status, "message": self.message, "seconds": round(self.seconds, 4)}


def checks_for(spec: Spec) -> list[Check]:
    """The checks that a declaration is held to: those of every component, and those of its kind whose traits it claims."""
    return [c for c in CHECKS if c.kind in {"component", spec.kind} and not c.requires.missing(spec.offers)]


def checks_of(case: Case) -> list[Check]:
    """The checks that a case is held to: those that its traits switch on and that have something to say of it."""
    return [c for c in CHECKS if c.kind == case.kind and not c.requires.missing(case.offers) and c.applies(case)]


def perform(check: Check, case: Case, earlier: Mapping[str, Outcome]) -> Outcome:
    """One check of one case; `earlier` holds outcomes of the same case by check. Anything it raises but KeyboardInterrupt is a failure.

    It runs under `no_grad`, as the pipeline does.
    """
    broken = [name for name in check.after if name in earlier and earlier[name].status in {"failed", "excused"}]
    if broken:
        return Outcome(check.id, case.id, "excused", f"after {', '.join(broken)}")
    began = time.perf_counter()
    status: Status = "passed"
    message = ""
    try:
        with torch.no_grad():
            check(case)
    except AssertionError as reason:
        status, message = "failed", str(reason)
    except MissingPackage as error:
        status, message = "excused", error.message
    except MridiffError as error:
        status, message = "failed", f"{type(error).__name__}: {error}"
    except Exception as error:
        status, message = "failed", f"raised {type(error).__name__}: {error}"
    return Outcome(check.id, case.id, status, message, time.perf_counter() - began)


def examine(cases: Iterable[Case], only: str = "") -> Iterator[Outcome]:
    """All checks of all cases, in order; `only` keeps those whose `check case` holds this text, and what they come after."""
    for case in cases:
        done: dict[str, Outcome] = {}
        checks = checks_of(case)
        wanted = {c.id for c in checks if only in f"{c.id} {case.id}"}
        needed = wanted | {a for c in checks if c.id in wanted for a in _before(c, checks)}
        for check in checks:
            if check.id in needed:
                done[check.id] = perform(check, case, done)
                if check.id in wanted:
                    yield done[check.id]


def _before(check: Check, checks: list[Check]) -> set[str]:
    found = set(check.after)
    for earlier in checks:
        if earlier.id in check.after:
            found |= _before(earlier, checks)
    return found

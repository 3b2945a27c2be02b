"""Mutant: a subject with one fault, and the check that must catch it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..cases import Case


@dataclass(frozen=True)
class Mutant:
    """A fault in one sentence, the id of the check that must catch it, and the cases in which it shows; `seen` names where it was met."""

    fault: str
    caught_by: str
    cases: Callable[[], Sequence[Case]]
    seen: str = ""


@dataclass(frozen=True)
class Sound:
    """A subject without a fault, which every check must let pass."""

    name: str
    cases: Callable[[], Sequence[Case]]

"""Check: one law that every subject of a kind must keep, and what became of it for one subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mridiff.spec import Needs, Trait, needs


def always(_: Any) -> bool:
    """Every case."""
    return True


@dataclass(frozen=True)
class Check:
    """A law: `function(case)` raises AssertionError, with the measured value and its bound, where the case breaks it.

    It is there for cases whose spec claims the traits it `requires` and of which it has something to say (`applies`); it runs where the
    checks named in `after` have passed: a fault that they explain is reported once.
    """

    id: str
    kind: str
    function: Callable[[Any], None]
    requires: Needs = field(default_factory=Needs)
    after: tuple[str, ...] = ()
    applies: Callable[[Any], bool] = always

    @property
    def doc(self) -> str:
        """The law in one sentence."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    def __call__(self, case: Any) -> None:
        """Check a case; raises AssertionError."""
        self.function(case)


def law(kind: str, *requires: Trait | set[Trait], after: tuple[str, ...] = (),
        applies: Callable[[Any], bool] = always) -> Callable[[Callable[[Any], None]], Check]:  # fmt: skip
    """Makes a function a check of that kind; a set among `requires` means any of these, names in `after` are functions of its kind.

    `applies` says for which cases there is anything to check; it is asked when tests are collected, so it must be cheap.
    """

    def make(function: Callable[[Any], None]) -> Check:
        earlier = tuple(_id(kind, name) for name in after)
        return Check(_id(kind, function.__name__), kind, function, needs(*requires), earlier, applies)

    return make


def _id(kind: str, name: str) -> str:
    return f"{kind}.{name.strip('_').replace('_', '-')}"


def collect(names: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of a module, in the order in which they are written; give it globals()."""
    return tuple(value for value in names.values() if isinstance(value, Check))

"""Study: what is measured, as data - rows (methods), sets of scans, seeds, columns - and what is wrong with a declaration."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from mridiff.errors import ConfigError, Mistake, MridiffError
from mridiff.interfaces import Dataset, Scan
from mridiff.pipeline.config import Node, parse
from mridiff.pipeline.method import Method, Reconstruction
from mridiff.pipeline.plan import plan
from mridiff.plugins.registry import Registry
from mridiff.spec import NAME

Made = Callable[[Scan, int], Reconstruction | Tensor]
"""A row as a function of scan and seed; a tensor (sample, ...) lies in the space of the truth "x"."""
Metric = Callable[[Reconstruction, Scan], float]


@dataclass(frozen=True)
class Altered:
    """A method (as `mridiff.load` takes it) of which `method` changes what configuration cannot say, on scans as `scan` alters them.

    As a set of scans: the scans of a method's recipe or of a dataset node, each as `scan` alters it.
    """

    source: str | Mapping[str, Any]
    method: Callable[[Method], None] | None = None
    scan: Callable[[Scan], Scan] | None = None


Row = str | Mapping[str, Any] | Altered | Made
Scans = str | Mapping[str, Any] | Altered | Callable[[Path], Dataset]
"""A method's name, for the scans of its recipe; a dataset node (`{"use": ..., "options": ...}`), whose `path` lies in the data folder; one
of these, altered; or a function of that folder."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Methods on sets of scans. Each set makes a table, each row a line of it, each metric a column.

    `metrics` are words of the record: those of "x" ("psnr"), of another quantity ("motion.mae_degrees"), of the cost ("nfe", "seconds",
    "peak_memory_mb"), and names of `extra`, which come last where they are not named; `better` says which end of an extra is the good
    one (+1 high, -1 low); without any metric, all numbers that the records have. Differences are paired with each row of `against`.
    `command` makes it, where that is not `mridiff measure NAME`.
    """

    title: str
    rows: Mapping[str, Row]
    scans: Mapping[str, Scans]
    metrics: tuple[str, ...] = ("psnr", "ssim", "nfe", "seconds")
    extra: Mapping[str, Metric] = field(default_factory=dict)
    better: Mapping[str, int] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()
    command: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All metrics that are named, in the order of the table."""
        return (*self.metrics, *(name for name in self.extra if name not in self.metrics))

    def check(self, name: str, registry: Registry) -> None:
        """Raise ConfigError with all that is wrong with the declaration, each method resolved; nothing is built."""
        found = [*self._mistakes(name), *self._unresolved(registry)]
        if found:
            raise ConfigError(found, hint="docs/measuring.md says what a study may hold.")

    def _mistakes(self, name: str) -> Iterator[Mistake]:
        if not NAME.fullmatch(name):
            yield Mistake(name, "a study's name must be lower-case words joined by single hyphens")
        fields = dict.fromkeys(("rows", "scans", "extra", "better"), Mapping) | dict.fromkeys(
            ("seeds", "metrics", "against", "notes"), tuple
        )
        wrong = {what: kind for what, kind in fields.items() if not isinstance(getattr(self, what), kind)}
        yield from (Mistake(w, f"a {k.__name__.lower()} is expected, not {getattr(self, w)!r}") for w, k in wrong.items())
        if wrong:
            return
        yield from (Mistake(what, "there are none") for what in ("rows", "scans", "seeds") if not getattr(self, what))
        yield from (Mistake(f"against.{row}", f"no such row; rows: {', '.join(self.rows)}") for row in self.against if row not in self.rows)
        if len(set(self.seeds)) < len(self.seeds) or not all(isinstance(seed, int) for seed in self.seeds):
            yield Mistake("seeds", f"whole numbers are expected, each once, not {self.seeds!r}")
        yield from (
            Mistake(f"extra.{n}", "a function of reconstruction and scan is expected") for n, f in self.extra.items() if not callable(f)
        )
        yield from (Mistake(f"better.{n}", "only an extra metric, and 1 or -1") for n, b in self.better.items()
                    if n not in self.extra or b not in (1, -1))  # fmt: skip

    def _unresolved(self, registry: Registry) -> Iterator[Mistake]:
        for name, row in self.rows.items() if isinstance(self.rows, Mapping) else ():
            source = row.source if isinstance(row, Altered) else row
            if isinstance(source, (str, Mapping)):
                try:
                    plan(source, registry, {"dataset": None})
                except ConfigError as error:
                    yield from (Mistake(".".join(filter(None, (f"rows.{name}", p.path))), p.message) for p in error.mistakes)
                except MridiffError as error:
                    yield Mistake(f"rows.{name}", error.message)
            elif not callable(source):
                yield Mistake(f"rows.{name}", f"a method, an Altered or a function is expected, not {type(source).__name__}")
        for title, given in self.scans.items() if isinstance(self.scans, Mapping) else ():
            if callable(given):
                continue
            scans = given.source if isinstance(given, Altered) else given
            if isinstance(given, Altered) and (given.method is not None or not callable(given.scan)):
                yield Mistake(f"scans.{title}", "of an Altered set of scans, `scan` is a function, and there is no `method`")
            try:
                registry.find("dataset", node_of(scans, registry).use)
            except (MridiffError, ValueError) as error:
                expected = f"a method, a dataset node or a function is expected, not {scans!r}"
                yield Mistake(f"scans.{title}", getattr(error, "message", expected))


def node_of(scans: str | Mapping[str, Any], registry: Registry) -> Node:
    """The dataset node, of a recipe where its method is named; raises NotFound, ConfigError, ValueError."""
    if not isinstance(scans, str):
        return Node.model_validate(scans)
    node = parse(scans, registry)[0].dataset
    if node is None:
        raise ConfigError([Mistake("dataset", f"the recipe of {scans} has no scans")])
    return node


def of_x(metric: Callable[..., Tensor], **options: Any) -> Metric:
    """An extra metric: `metric` of x and of the truth "x", (sample, ...), with these options; NaN of a scan without truth."""
    found = partial(_of_x, metric, **options)
    found.__doc__ = metric.__doc__
    return found


def _of_x(metric: Callable[..., Tensor], result: Reconstruction, scan: Scan, **options: Any) -> float:
    return float(metric(result.x, scan.truth["x"].data, **options)) if "x" in scan.truth else float("nan")


def identity(function: Any) -> dict[str, Any]:
    """What tells a function from a changed one: its name, the arguments that it is given beforehand, and the hash of its source file."""
    given: list[Any] = []
    while isinstance(function, partial):
        given += [(k, identity(v) if callable(v) else repr(v)) for k, v in (*enumerate(function.args), *sorted(function.keywords.items()))]
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    file = inspect.getsourcefile(named)
    source = Path(file).read_bytes() if file else b""
    return {"function": f"{named.__module__}:{named.__qualname__}", "given": given, "source_sha256": hashlib.sha256(source).hexdigest()}

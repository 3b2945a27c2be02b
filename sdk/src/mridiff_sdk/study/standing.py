"""Standing: rows of a card's results that stand as they are when other rows of the study are measured and set beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, Mistake, MridiffError, boundary
from mridiff.pipeline.record import now, origin, seal
from mridiff.plugins.registry import Registry

from .bench import Bench
from .study import Study

MADE = ("config", "versions", "services", "weights_sha256", "altered", "extra", "id", "data_sha256", "reference_sha256")
"""What of a record makes a number; machine, threads and device move it by rounding alone."""


def made_from(records: Iterable[Mapping[str, Any]]) -> str:
    """The hash of what the cells of a row were made from, in the order of scans and seeds."""
    return seal({"cells": [{k: r[k] for k in MADE if k in r} for r in records]})


def standing(file: Path, study: Study, measured: Iterable[str], registry: Registry, data: Path | None) -> dict[str, Any]:
    """The results in `file`, of which all rows but those to be measured stand.

    Raises ConfigError with all that speaks against it: rows, sets of scans or seeds that are not those of the study, and rows that
    would be made from something else today: other data, weights, options, versions or functions. Raises DataError for a damaged file.
    """
    if not file.is_file():
        raise ConfigError([Mistake("--card", f"no results stand in {file} yet")], hint="Measure the study whole: leave --only out.")
    with boundary(f"{file} cannot be read as results", "Restore it, or measure the study whole: leave --only out."):
        found: dict[str, Any] = json.loads(file.read_text())
    kept = [row for row in found["rows"] if row not in measured]
    wrong = [f"the row {row!r} of {file} is not in the study" for row in kept if row not in study.rows]
    wrong += [f"the row {row!r} is not in {file}" for row in study.rows if row not in (*found["rows"], *measured)]
    mine = {"scans": study.scans, "seeds": study.seeds, "metrics": study.columns if study.metrics else found["metrics"]}
    wrong += [f"{file} has other {what}" for what, names in mine.items() if [*found[what]] != [*names]]
    if not wrong:
        today = _today(Bench(study, registry, data, file.parent, ""), kept)
        wrong = [f"the row {row!r} of {file} {fault}" for row, is_now in today.items() if (fault := _fault(found, row, is_now))]
    if wrong:
        raise ConfigError([Mistake("--card", w) for w in wrong], hint="Measure these rows too, or the study whole.")
    return found


def joined(before: Mapping[str, Any], measured: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """The results with the rows that were measured in the place of those of these names, all in the order of the study."""
    rows, new = [row for row in study.rows if row in {*before["rows"], *measured["rows"]}], measured["rows"]

    def merged(old: Mapping[str, Any], latest: Mapping[str, Any]) -> dict[str, Any]:
        return {row: (latest if row in new else old)[row] for row in rows}

    tables = {
        title: {**table, "values": merged(before["scans"][title]["values"], table["values"])} for title, table in measured["scans"].items()
    }
    machines = dict.fromkeys((before["machine"], measured["machine"]))
    failed = [f for f in before["failed"] if not any(f", {row}, seed " in f["cell"] for row in new)]
    return {**measured, "created": now(), "machine": "; ".join(machines), "versions": {**before["versions"], **measured["versions"]},
            "rows": merged(before["rows"], new), "made_from": merged(before["made_from"], measured["made_from"]), "scans": tables,
            "failed": failed + measured["failed"], "noted": [*dict.fromkeys((*before["noted"], *measured["noted"]))]}  # fmt: skip


def _today(bench: Bench, rows: Iterable[str]) -> dict[str, str | MridiffError]:
    """For each row the hash of what its cells would be made from now, or what keeps it from being made; each scan is read once."""
    heads: dict[str, list[dict[str, Any]]] = {}
    found: dict[str, Any] = {}
    for row in rows:
        try:
            heads[row] = [bench.ready(row).head(seed) for seed in bench.study.seeds]
        except MridiffError as error:
            found[row] = error
    scans = (bench.scans(title)[i] for title in bench.study.scans for i in range(len(bench.scans(title))))
    records: dict[str, list[Mapping[str, Any]]] = {row: [] for row in heads}
    for scan in scans:
        for row, mine in heads.items():
            records[row] += [{k: v for k, v in origin(head, scan).items() if k in MADE} for head in mine]
    return {**found, **{row: made_from(made) for row, made in records.items()}}


def _fault(found: Mapping[str, Any], row: str, is_now: str | MridiffError) -> str:
    if isinstance(is_now, MridiffError):
        return f"cannot be compared with what it would be now: {is_now.message}"
    if row not in found.get("made_from", {}):
        return "does not say what it was made from"
    return "" if found["made_from"][row] == is_now else "was made from something else than it would be now"

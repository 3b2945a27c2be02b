"""`mridiff matrix`: which samplers run with which operators and priors, computed from what they declare."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.spec import SamplerSpec


def combinations(found: Registry) -> Iterator[tuple[Entry, Entry | None, dict[str, list[Entry]]]]:
    """Every sampler and operator that run together, with the priors that fit each of the sampler's slots."""
    for sampler in found.entries("sampler"):
        assert isinstance(sampler.spec, SamplerSpec)
        slots = list(sampler.spec.priors)
        for operator in (*found.entries("operator"), None):
            if not _has_data(sampler, operator, found):
                continue
            fits = {slot: [p for p in found.entries("prior") if _fits(sampler, operator, slot, p, found)] for slot in slots}
            alone = not slots and not mismatches(Choice(sampler, {}, operator), found)
            if alone or (slots and all(fits.values())):
                yield sampler, operator, fits


def _has_data(sampler: Entry, operator: Entry | None, found: Registry) -> bool:
    """Whether one of the installed datasets, if there are any, has what both want: a least-squares sampler has no use for counts."""
    demands = [e.spec.needs["dataset"] for e in (sampler, operator) if e and "dataset" in e.spec.needs]
    datasets = found.entries("dataset")
    return not datasets or any(all(not d.missing(e.spec.offers) for d in demands) for e in datasets)


def _fits(sampler: Entry, operator: Entry | None, slot: str, prior: Entry, found: Registry) -> bool:
    reasons = mismatches(Choice(sampler, {slot: prior}, operator), found)
    return all(m.provider == "(none)" and m.slot.startswith("priors.") for m in reasons)  # the other slots are judged on their own


def matrix(as_json: Json = False) -> None:
    """Show what runs with what."""
    rows = []
    plain = []
    for sampler, operator, fits in combinations(registry()):
        name = operator.spec.name if operator else "(none)"
        priors = "; ".join(f"{slot}: {', '.join(p.spec.name for p in found)}" for slot, found in fits.items()) or "(none)"
        rows.append([sampler.spec.name, name, priors])
        plain.append({"sampler": sampler.qualified, "operator": operator.qualified if operator else None,
                      "priors": {slot: [p.qualified for p in found] for slot, found in fits.items()}})  # fmt: skip
    if as_json:
        print_json(plain)
    else:
        typer.echo(table(rows, ("sampler", "operator", "priors")) or "no sampler is installed")

"""Comparison: several methods on the same scans, with the same data, scores and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, Problem
from mridiff.interfaces.scan import Scan
from mridiff.pipeline.method import Method, Reconstruction, load, load_dataset
from mridiff.pipeline.record import data_hash, describe, now, write_json
from mridiff.pipeline.run import Watch, folder_name
from mridiff.pipeline.services import service
from mridiff.plugins.registry import Registry


def compare(names: Sequence[str], registry: Registry, changes: Mapping[str, Any], out: Path, watch: Watch | None = None) -> dict[str, Any]:
    """Run every method on every scan of the dataset in `changes`; writes a picture per scan, a page and a record, which it returns.

    All methods are resolved and checked before the first one runs. Options that only some samplers know belong into YAML files.
    """
    methods = {Path(n).stem if n.endswith((".yaml", ".yml")) else n: load(n, registry, **changes) for n in names}
    first = next(iter(methods.values()), None)
    if first is None or first.plan.choice.dataset is None:
        raise ConfigError([Problem("dataset", "nothing to compare on")], hint="Give a file, or a method that has a scan of its own.")
    dataset = load_dataset(first.plan)
    out.mkdir(parents=True, exist_ok=True)
    scans = [_one(dataset[i], methods, out, watch) for i in range(len(dataset))]
    heads = {name: describe(m) for name, m in methods.items()}
    record = {"title": "Comparison", "created": now(), "seed": first.plan.config.seed, "device": str(first.device), "scans": scans,
              "mean": {name: _mean([scan["methods"][name] for scan in scans]) for name in methods},
              "config": {name: h["config"] for name, h in heads.items()}, "versions": heads[next(iter(heads))]["versions"]}  # fmt: skip
    write_json(out / "record.json", record)
    if (page := service("page")) is not None:
        pictures = {s["id"]: out / f"{folder_name(s['id'])}.png" for s in scans}
        page(out / "index.html", record=record, pictures={k: p for k, p in pictures.items() if p.exists()})
    return record


def _one(scan: Scan, methods: Mapping[str, Method], out: Path, watch: Watch | None) -> dict[str, Any]:
    results: dict[str, Reconstruction] = {}
    for name, method in methods.items():
        results[name] = method(scan, watch=None if watch is None else lambda *a, n=name: watch(f"{n} {scan.id}", *a))
    found = {name: {"metrics": dict(r.metrics.get("x", {})), "cost": r.cost.as_dict()} for name, r in results.items()}
    if (draw := service("comparison")) is not None:
        x = next(iter(results.values()))
        truth = scan.truth.get("x")
        truth = truth if truth is not None and truth.data.shape[1:] == x.x.shape[1:] else None
        draw(out / f"{folder_name(scan.id)}.png", title=scan.id, axes=x.axes, reference=None if truth is None else truth.data[0].numpy(),
             results={n: r.x[0].numpy() for n, r in results.items()}, metrics={n: f["metrics"] for n, f in found.items()},
             cost={n: f["cost"] for n, f in found.items()})  # fmt: skip
    return {"id": scan.id, "data_sha256": data_hash(scan.measured), "notes": list(scan.notes), "methods": found}


def _mean(found: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Mean over scans of every number that all of them have."""
    return {part: {name: sum(f[part][name] for f in found) / len(found) for name in found[0][part] if all(name in f[part] for f in found)}
            for part in ("metrics", "cost")}  # fmt: skip

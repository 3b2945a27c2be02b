"""Origin: what a training run is made of, so that a folder goes on only with what it began with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .settings import Schedule, Settings
from .training import Stage

CADENCE = {"log", "save", "validate"}
"""Settings that change no number of the result."""
LENGTH = "updates"
"""What every configuration calls a number of updates."""
SHOWN = 4
"""Samples of each stage that stand for its data."""


def made_of(component: str, arguments: Mapping[str, Any], settings: Settings, weights: Path | None) -> dict[str, Any]:
    """Everything that the numbers of a run depend on but its data, its schedule and its length, as plain data by dotted name."""
    own = {k: v for k, v in leaves("", {**arguments, **asdict(settings)}) if k.rpartition(".")[2] != LENGTH}
    own = {k: v for k, v in own.items() if k not in CADENCE and not k.startswith("schedule.")}
    start = hashlib.sha256(weights.read_bytes()).hexdigest() if weights else "none"
    return {"component": component, **own, "--weights": start}


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The entries of nested mappings, dataclasses and lists of these by dotted name; lists of numbers or words stay whole."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, list | tuple) and any(isinstance(v, Mapping) or is_dataclass(v) for v in value):
        value = {str(i): v for i, v in enumerate(value)}
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(f"{name}.{key}" if name else str(key), inner)
    else:
        yield name, list(value) if isinstance(value, list | tuple) else value


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same as it comes back from JSON, so that old and new can be compared."""
    out: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return out


def outline(stages: Sequence[Stage], sees: str) -> list[list[float]]:
    """Numbers that stand for the data: of the first samples of each stage the size of what is visible, and where in it the size lies.

    Numbers instead of a hash, because other processors round otherwise.
    """
    drawn = [s.source.batch(0, range(min(SHOWN, s.batch))) for s in stages]
    halves = [b.truth if sees == "truth" else b.measured for b in drawn]
    return [[n for name in sorted(half) for n in _sizes(half[name])] for half in halves]


def _sizes(v: Tensor) -> list[float]:
    a = v.abs().double().reshape(len(v), -1) if v.ndim else v.abs().double().reshape(1, 1)
    place = torch.linspace(0.5, 1.5, a.shape[1], dtype=torch.float64)
    return [float(f"{n:.6g}") for n in (*a.square().mean(1).sqrt().tolist(), *(place * a).mean(1).tolist())]


def same_data(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> bool:
    """Whether two outlines are of the same data, but for rounding."""
    return len(a) == len(b) and all(len(x) == len(y) and np.allclose(x, y, rtol=1e-3, atol=1e-6) for x, y in zip(a, b, strict=True))


def plan(stages: Sequence[Stage], schedule: Schedule) -> dict[str, Any]:
    """Length and schedule as plain data; of them only what was done already has to stay."""
    return {LENGTH: [[s.updates, s.batch] for s in stages], "schedule": asdict(schedule)}


def history(planned: Mapping[str, Any], done: int) -> list[tuple[int, int, float]]:
    """Stage, batch and learning rate of each of the first `done` updates of a plan."""
    lengths, schedule = planned[LENGTH], Schedule(**planned["schedule"])
    total = sum(n for n, _ in lengths)
    steps = ((i, batch) for i, (updates, batch) in enumerate(lengths) for _ in range(updates))
    return [(i, batch, schedule.at(step, total)) for step, (i, batch) in zip(range(done), steps, strict=False)]


def differences(old: Mapping[str, Any], new: Mapping[str, Any], done: int) -> tuple[list[str], list[str]]:
    """What of a run that has `done` updates behind it forbids to go on, and what may be changed and was, each as "name: old, now new"."""
    keys = sorted({*old["made of"], *new["made of"]})
    changed = [(k, old["made of"].get(k, "nothing"), new["made of"].get(k, "nothing")) for k in keys]
    against = [f"{k}: {a}, now {b}" for k, a, b in changed if a != b]
    if not same_data(old["data"], new["data"]):
        against.append("data: the first samples are others")
    allowed = [f"{k}: {old['versions'][k]}, now {v}" for k, v in new["versions"].items() if old["versions"].get(k, v) != v]
    before, now = history(old["plan"], done), history(new["plan"], done)
    earlier = dict(leaves("", old["plan"]))
    texts = [f"{k}: {earlier[k]}, now {v}" for k, v in leaves("", new["plan"]) if v != earlier[k]]
    if before == now:
        return against, [*texts, *allowed]
    first = next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), len(now))
    return [*against, *(f"{t} (update {first} of the {done} that are done would have been another)" for t in texts)], allowed

"""Interleaved timing: every candidate runs once per round, so that all of them meet the same disturbances."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Time:
    """Milliseconds: best and median by the wall clock, and the best of the processor time, which waiting does not count in."""

    best: float
    median: float
    cpu: float


def _processor_seconds() -> float:
    t = os.times()
    return time.process_time() + t.children_user + t.children_system


def interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int, seconds: float) -> dict[str, Time]:
    """Times of all candidates over at most `rounds` rounds or `seconds`, but no fewer than three rounds, after one unmeasured one."""
    wall: dict[str, list[float]] = {name: [] for name in candidates}
    cpu: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():
        run()
    begin = time.perf_counter()
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - begin > seconds:
            break
        for name, run in candidates.items():
            c, t = _processor_seconds(), time.perf_counter()
            run()
            wall[name].append(1e3 * (time.perf_counter() - t))
            cpu[name].append(1e3 * (_processor_seconds() - c))
    return {name: Time(min(w), statistics.median(w), min(cpu[name])) for name, w in wall.items()}

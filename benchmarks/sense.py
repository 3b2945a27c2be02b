"""SENSE side by side: forward and adjoint, normal operator, CG-SENSE, one sampler step, against bare FFTs and other libraries.

python benchmarks/sense.py            writes benchmarks/results/sense.md
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from command import write_page

SIZE, COILS, ITERATIONS, L2 = 320, (8, 16), 10, 1e-3
Run = Callable[[], Any]


def bare(c: Any) -> dict[str, dict[str, Run]]:
    """The transforms alone: of all coils in one call, and coil by coil, which a processor's cache prefers."""
    import torch

    z = (c.maps * c.x).contiguous()

    def one_call(f: Callable[[Any], Any], g: Callable[[Any], Any]) -> Run:
        return lambda: g(f(z))

    def by_coil(f: Callable[[Any], Any], g: Callable[[Any], Any]) -> Run:
        return lambda: [g(f(coil)) for coil in z]

    two, one = (torch.fft.fft2, torch.fft.ifft2), (torch.fft.fft, torch.fft.ifft)
    return {
        "pair": {"bare 2-D FFTs, one call": one_call(*two), "bare 2-D FFTs, coil by coil": by_coil(*two)},
        "normal": {"bare 1-D FFTs, one call": one_call(*one), "bare 1-D FFTs, coil by coil": by_coil(*one)},
        "cg": {"bare 1-D FFTs of 10 normal operators, coil by coil": lambda: [by_coil(*one)() for _ in range(ITERATIONS)]},
    }


def ours(c: Any) -> dict[str, Run]:
    """mridiff's operator and conjugate gradients."""
    from mridiff_operators.sense import SenseOperator
    from mridiff_sdk.consistency import conjugate_gradients

    A, x, y = SenseOperator(c.maps[None], c.mask[None]), c.x[None], c.y[None]

    def cg() -> Any:
        return conjugate_gradients(lambda v: A.gram(v).add_(v, alpha=L2), A.H(y), iterations=ITERATIONS, tolerance=0)[0]

    return {"pair": lambda: A.H(A(x))[0], "normal": lambda: A.gram(x)[0], "cg": cg}


def deviation(found: Any, expected: Any) -> float:
    """Relative difference after the best complex factor, because libraries scale differently."""
    import numpy as np

    a, b = np.asarray(found).ravel(), np.asarray(expected).ravel()
    return float(np.linalg.norm(a * (np.vdot(a, b) / np.vdot(a, a)) - b) / np.linalg.norm(b))


def candidates(c: Any) -> tuple[dict[str, dict[str, Run]], dict[str, str], list[str]]:
    """Runs by operation and library, versions, and what was skipped and why."""
    from peers import PEERS

    runs, versions, skipped = bare(c), {}, []
    for operation, run in ours(c).items():
        runs[operation]["mridiff"] = run
    for name, make in PEERS.items():
        try:
            peer = make(c, ITERATIONS, L2)
        except (ImportError, FileNotFoundError, subprocess.CalledProcessError) as error:
            skipped.append(f"{name}: {type(error).__name__}: {error}")
            continue
        versions[name] = peer.version
        runs["pair"][name], runs["cg"][name] = peer.pair, peer.cg
        if peer.normal is not None:
            runs["normal"][name] = peer.normal
        elif name != "BART":
            runs["normal"][f"{name} (forward and adjoint)"] = peer.pair
    return runs, versions, skipped


TITLES = {"pair": "Forward and adjoint", "normal": "Normal operator", "cg": f"CG-SENSE, {ITERATIONS} iterations"}


def table(operation: str, coils: int, runs: dict[str, Run], expected: Any, options: argparse.Namespace) -> list[str]:
    """One markdown table: times, ratio to the bare transforms and to mridiff, deviation from the definition."""
    from timing import interleaved

    times = interleaved(runs, options.rounds, options.seconds)
    limit = min(t.cpu for name, t in times.items() if name.startswith("bare"))
    own = times["mridiff"].cpu
    lines = [f"### {TITLES[operation]}, {coils} coils", "",
             "| | best ms | median ms | CPU ms | CPU / bare | CPU / mridiff | difference |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, t in times.items():
        difference = "" if name.startswith("bare") else f"{deviation(runs[name](), expected):.0e}"
        lines.append(f"| {name} | {t.best:.1f} | {t.median:.1f} | {t.cpu:.1f} | {t.cpu / limit:.2f} | {t.cpu / own:.2f} | {difference} |")
    return [*lines, ""]


def step_table(c: Any, coils: int) -> list[str]:
    """The sampler's own share of a step."""
    from sampler_step import sampler_step

    found = sampler_step(c, ITERATIONS, rounds=2)
    if found is None:
        return []
    both = found["operator"] + found["network"]
    return [
        f"### One DiffPIR step with {ITERATIONS} CG iterations and the shipped network, {coils} coils",
        "",
        f"{found['step']:.1f} ms CPU: {found['network']:.1f} ms in the network, {found['operator']:.1f} ms in "
        f"{found['operator calls']:.1f} operator calls, {found['random']:.1f} ms in the random numbers of the draw "
        f"({found['random'] / both:.1%} of these two), {found['besides']:.1f} ms besides ({found['besides'] / both:.1%}).",
        "",
    ]


def report(options: argparse.Namespace) -> str:
    """The whole page."""
    import torch
    from case import case

    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    body: list[str] = []
    versions: dict[str, str] = {}
    skipped: list[str] = []
    load = os.getloadavg()[0]
    for coils in COILS:
        c = case(coils, SIZE)
        runs, versions, skipped = candidates(c)
        solved = runs["cg"]["mridiff"]()
        for operation, expected in {"pair": c.gram, "normal": c.gram, "cg": solved}.items():
            body += table(operation, coils, runs[operation], expected, options)
        body += step_table(c, coils)
    names = [f"torch {version('torch')}", *(f"{name} {v}" for name, v in versions.items()), f"Python {platform.python_version()}"]
    head = [f"# SENSE, {SIZE} x {SIZE}, complex64, R = 4 line mask", "",
            f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s) of {os.cpu_count()} cores, load {load:.1f} at the start and "
            f"{os.getloadavg()[0]:.1f} at the end. {', '.join(names)}.", "",
            "Interleaved rounds. Best and median by the wall clock; CPU is the best processor time, which other programs disturb least and",
            "from which the ratios are made; `bare` is the faster of the bare transforms. The difference is relative, to the definition of",
            "the operator, for CG to mridiff's result (BART scales the data, and so the weight of |x|^2, by itself).", ""]  # fmt: skip
    body += [f"Skipped: {reason}" for reason in skipped]
    return "\n".join([*head, *body]).rstrip() + "\n"


if __name__ == "__main__":
    write_page(__doc__, "sense", report, 60)

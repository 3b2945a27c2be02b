"""Measure: the table of the card, on subjects that no weights were trained on: `python -m mridiff_gldm.measure`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from mridiff import load
from mridiff.interfaces import Problem, Scan
from mridiff_datasets.cine import Cine
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_sdk.consistency import hankel_low_rank, replacement
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import head_region, moving_region, psnr, ssim, temporal_nmse

from .merge import merge

FIRST = 1001
"""The first held-out subject; training takes those below 200, validation and tuning those from 900 on."""
WINDOW, RANK = (5, 5), 37
"""Of the low-rank baseline, as in the recipe."""
OTHER_SCANS: dict[str, dict[str, Any]] = {"interleaved, R = 6": {"acceleration": 6}, "radial, 16 spokes": {"pattern": "radial"}}
"""Sampling that the priors have not seen: the same weights serve it."""
OTHER_METHODS = ("zero-filled", "sliding window, 4 frames", "gldm without correctors")

Reconstruct = Callable[[Scan], Tensor]
Row = Mapping[str, float]


def problem_of(scan: Scan) -> Problem:
    """The problem of a scan in its own units."""
    return Problem.of(KtCartesianOperator.for_scan(scan.measured), scan.measured)


def zero_filled(scan: Scan) -> Tensor:
    """A^H y."""
    problem = problem_of(scan)
    return problem.linear.H(problem.y)  # type: ignore[no-any-return]


def sliding_window(scan: Scan, length: int = 4) -> Tensor:
    """Each frame filled up from the `length` frames about it (those at the ends: from the first or last)."""
    (mask,), y = scan.measured.require("mask"), scan.measured.y
    assert isinstance(y, Tensor)
    frames = y.shape[1]
    starts = [min(max(0, f - length // 2), max(0, frames - length)) for f in range(frames)]
    filled = [merge(y[:, a : a + length], mask[:, a : a + length], length)[:, f - a] for f, a in enumerate(starts)]
    return ifft(torch.stack(filled, dim=1))


def sake(scan: Scan, rank: int, passes: int) -> Tensor:
    """Low rank and data alone: as many passes as GLDM has steps, from the zero-filled series."""
    problem = problem_of(scan)
    x = zero_filled(scan)
    for _ in range(passes):
        x = replacement(problem, ifft(hankel_low_rank(fft(x), rank, WINDOW)))
    return x


def gldm(**changes: Any) -> Reconstruct:
    """The recipe with some changes."""
    return lambda scan: load("gldm", **changes)(scan).x


def methods(steps: int) -> dict[str, Reconstruct]:
    """Baselines, the method, its parts left out; `steps` is that of the recipe, and the passes of the baselines that iterate.

    The parts are left out of the method without its correctors, which is the same comparison at less than half the time.
    """
    plain = {"snr": 0.0}
    return {
        "zero-filled": zero_filled,
        "sliding window, 4 frames": sliding_window,
        "merge of all frames": lambda scan: sliding_window(scan, scan.measured.require("mask")[0].shape[1]),
        f"low rank alone, {steps} passes": lambda scan: sake(scan, RANK, steps),
        "low rank alone, 160 passes": lambda scan: sake(scan, RANK, 160),
        "gldm": gldm(),
        "gldm without correctors": gldm(sampler={"options": plain}),
        "gldm without correctors, 100 steps": gldm(sampler={"options": {**plain, "steps": 100}}),
        "- and without low rank": gldm(sampler={"options": {**plain, "low_rank": False}}),
        "- and with the global prior only": gldm(sampler={"options": plain}, priors={"local_prior": {"use": "gldm-global"}}),
        "- and with the local prior only": gldm(sampler={"options": plain}, priors={"global_prior": {"use": "gldm-local"}}),
    }


def scores(x: Tensor, truth: Tensor) -> Row:
    """Quality of one series (1, t, y, x): over everything, where it moves, where the body stands still, and of its changes."""
    moving = moving_region(truth)
    still = head_region(truth) & ~moving
    return {"psnr": float(psnr(x, truth)), "psnr_moving": float(psnr(x, truth, region=moving)),
            "psnr_still": float(psnr(x, truth, region=still)), "ssim": float(ssim(x, truth)),
            "nmse_temporal": float(temporal_nmse(x, truth))}  # fmt: skip


def measured(method: Reconstruct, scans: Iterable[Scan]) -> Row:
    """Mean scores of a method over scans, and its mean time."""
    rows: list[Row] = []
    for scan in scans:
        started = time.monotonic()
        x = method(scan)
        rows.append({**scores(x, scan.truth["x"].data), "seconds": time.monotonic() - started})
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def table(console: Console, chosen: Mapping[str, Reconstruct], scans: Iterable[Scan]) -> None:
    """Print one table of the card."""
    scans = list(scans)
    console.print("| method | PSNR | moving | still | SSIM | temporal NMSE | seconds |\n|---|---|---|---|---|---|---|")
    for name, method in chosen.items():
        row = measured(method, scans)
        console.print(f"| {name} | {row['psnr']:.2f} | {row['psnr_moving']:.2f} | {row['psnr_still']:.2f} | {row['ssim']:.3f} "
                      f"| {row['nmse_temporal']:.3f} | {row['seconds']:.1f} |")  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--only", default="", help="only methods whose name holds this text")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=200)
    steps = int(str(load("gldm").plan.options["sampler"]["steps"]))
    chosen = {name: method for name, method in methods(steps).items() if options.only in name}
    table(console, chosen, Cine(first=FIRST, subjects=options.subjects))
    for title, scan in OTHER_SCANS.items():
        console.print(f"\n{title}\n")
        few = {name: method for name, method in chosen.items() if name in (*OTHER_METHODS, f"low rank alone, {steps} passes")}
        table(console, few, Cine(first=FIRST, subjects=options.subjects, **scan))


if __name__ == "__main__":
    main()

"""Measure: the tables of the card, on subjects that no weights were trained on: `python -m mridiff_diffusion_qsm.measure`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from mridiff import Counter
from mridiff.interfaces import Field, Problem, Sampler, Scan, Streams
from mridiff_datasets.qsm import QsmPhantom
from mridiff_operators.dipole import DipoleOperator
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.tkd import TKD
from mridiff_samplers.tv import TotalVariation
from mridiff_sdk.metrics import cone_error, hfen, nrmse, psnr, ssim
from mridiff_sdk.physics import dipole_kernel

from .prior import UNIT, QsmPatches
from .sampler import DiffusionQSM

FIRST = 1000
"""The first held-out subject; training takes those below 240, validation and tuning those from 900 on."""
BASELINES: dict[str, Callable[[], Sampler]] = {
    "TKD 0.2": lambda: TKD(threshold=0.2),
    "Tikhonov (CG, l2 0.003)": lambda: CGSense(iterations=50, l2=0.003),
    "TV (weight 0.002)": lambda: TotalVariation(weight=0.002, iterations=40, inner=10),
}
"""Weights of Tikhonov and TV are the best of a grid on validation subjects."""
NAMES = ("nrmse", "psnr", "ssim", "hfen", "cone")

Row = Mapping[str, float]


def problem_of(scan: Scan) -> Problem:
    """The problem of a scan in units of the prior."""
    return Problem.of(DipoleOperator.for_scan(scan.measured), scan.measured, UNIT)


def upright(scan: Scan) -> Scan:
    """The scan with its field direction forgotten: along z."""
    along_z = Field(torch.tensor([[1.0, 0.0, 0.0]]), ("channel",))
    return replace(scan, measured=replace(scan.measured, acquisition={**scan.measured.acquisition, "b0_direction": along_z}))


def scores(x: Tensor, scan: Scan) -> Row:
    """Quality of one map (1, z, y, x) in ppm inside the brain: NRMSE about the mean, PSNR, SSIM, HFEN, error on the cone |D| < 0.1."""
    truth, head = scan.truth["x"].data, scan.truth["head"].data
    assert scan.measured.geometry is not None
    D = dipole_kernel(truth.shape[1:], scan.measured.geometry.voxel_size, *scan.measured.require("b0_direction"))
    return {"nrmse": float(nrmse(x, truth, head)), "psnr": float(psnr(x, truth, region=head)), "ssim": float(ssim(x, truth, region=head)),
            "hfen": float(hfen(x, truth, region=head)), "cone": float(cone_error(x, truth, head, D))}  # fmt: skip


def measured(sampler: Sampler, scans: Iterable[Scan], seed: int = 0, samples: int = 1) -> list[Row]:
    """Scores, evaluations of the network and seconds of a sampler on each scan; of several samples the mean is scored."""
    rows: list[Row] = []
    for scan in scans:
        problem, started = problem_of(scan), time.monotonic()
        with torch.no_grad(), Counter(samples) as counter:
            x = problem.operator.image(sampler(problem, Streams.of(seed, scan.id, samples)).mean(0, keepdim=True) * UNIT)
        rows.append({**scores(x, scan), "nfe": counter.cost.nfe, "seconds": time.monotonic() - started})
    return rows


def mean(rows: Iterable[Row]) -> Row:
    """The mean of each number."""
    rows = list(rows)
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def line(console: Console, name: str, rows: list[Row], extra: str = "") -> None:
    """One row of a table of the card."""
    row = mean(rows)
    each = "" if len(rows) == 1 else f" each: {', '.join(format(r['nrmse'], '.3f') for r in rows)}"
    console.print(f"| {name} | {row['nrmse']:.3f} | {row['psnr']:.2f} | {row['ssim']:.3f} | {row['hfen']:.3f} | {row['cone']:.3f} "
                  f"| {row['nfe']:.0f} | {row['seconds']:.1f} |{extra}{each}")  # fmt: skip


def head(console: Console, title: str) -> None:
    """The head of such a table."""
    console.print(f"\n{title}\n\n| method | NRMSE | PSNR | SSIM | HFEN | cone | cubes | seconds |\n|---|---|---|---|---|---|---|---|")


def comparison(console: Console, prior: QsmPatches, title: str, scans: list[Scan], **changes: Mapping[str, Any]) -> None:
    """Baselines, the method, and the method with something changed, at the same seeds, on scans of held-out subjects."""
    head(console, f"{title}, subjects {', '.join(scan.id for scan in scans)}")
    for name, build in BASELINES.items():
        line(console, name, measured(build(), scans))
    base = measured(DiffusionQSM(prior), scans)
    line(console, "**diffusion-qsm**", base)
    for name, change in changes.items():
        rows = measured(DiffusionQSM(prior, **change), scans)
        worse = sum(a["nrmse"] > b["nrmse"] for a, b in zip(rows, base, strict=True))
        line(console, name, rows, f" worse in {worse} of {len(rows)}")


CHANGES: dict[str, dict[str, Any]] = {
    "no data step": {"iterations": 0}, "limit 0": {"limit": 0.0}, "limit 1": {"limit": 1.0}, "weight 0.02": {"weight": 0.02},
    "weight 0.1, limit 0 (the study)": {"weight": 0.1, "limit": 0.0}, "late 5": {"late": 5},
    "90 levels, no time travel": {"steps": 90, "repeats": 0}, "eta 0": {"eta": 0.0},
}  # fmt: skip


def spread(console: Console, prior: QsmPatches, samples: int = 4) -> None:
    """Where draws differ: standard deviation in k-space, by |D|, relative to the root mean square of the truth there."""
    scan = QsmPhantom(first=FIRST)[0]
    problem = problem_of(scan)
    with torch.no_grad():
        drawn = problem.operator.image(DiffusionQSM(prior)(problem, Streams.of(0, scan.id, samples)) * UNIT)
    size_of_D = dipole_kernel(drawn.shape[1:], (1, 1, 1), *scan.measured.require("b0_direction"))[0].abs()
    k, truth = (torch.fft.fftn(v, dim=(1, 2, 3)) for v in (drawn, scan.truth["x"].data))
    console.print(f"\nSpread of {samples} draws and error of their mean, by |D|\n\n| \\|D\\| | spread | error |\n|---|---|---|")
    for low, high in ((0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.67)):
        part = (size_of_D >= low) & (size_of_D < high)
        size = truth[0, part].abs().square().mean().sqrt()
        deviation, error = k[:, part].std(0).square().mean().sqrt(), (k.mean(0) - truth[0])[part].abs().square().mean().sqrt()
        console.print(f"| {low} to {high} | {float(deviation / size):.3f} | {float(error / size):.3f} |")
    line(console, f"mean of {samples} draws", [{**scores(drawn.mean(0, keepdim=True), scan), "nfe": 0, "seconds": 0}])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("all", "main", "ablations", "other", "spread"), default="all")
    parser.add_argument("--first", type=int, default=FIRST, help="first subject of the main table")
    parser.add_argument("--subjects", type=int, default=6, help="subjects of the main table")
    parser.add_argument("--weights", default="phantom")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console, prior, apart = Console(width=200), QsmPatches(options.weights), QsmPatches(options.weights, 24, 24)
    if options.part in {"all", "main"}:
        scans = list(QsmPhantom(first=options.first, subjects=options.subjects))
        comparison(console, prior, "The recipe", scans, **{"no time travel": {"repeats": 0}})
    if options.part in {"all", "ablations"}:
        comparison(console, apart, "Cubes side by side, parts changed", list(QsmPhantom(first=FIRST)), **CHANGES)
    if options.part in {"all", "other"}:
        tilted = list(QsmPhantom(first=FIRST, tilt=30.0))
        comparison(console, apart, "Cubes side by side, main field turned by 30 degrees", tilted)
        line(console, "diffusion-qsm, direction taken for z", measured(DiffusionQSM(apart), map(upright, tilted)))
        comparison(console, apart, "Cubes side by side, twice the noise", list(QsmPhantom(first=FIRST, noise_std=0.002)))
    if options.part in {"all", "spread"}:
        spread(console, apart)


if __name__ == "__main__":
    main()

"""Measure: the tables of the card, on T2 slices of heads that no weights were trained on, moved at twice the resolution.

`python -m mridiff_moco_dps.measure --data FOLDER` prints one line per scan and method, then the means. Images are registered to the
truth before they are scored, since a rigid motion of everything cannot be known; errors of the motion are without that gauge.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mridiff.interfaces import ParametricOperator, Problem, Sampler, Scan, Streams
from mridiff.pipeline.scale import measured_scale
from mridiff_datasets.moving import Movement
from mridiff_operators.motion import RigidMotionSense
from mridiff_priors.denoiser import Denoiser
from mridiff_samplers.cg_sense import CGSense
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.io import open_hdf5
from mridiff_sdk.metrics import psnr, ssim
from mridiff_sdk.motion import errors, registered

from .langevin import MocoALD
from .sampler import MocoDPS

Row = dict[str, float | str]


@dataclass(frozen=True)
class Setting:
    """A way to acquire and the methods that are tried on it."""

    name: str
    movement: Movement
    methods: tuple[str, ...]


PLAIN = ("zero-filled", "cg blind", "cg oracle")
ALD, DPS = ("ald blind", "ald", "ald oracle"), ("dps blind", "dps", "dps oracle")
SETTINGS = {
    "R1": Setting("R1", Movement(1, 8, coils=8), (*PLAIN, *ALD, *DPS, "dps gradient")),
    "R2": Setting("R2", Movement(2, 8, coils=8), (*PLAIN, *ALD, *DPS, "ald late")),
    "still": Setting("still", Movement(2, 8, coils=8, rotation=0, shift=0), (*ALD[:2], *DPS[:2])),
    "large": Setting("large", Movement(2, 8, coils=8, rotation=8, shift=6), (*ALD, *DPS)),
}  # fmt: skip


def objects(data: Path, indices: tuple[int, ...], size: int) -> Iterator[tuple[str, Tensor]]:
    """Measured complex T2 slices (y, x), peak about 1, with k-space cropped to `size` samples a side."""
    with open_hdf5(data / "siat_t2_complex" / "siat_t2.h5") as f:
        for i in indices:
            raw = torch.from_numpy(f.read("image_int16", i)).float()
            k = fft(torch.complex(raw[..., 0], raw[..., 1]))
            first = (k.shape[-1] - size) // 2
            x = ifft(k[first : first + size, first : first + size])
            yield f"t2-{i}", x / x.abs().quantile(0.99)


def methods(prior: Denoiser) -> dict[str, Callable[[], Sampler]]:
    """The joint samplers and what they are compared with; "oracle" ones are given the true motion."""
    return {
        "cg blind": lambda: CGSense(l2=0.01),
        "cg oracle": lambda: CGSense(l2=0.01),
        "ald blind": lambda: MocoALD(prior, motion_steps=0),
        "ald": lambda: MocoALD(prior),
        "ald oracle": lambda: MocoALD(prior, motion_steps=0),
        "ald late": lambda: MocoALD(prior, motion_from=0.6),
        "dps blind": lambda: MocoDPS(prior, motion_steps=0),
        "dps": lambda: MocoDPS(prior),
        "dps oracle": lambda: MocoDPS(prior, motion_steps=0),
        "dps gradient": lambda: MocoDPS(prior, data="gradient", steps=100, motion_steps=1),
    }


def given(A: RigidMotionSense, motion: Tensor) -> RigidMotionSense:
    """The operator whose estimate of the motion begins at the truth."""
    known = RigidMotionSense(A.maps, torch.where(A.taken.any(1), A.taken.argmax(1), -1).to(A.taken.dtype), A.coils)
    known.nuisance = {"motion": replace(A.nuisance["motion"], start=motion)}
    return known


def measure(scan: Scan, name: str, sampler: Sampler | None, scale: float, A: RigidMotionSense) -> Row:
    """One method on one scan: PSNR and SSIM after registration, errors of the motion, seconds."""
    x, motion = scan.truth["x"].data, scan.truth["motion"].data
    began = time.perf_counter()
    problem = Problem.of(given(A, motion) if "oracle" in name else A, scan.measured, scale)
    found: Row = {"scan": scan.id, "method": name}
    if sampler is None or isinstance(sampler, CGSense):
        assert isinstance(problem.A, ParametricOperator)
        fixed = replace(problem, A=problem.A.at(problem.A.start()))
        estimate = fixed.linear.H(fixed.y) if sampler is None else sampler(fixed, Streams.of(0, scan.id))
    else:
        *_, last = sampler.trajectory(problem, Streams.of(0, scan.id))
        estimate = last.x0
        found |= errors(last.nuisance["motion"], motion) if "oracle" not in name else {}
    found["seconds"] = time.perf_counter() - began
    image = registered(estimate * scale, x)
    off = float((image.abs() - x.abs()).norm() / x.norm())
    return {**found, "psnr": float(psnr(image, x)), "ssim": float(ssim(image, x)), "nrmse": off}


def main(arguments: list[str] | None = None) -> None:
    """Run the settings that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds siat_t2_complex/")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--methods", nargs="+", help="a selection of the methods of each setting")
    parser.add_argument("--slices", nargs="+", type=int, default=[40, 100, 220])
    parser.add_argument("--size", type=int, default=96, help="pixels of the image along each side")
    options = parser.parse_args(arguments)
    prior = Denoiser().eval()
    made, rows = methods(prior), list[tuple[str, Row]]()
    with torch.no_grad():
        for setting in (SETTINGS[name] for name in options.settings):
            for scan_id, fine in objects(options.data, tuple(options.slices), 2 * options.size):
                scan = setting.movement.scan(fine, scan_id)
                A = RigidMotionSense.for_scan(scan.measured)
                scale = measured_scale(prior.scaling, A, scan.measured)
                for name in setting.methods if options.methods is None else options.methods:
                    sampler = None if name == "zero-filled" else made[name]()
                    rows.append((setting.name, measure(scan, name, sampler, scale, A)))
                    sys.stdout.write(json.dumps({"setting": setting.name, **rows[-1][1]}) + "\n")
                    sys.stdout.flush()
    sys.stdout.write(table(rows))


def table(rows: list[tuple[str, Row]]) -> str:
    """Means over scans as Markdown."""
    columns = ("psnr", "ssim", "nrmse", "mae_degrees", "mae_pixels", "seconds")
    lines = [f"| setting | method | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for key in dict.fromkeys((setting, str(row["method"])) for setting, row in rows):
        mine = [row for setting, row in rows if (setting, row["method"]) == key]
        means = [f"{sum(float(r[c]) for r in mine) / len(mine):.3f}" if c in mine[0] else "" for c in columns]
        lines.append(f"| {key[0]} | {key[1]} | {' | '.join(means)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

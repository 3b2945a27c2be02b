"""Studies: the tables of the card, on subjects that no weights were trained on."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from mridiff.interfaces import Problem, Scan
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_sdk.consistency import hankel_low_rank, replacement
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.study import Study

from .merge import merge

PARTS: dict[str, Any] = {"60 levels": {}, "correctors": {"snr": 0.075}, "no low rank": {"low_rank": False},
                         "global prior twice": {"prior": "global"}, "local prior twice": {"prior": "local"}}  # fmt: skip
SCANS: dict[str, Any] = {"R = 4": {}, "R = 6": {"acceleration": 6}, "16 spokes": {"pattern": "radial"}}
ZERO_FILLED = {"recipe": "zero-filled", "operator": {"use": "kt-cartesian"}}
METRICS = ("psnr", "psnr_moving", "psnr_still", "ssim", "nmse_temporal", "nfe", "seconds")


def sliding_window(scan: Scan, _: int, length: int) -> Tensor:
    """Each frame filled up from the `length` frames about it; those at the ends from the first or last."""
    (mask,), y = scan.measured.require("mask"), scan.measured.y
    assert isinstance(y, Tensor)
    starts = [min(max(0, f - length // 2), max(0, y.shape[1] - length)) for f in range(y.shape[1])]
    return ifft(torch.stack([merge(y[:, a : a + length], mask[:, a : a + length], length)[:, f - a] for f, a in enumerate(starts)], dim=1))


def low_rank(scan: Scan, _: int, passes: int, rank: int = 37) -> Tensor:
    """Low rank, as in the recipe, and data in turn, from the zero-filled series; no prior."""
    problem = Problem.of(KtCartesianOperator.for_scan(scan.measured), scan.measured)
    x: Tensor = problem.linear.H(problem.y)
    for _ in range(passes):
        x = replacement(problem, ifft(hankel_low_rank(fft(x), rank, (5, 5))))
    return x


def gldm(prior: str = "", **options: Any) -> dict[str, Any]:
    """The recipe with other options, and with one prior in both places."""
    priors = {f"{place}_prior": {"use": f"gldm-{prior}"} for place in ("global", "local") if prior}
    return {"recipe": "gldm", "sampler": {"options": options}, "priors": priors}


def studies() -> dict[str, Study]:
    """Beside methods without a prior; its parts; sampling that the priors have not seen."""
    window, merged = (partial(sliding_window, length=n) for n in (4, 16))
    rows: dict[str, Any] = {"zero-filled": ZERO_FILLED, "sliding window, 4 frames": window}
    rows |= {f"low rank alone, {n} passes": partial(low_rank, passes=n) for n in (100, 160)} | {"gldm": gldm()}
    first, *others = ({n: {"use": "cine", "options": {"first": 1002, "subjects": 6, **options}}} for n, options in SCANS.items())
    study = partial(Study, metrics=METRICS, against=("gldm",))
    return {
        "gldm": study(title="gldm beside methods without a prior", rows={"merge of all frames": merged, **rows}, scans=first),
        "gldm-parts": study(title="parts", rows={n: gldm(steps=60, **o) for n, o in PARTS.items()}, scans=first, against=("60 levels",)),
        "gldm-sampling": study(title="sampling that the priors have not seen", rows=rows, scans=others[0] | others[1]),
    }

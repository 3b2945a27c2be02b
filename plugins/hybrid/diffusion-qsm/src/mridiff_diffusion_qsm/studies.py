"""Studies: the tables of the card, on subjects that no weights were trained on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from mridiff import Reconstruction
from mridiff.interfaces import Field, Scan
from mridiff_sdk.metrics import cone_error
from mridiff_sdk.physics import dipole_kernel
from mridiff_sdk.study import Altered, Study

PARTS: dict[str, Any] = {"side by side": {}, "no data step": {"iterations": 0}, "limit 0": {"limit": 0.0}, "late 5": {"late": 5},
                         "weight 0.1, limit 0": {"weight": 0.1, "limit": 0.0}, "90 levels, no time travel": {"steps": 90, "repeats": 0},
                         "eta 0": {"eta": 0.0}}  # fmt: skip
METRICS = ("nrmse", "psnr_head", "ssim_head", "hfen", "cone", "nfe", "seconds")


def cone(result: Reconstruction, scan: Scan) -> float:
    """Energy of the error where |D| < 0.1, over that of the truth there (streaks); lower is better."""
    truth, head, geometry = scan.truth["x"].data, scan.truth["head"].data, scan.measured.geometry
    assert geometry is not None
    D = dipole_kernel(truth.shape[1:], geometry.voxel_size, *scan.measured.require("b0_direction"))
    return float(cone_error(result.x, truth, head, D))


def upright(scan: Scan) -> Scan:
    """The scan with its field direction forgotten: along z."""
    along_z = Field(torch.tensor([[1.0, 0.0, 0.0]]), ("channel",))
    return replace(scan, measured=replace(scan.measured, acquisition={**scan.measured.acquisition, "b0_direction": along_z}))


def apart(**options: Any) -> dict[str, Any]:
    """The recipe with cubes side by side, 8 instead of 27, and other options."""
    return {"recipe": "diffusion-qsm", "priors": {"prior": {"options": {"stride": 24}}}, "sampler": {"options": options}}


def brains(**options: Any) -> dict[str, Any]:
    """Six subjects that nothing was trained or tuned on."""
    return {"use": "qsm-phantom", "options": {"first": 1000, "subjects": 6, **options}}


def studies() -> dict[str, Study]:
    """The recipe beside classical inversions; its parts; another field and more noise."""
    least_squares = {"recipe": "cg-sense", "operator": {"use": "dipole"}, "sampler": {"options": {"iterations": 50, "l2": 0.003}}}
    variation = {"recipe": "tv", "operator": {"use": "dipole"}, "sampler": {"options": {"weight": 0.002, "iterations": 40, "inner": 10}}}
    classical: dict[str, Any] = {"TKD": "tkd", "Tikhonov": least_squares, "TV": variation}
    rows = {"diffusion-qsm": "diffusion-qsm", "no time travel": {"recipe": "diffusion-qsm", "sampler": {"options": {"repeats": 0}}}}
    light, turned = classical | {"side by side": apart()}, {"direction taken for z": Altered(apart(), scan=upright)}
    study = partial(Study, metrics=METRICS, extra={"cone": cone}, better={"cone": -1}, against=("side by side",))
    return {
        "diffusion-qsm": study(title="beside others", rows=classical | rows, scans={"brains": brains()}, against=("diffusion-qsm",)),
        "diffusion-qsm-parts": study(title="changed", rows={n: apart(**p) for n, p in PARTS.items()}, scans={"brains": brains()}),
        "diffusion-qsm-turned": study(title="field turned", rows=light | turned, scans={"30 degrees": brains(tilt=30.0)}),
        "diffusion-qsm-noise": study(title="more noise", rows=light, scans={"twice the noise": brains(noise_std=0.002)}),
    }

"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY

CLASSICAL: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
BUSY = "Seconds are wall clock, on a machine that had other work."
METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "backward", "operator_calls", "seconds")


def studies() -> dict[str, Study]:
    """Single draws on slices of five heads, the method from noise and as it ships on measured heads, and how far its samples spread."""
    mine: dict[str, dict[str, Any]] = {"dps-mri": {}, "dps-mri, mean": {"draw": False}, "dps-mri, J = 0": {"J": 0}}
    draws = {"dps": one("dps"), **{name: one("dps-mri", **options) for name, options in mine.items()}}
    shipped = {"dps-mri": {**one("dps-mri"), "samples": 4}, "dps-mri, 20 steps, mean of 8": {**one("dps-mri", steps=20), "samples": 8},
               "dps-mri, from an estimate": "dps-mri"}  # fmt: skip
    eight, sixteen = ({"source": "measured", "count": 1, "subjects": name} for name in ("brain8_full", "brain16_lowres"))
    return {
        "dps-mri-recipe": on_recipe("dps-mri", "cg-sense", "tv", "l1-wavelet", operator="sense"),
        "dps-mri-draws": Study(
            title="one draw of dps-mri beside one of DPS and the classical methods",
            rows=CLASSICAL | draws,
            scans={"T2 slices, R = 4": heads(R=4, source="t2", count=1, noise_std=0.01)},
            metrics=METRICS,
            against=("dps-mri",),
            notes=("`dps` and `dps-mri`: one sample each, so that samplers are compared and not their averages.",
                   "`mean`: x0' is the mean, as in the study, and not a draw. `J = 0`: the data are left out. " + BUSY),
        ),
        "dps-mri-measured": Study(
            title="dps-mri beside the classical methods on measured heads",
            rows=CLASSICAL | shipped,
            scans={**{f"eight coils, R = {R}": heads(R=R, **eight) for R in (4, 8)},
                   "sixteen coils, 96 pixels, R = 4, maps of all samples": heads(R=4, maps="given", **sixteen)},
            metrics=METRICS,
            against=("dps-mri",),
            notes=("`dps-mri`: 50 steps from noise; `from an estimate`: as it ships. Means of 4 draws. " + BUSY,),
        ),
        "dps-mri-uncertainty": Study(
            title="19 samples of dps-mri and of diffpir as they ship: their spread beside their errors",
            rows={name: {"recipe": name, "samples": 19} for name in ("diffpir", "dps-mri")},
            scans={f"T2 slices, R = {R}": heads(R=R, source="t2", count=1, noise_std=0.01) for R in (4, 8)},
            metrics=("psnr_head", *UNCERTAINTY, "nfe"),
            extra=UNCERTAINTY, better={"crps": -1},
            against=("dps-mri",),
        ),
    }  # fmt: skip


def one(name: str, steps: int = 50, **options: Any) -> dict[str, Any]:
    """One sample of a method from noise, as published."""
    return {"recipe": name, "samples": 1, "sampler": {"options": {"steps": steps, "start": "noise", **options}}}


def heads(R: float, **options: Any) -> dict[str, Any]:
    """Slices of heads that no weights have seen."""
    return {"use": "held-out-heads", "options": {"acceleration": R, **options}}

"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.metrics import hfen
from mridiff_sdk.study import Study, of_x, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY

from .scans import sharpness

EXTRA: dict[str, Any] = {"HFEN": of_x(hfen), "sharpness": of_x(sharpness),
                         "coverage": UNCERTAINTY["coverage_90"],
                         "spread / error": UNCERTAINTY["spread_over_error"],
                         "correlation": UNCERTAINTY["spread_error_correlation"]}  # fmt: skip
NEAR = {"prior": {"options": {"weights": "brain-near"}}}


def studies() -> dict[str, Study]:
    """The method by number of calls and draws, beside others, for one coil and for several; the scan of its recipe."""
    rows = {"zero-filled": single("zero-filled"), "tv": single("tv", weight=0.002), "dpir": single("dpir"),
            "diffpir, 4 calls": single("diffpir", steps=4, start="noise"),
            "diffgan": single("diffgan", 8), "one draw": single("diffgan"), "19 draws": single("diffgan", 19),
            "no data step": single("diffgan", 8, error=None), **{f"steps = {n}": single("diffgan", 8, steps=n) for n in (1, 8)},
            "brain-near": {**single("diffgan", 8), "priors": NEAR}, "brain-near, one draw": {**single("diffgan"), "priors": NEAR},
            "brain-near, 19 draws": {**single("diffgan", 19), "priors": NEAR}}  # fmt: skip
    scans = {"R = 4": heads(), "R = 8": heads(acceleration=8), "measured heads, R = 4": heads(source="measured"),
             "embedded scan, R = 4": {"use": "brain", "options": {"coils": 1, "maps": "none"}}}  # fmt: skip
    main = Study(title="One coil, random lines", rows=rows, scans=scans, metrics=("psnr", "ssim", *EXTRA, "nfe", "seconds"), extra=EXTRA,
                 better={"HFEN": -1}, against=("diffgan",))  # fmt: skip
    return {"diffgan": main, "diffgan-coils": coils(), "diffgan-recipe": on_recipe("diffgan", "zero-filled", "tv", operator="fourier")}


def coils() -> Study:
    """Several coils, through their maps and coil by coil."""
    each = several(8, operator={"use": "coil-fourier"})
    mine = {"diffgan": several(8), "one draw": several(1), "coil by coil": each, "brain-near": several(8, priors=NEAR)}
    rows = {**{name: name for name in ("cg-sense", "l1-wavelet", "tv", "dpir")}, **mine}
    scans = {f"T2 slices, R = {R}": heads(count=4, size=96, coils=8, maps="espirit", acceleration=R) for R in (4, 8)}
    scans |= {f"measured heads, R = {R}": heads(source="measured", coils=0, maps="espirit", noise_std=0.0, acceleration=R) for R in (4, 8)}
    extra = {name: EXTRA[name] for name in ("spread / error", "correlation")}
    return Study(title="Several coils, random lines, maps estimated", rows=rows, scans=scans, extra=extra, against=("diffgan",),
                 metrics=("psnr", "ssim", *extra, "nfe", "seconds"),
                 notes=("Seconds are wall clock, on a machine that had other work.",))  # fmt: skip


def single(recipe: str, draws: int = 1, **options: Any) -> dict[str, Any]:
    """A method for one coil, with options of its sampler: the mean of so many draws."""
    return {"recipe": recipe, "operator": {"use": "fourier"}, "samples": draws, "sampler": {"options": options}}


def several(draws: int, **parts: Any) -> dict[str, Any]:
    """The method for several coils: the mean of so many draws."""
    return {"recipe": "diffgan", "operator": {"use": "sense"}, "samples": draws, **parts}


def heads(**options: Any) -> dict[str, Any]:
    """Held-out heads seen by one coil: a T2 slice of each, unless said otherwise."""
    return {"use": "held-out-heads", "options": {"count": 1, "coils": 1, "maps": "none", "noise_std": 0.01, **options}}

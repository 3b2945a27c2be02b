"""Studies: the table of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.metrics import hfen
from mridiff_sdk.study import Study, of_x, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY

from .scans import sharpness


def studies() -> dict[str, Study]:
    """The method by number of calls and draws, beside a denoiser in as many calls and the classical methods."""
    rows = {"zero-filled": single("zero-filled"), "tv": single("tv", weight=0.002),
            "diffpir, 4 calls": single("diffpir", 1, steps=4, start="noise"),
            "diffgan": single("diffgan"), "mean of 8 draws": single("diffgan", 8), "no data step": single("diffgan", weight=0.0),
            **{f"{n} call{'s' * (n > 1)}": single("diffgan", steps=n) for n in (1, 2, 8)}}  # fmt: skip
    scans = {"64 px": heads(size=64), "128 px": heads(), "measured heads": heads(source="measured"),
             "embedded scan": {"use": "brain", "options": {"coils": 1, "maps": "none"}}}  # fmt: skip
    extra = {"HFEN": of_x(hfen), "sharpness": of_x(sharpness), "spread / error": UNCERTAINTY["spread_over_error"],
             "correlation": UNCERTAINTY["spread_error_correlation"]}  # fmt: skip
    shown = ("psnr", "ssim", *extra, "nfe", "seconds")
    main = Study(title="One coil, random lines, R = 4", rows=rows, scans=scans, metrics=shown, extra=extra,
                 better={"HFEN": -1}, against=("diffgan",))  # fmt: skip
    return {"diffgan": main, "diffgan-recipe": on_recipe("diffgan", "zero-filled", "tv", operator="fourier")}


def single(recipe: str, draws: int = 1, **options: Any) -> dict[str, Any]:
    """A method with options of its sampler, for one coil, and the mean of so many draws."""
    return {"recipe": recipe, "operator": {"use": "fourier"}, "samples": draws, "sampler": {"options": options}}


def heads(**options: Any) -> dict[str, Any]:
    """Held-out heads seen by one coil: three T2 slices of each, unless said otherwise."""
    return {"use": "held-out-heads", "options": {"count": 3, "coils": 1, "maps": "none", "noise_std": 0.01, **options}}

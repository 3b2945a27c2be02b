"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff_sdk.study import Study, on_recipe

from .columns import each, spread
from .variants import NAME, heads, loop, measured, modes

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "operator_calls", "seconds")
MAPS, BUSY = "Coil maps: ESPIRiT on the centre of each scan.", "Seconds are wall clock, on a machine that had other work."


def studies() -> dict[str, Study]:
    """Beside other methods; its modes over several seeds, with little noise and with all of it; its data step; the scan of the recipe."""
    rows: dict[str, Any] = {name: name for name in ("cg-sense", "tv", "dpir", NAME)}
    rates = {"T2 slices, R = 4": heads(4, 4), "T2 slices, R = 8": heads(2, 8)} | {f"measured heads, R = {R}": measured(R) for R in (4, 8)}
    one, few = {"T2 slices, R = 4": heads(4)}, {"T2 slices, R = 4": heads(1)}
    noises = {f"noise {std:g}": heads(1, noise_std=std, maps="auto") for std in (0.0, 0.05)}
    runs = partial(Study, metrics=("nfe", "seconds"), extra={"each": each, "spread": spread}, better={"each": 1, "spread": -1},
                   against=("image",), notes=(MAPS, BUSY))  # fmt: skip
    return {
        f"{NAME}-recipe": on_recipe(NAME, "cg-sense", "tv", "dpir", operator="sense"),
        NAME: Study(title=f"{NAME} beside other methods on held-out heads, maps estimated", rows=rows, scans=rates, metrics=METRICS,
                    against=(NAME,), notes=(MAPS, BUSY)),
        f"{NAME}-modes": runs(title="modes and parts, four runs each, with the smaller denoiser of images", rows=modes(4),
                              scans=one | {"measured heads, R = 4": measured(4)}),
        f"{NAME}-noise": runs(title="the same with all of the noise, as published, eight runs each", rows=modes(8, noise=1.0, weight=1.0),
                              scans=few),
        f"{NAME}-loop": Study(title="the loop as published, mode image, with the smaller denoiser, maps exact", rows=loop(), scans=noises,
                              metrics=("psnr", "ssim", "nfe", "operator_calls", "seconds"), against=("as published",), notes=(BUSY,)),
    }  # fmt: skip

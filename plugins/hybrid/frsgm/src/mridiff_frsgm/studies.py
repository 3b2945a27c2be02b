"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study, on_recipe

from .agreement import agreement

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "operator_calls", "seconds")
NOTES = ("Coil maps: ESPIRiT on the centre of each scan. `frsgm` in all its forms: one sample.",
         "Seconds are wall clock, on a machine that had other work.")  # fmt: skip
RATES: dict[str, float] = {"T2 slices, R = 4": 4, "T2 slices, R = 8": 8}


def studies() -> dict[str, Study]:
    """Beside other methods and without its parts on held-out slices, with as many calls, two seeds, and on the scans of the recipe."""
    classical: dict[str, Any] = {name: name for name in ("cg-sense", "l1-wavelet", "tv", "dpir")}
    mine: dict[str, Any] = {"frsgm": "frsgm"}
    consistent = {"self-consistency": changed(reach=3)}
    alone = [("score", 20), ("denoiser", 20), ("denoiser", 40)]
    steps = {f"{stage} alone, {n} steps": changed(stages=stage, steps=n) for stage, n in alone}
    rates, one = {name: heads(4, R) for name, R in RATES.items()}, {"T2 slices, R = 4": heads(4, 4)}
    exact = {"T2 slices, R = 4, maps exact": heads(1, 4, maps="auto")}
    measured = {f"measured heads, R = {R}": {"use": "held-out-heads", "options": {"source": "measured", "acceleration": R}} for R in (4, 8)}
    seeds = {name: heads(1, R) for name, R in RATES.items()}
    return {
        "frsgm-recipe": on_recipe("frsgm", "cg-sense", "tv", "l1-wavelet", "dpir", operator="sense"),
        "frsgm": Study(title="frsgm beside other methods on held-out heads, maps estimated", rows=classical | mine, scans=rates | measured,
                       metrics=METRICS, against=("frsgm",), notes=NOTES),
        "frsgm-consistency": Study(title="frsgm with self-consistency, maps estimated and exact",
                                   rows={"dpir": "dpir"} | mine | consistent, scans=one | exact | measured, metrics=METRICS,
                                   against=("frsgm",), notes=NOTES),
        "frsgm-steps": Study(title="frsgm with one of its two steps alone, in as many iterations and with as many calls",
                             rows=mine | steps, scans=one, metrics=METRICS, against=("frsgm",), notes=NOTES),
        "frsgm-seeds": Study(title="how far two seeds of frsgm are apart", rows={"frsgm, two seeds": {"recipe": "frsgm", "samples": 2}},
                             scans=seeds, metrics=("nfe", "psnr"), extra={"agreement": agreement}, better={"agreement": 1},
                             notes=("PSNR: of the mean of two samples.",)),
    }  # fmt: skip


def changed(**options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": "frsgm", "sampler": {"options": options}}


def heads(count: int, R: float, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head, of 96 pixels, seen by eight simulated coils, whose maps are estimated."""
    options = {"count": count, "size": 96, "noise_std": 0.01, "acceleration": R, "maps": "espirit", **options}
    return {"use": "held-out-heads", "options": options}

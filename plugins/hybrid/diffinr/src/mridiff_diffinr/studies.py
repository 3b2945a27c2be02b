"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study, on_recipe

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "operator_calls", "seconds")
NOTES = ("Coil maps: ESPIRiT on the centre of each scan. `hard projection`, `cg`: what takes the network's place in the same chain.",
         "Seconds are wall clock, on a machine that had other work.")  # fmt: skip
SCANS: dict[str, dict[str, Any]] = {
    "R = 8": {"acceleration": 8.0},
    "R = 12": {"acceleration": 12.0, "center_fraction": 0.06},
    "half of k-space, R = 4": {"acceleration": 4.0, "pattern": "partial-fourier"},
}


def studies() -> dict[str, Study]:
    """Beside other methods and other data steps on held-out heads, without its parts, and on the recipe's scans."""
    classical: dict[str, Any] = {name: name for name in ("cg-sense", "l1-wavelet", "tv", "dpir")}
    slot: dict[str, Any] = {"diffinr": "diffinr", "hard projection": changed(refine="projection"), "cg": changed(refine="cg")}
    lost = {"what the copy loses is lost": changed(keep=False)}
    parts: dict[str, Any] = {
        "diffinr": "diffinr",
        **lost,
        "no data refinement": changed(data_iterations=0),
        "one sample": changed(noise=1.0),
    }
    drawn: dict[str, Any] = {"noise": 1.0, "start": "noise", "sigma_max": 4.0}
    noise = {name: changed(**drawn, refine=slot) for name, slot in {"diffinr": "inr", "hard projection": "projection", "cg": "cg"}.items()}
    measured = {"use": "held-out-heads", "options": {"source": "measured", "acceleration": 8}}
    return {
        "diffinr": Study(title="diffinr beside other methods and other data steps, maps estimated", rows=classical | slot,
                         scans={f"T2 slices, {name}": heads(4, **options) for name, options in SCANS.items()}
                         | {"measured heads, R = 8": measured}, metrics=METRICS, against=("diffinr",), notes=NOTES),
        "diffinr-exact": Study(title="diffinr where the coil maps are exact", rows={"dpir": "dpir"} | slot | lost,
                               scans={"T2 slices, R = 8": heads(1, maps="auto", **SCANS["R = 8"])}, metrics=METRICS,
                               against=("diffinr",), notes=NOTES[1:]),
        "diffinr-parts": Study(title="diffinr without its parts", rows=parts,
                               scans={"T2 slices, R = 8": heads(1, **SCANS["R = 8"])}, metrics=METRICS[:-1],
                               against=("diffinr",), notes=NOTES[:1]),
        "diffinr-noise": Study(title="diffinr as the study has it: one sample, from noise", rows=noise,
                               scans={"T2 slices, R = 8": heads(4, **SCANS["R = 8"])}, metrics=METRICS[:-1],
                               against=("diffinr",), notes=NOTES[:1]),
        "diffinr-recipe": on_recipe("diffinr", "cg-sense", "tv", "l1-wavelet", "dpir", operator="sense"),
    }  # fmt: skip


def changed(**options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": "diffinr", "sampler": {"options": options}}


def heads(count: int, **options: Any) -> dict[str, Any]:
    """`count` slices of each of five held-out heads, of 96 pixels, seen by eight simulated coils, whose maps are estimated."""
    return {"use": "held-out-heads", "options": {"count": count, "size": 96, "noise_std": 0.01, "maps": "espirit", **options}}

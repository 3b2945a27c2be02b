"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study, of_x, on_recipe

from .false_edges import false_edges

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "operator_calls", "seconds")
NOTES = (
    "Coil maps: ESPIRiT on the centre of each scan, unless exact. `dpir from 1`: 20 steps from sigma 1, nearly what elf-diff starts from.",
    "Seconds are wall clock, on a machine that had other work.",
)
SMALL = (*NOTES, "The prior is `brain-small` in all rows; NFE is of each run.")
FALSE: Any = {"extra": {"false edges": of_x(false_edges)}, "better": {"false edges": -1}}


def studies() -> dict[str, Study]:
    """Beside other methods, without its parts, from noise beside dps, and on the scans of the recipe."""
    classical: dict[str, Any] = {name: name for name in ("cg-sense", "l1-wavelet", "tv", "dpir")}
    start = {"recipe": "dpir", "sampler": {"options": {"sigma_max": 1.0, "steps": 20}}}
    mine: dict[str, Any] = {"dpir from 1": start, "elf-diff": "elf-diff"}
    measured = {f"measured heads, R = {R}": {"use": "held-out-heads", "options": {"source": "measured", "acceleration": R}} for R in (4, 8)}
    parts = {"elf-diff": small(), "mean of 8 runs of one member": small(8, members=1), "one member": small(members=1),
             "no mixing": small(share=1.0), "projection": small(weight=0.0), "dpir from 1": start | prior()}  # fmt: skip
    noise = {"from noise": small(start="noise"), "mean of 8 runs of one member": small(8, members=1, start="noise"),
             "one member": small(members=1, start="noise"), "no mixing": small(start="noise", share=1.0),
             "dps, as many calls": {"recipe": "dps", "samples": 1, "sampler": {"options": {"steps": 80}}, **prior()}}  # fmt: skip
    return {
        "elf-diff": Study(title="elf-diff beside other methods on held-out heads, maps estimated", rows=classical | mine,
                          scans={"T2 slices, R = 4": heads(4, 4), "T2 slices, R = 8": heads(1, 8),
                                 "T2 slices, R = 4, maps exact": heads(1, 4, maps="auto")} | measured, metrics=METRICS, **FALSE,
                          against=("elf-diff",), notes=NOTES),
        "elf-diff-parts": Study(title="elf-diff without its parts", rows=parts, scans={"T2 slices, R = 4": heads(4, 4)},
                                metrics=METRICS[:-1], **FALSE,
                                against=("elf-diff",), notes=SMALL),
        "elf-diff-noise": Study(title="elf-diff from noise", rows=noise, scans={"T2 slices, R = 4": heads(1, 4)},
                                metrics=METRICS[:-1], **FALSE,
                                against=("from noise",), notes=SMALL),
        "elf-diff-recipe": on_recipe("elf-diff", "cg-sense", "tv", "l1-wavelet", "dpir", operator="sense"),
    }  # fmt: skip


def prior() -> dict[str, Any]:
    """The smaller network."""
    return {"priors": {"prior": {"options": {"weights": "brain-small"}}}}


def small(samples: int = 1, **options: Any) -> dict[str, Any]:
    """The mean of so many runs of the method with the smaller network and other options."""
    return {"recipe": "elf-diff", "samples": samples, "sampler": {"options": options}, **prior()}


def heads(count: int, R: float, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head, of 96 pixels, seen by eight simulated coils, whose maps are estimated."""
    options = {"count": count, "size": 96, "noise_std": 0.01, "acceleration": R, "maps": "espirit", **options}
    return {"use": "held-out-heads", "options": options}

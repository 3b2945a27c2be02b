"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study

FOUND = ("lesion.auc", "lesion.dice_best", "lesion.dice", "lesion.flagged", "nfe", "seconds")
OTHERS = "ms07,l01,l03,l09,l12,l19"
"""People on whose slices lesions are drawn; settings were chosen on none of them."""
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5)


def studies() -> dict[str, Study]:
    """On outlined lesions, on drawn ones, on slices without any; beside the chain; by level, on those whom settings were chosen on."""
    own = {"outlined lesions": flair(count=16, apart=True)}
    drawn = {"drawn lesions, brighter or darker": flair(people=OTHERS, lesions="drawn", looks="either")}
    none = {"no lesion drawn": flair(people=OTHERS, lesions="none")}
    choice = {"drawn lesions, heads 15 and 16": {"use": "drawn-lesions", "options": {"count": 8}},
              "drawn lesions, a patient with a stroke": flair(people="stroke", lesions="drawn", looks="either", count=8)}  # fmt: skip
    by_level = {f"{weights}, level {level:g}": method(weights, level=level) for weights in ("simplex", "gaussian") for level in LEVELS}
    steps = {"simplex-anomaly": method("simplex", side="brighter"),
             "step by step": method("simplex", "simplex-iterative", side="brighter")}  # fmt: skip
    each = "A case is a slice, of two patients: their slices are not independent."
    theirs = "Lesions of their own that these patients have count as healthy."
    mine = ("simplex-anomaly",)
    return {
        "simplex-anomaly": Study(title="Lesions that experts outlined", rows=rows("brighter"), scans=own, metrics=FOUND, against=mine,
                                 notes=(each,)),
        "simplex-anomaly-drawn": Study(title="Drawn lesions in measured slices", rows=rows("both"), scans=drawn | none, metrics=FOUND,
                                       against=mine, notes=(theirs,)),
        "simplex-anomaly-steps": Study(title="One call and the chain that it replaces", rows=steps,
                                       scans={"outlined lesions": flair(count=3, apart=True)}, metrics=FOUND, against=mine, notes=(each,)),
        "simplex-anomaly-levels": Study(title="By level, on those whom settings were chosen on", rows=by_level, scans=choice,
                                        metrics=("lesion.auc", "lesion.dice_best")),
    }  # fmt: skip


def rows(side: str) -> dict[str, Any]:
    """Brightness alone, the method with a network of white noise, and the method, with one draw and with four; differences on one side."""
    return {
        "brightness": {"operator": {"use": "whole-image"}, "sampler": {"use": "intensity-threshold", "options": {"side": side}}},
        "white noise": method("gaussian", side=side),
        "simplex-anomaly": method("simplex", side=side),
        "white noise, 4 draws": method("gaussian", side=side, draws=4),
        "4 draws": method("simplex", side=side, draws=4),
    }


def method(weights: str, sampler: str = "simplex-anomaly", **options: Any) -> dict[str, Any]:
    """The recipe with other weights, another sampler, and options of it."""
    return {"recipe": "simplex-anomaly", "priors": {"prior": {"options": {"weights": weights}}},
            "sampler": {"use": sampler, "options": options}}  # fmt: skip


def flair(**options: Any) -> dict[str, Any]:
    """Measured slices of patients."""
    return {"use": "flair-lesions", "options": options}

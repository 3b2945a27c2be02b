"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff_sdk.study import Study, of_x, on_recipe

from .beside import band_error, better, change, low_pass
from .variants import heads, measured, parts

METRICS = ("psnr", "ssim", "psnr_registered", "ssim_registered", "nfe", "operator_calls", "seconds")
EXTRA: dict[str, Any] = {"better": better, "band error": of_x(band_error)}
INPUT: dict[str, Any] = {"input": {"recipe": "zero-filled"}}
BETTER = {"better": 1, "band error": -1}
NOTES = ("Registered: for the one row whose image lies in the mean pose; the others lie in that of the truth.",
         "`moco-dps` is told which lines belong to which shot, and nothing else.",
         "Seconds are wall clock, on a machine that had other work.")  # fmt: skip


def studies() -> dict[str, Study]:
    """Beside others on heads in motion; without its parts; where nothing moved; on measured heads; on the scan of the recipe."""
    plain = INPUT | {"low-pass": low_pass, "tv": "tv"}
    mine: dict[str, Any] = {"annealed-score-moco": "annealed-score-moco"}
    joint: dict[str, Any] = {"dpir": "dpir", "moco-dps": "moco-dps"}
    courses = {"sudden motion": "steps", "smooth motion": "smooth", "breathing": "breathing"}
    few = {title: heads(1, kind=kind) for title, kind in courses.items() if kind != "smooth"}
    sets = {title: heads(2 if kind == "smooth" else 4, kind=kind) for title, kind in courses.items()}
    two = {title: heads(1, kind=kind, subjects="A,B") for title, kind in courses.items() if kind != "smooth"}
    rest = {"nothing moved": heads(1, rotation=0.0, shift=0.0)}
    study = partial(Study, metrics=METRICS, extra=EXTRA, better=BETTER, against=("annealed-score-moco",), notes=NOTES)
    return {
        "annealed-score-moco": study(title="heads in motion, beside other methods", rows=plain | mine, scans=sets),
        "annealed-score-moco-joint": study(title="beside dpir, blind to motion, and the joint estimate", rows=INPUT | joint | mine,
                                           scans=two),
        "annealed-score-moco-parts": study(title="without its parts", rows=INPUT | parts() | mine, scans=few),
        "annealed-score-moco-still": study(title="heads that did not move", rows=INPUT | mine, scans=rest,
                                           extra={"change": change}, better={"change": 1}),
        "annealed-score-moco-measured": study(title="measured heads, whose outer lines have phase errors",
                                              rows=plain | mine, scans={"measured heads, breathing": measured()}),
        "annealed-score-moco-recipe": on_recipe("annealed-score-moco", "zero-filled", "tv", "dpir", operator="sense"),
    }  # fmt: skip

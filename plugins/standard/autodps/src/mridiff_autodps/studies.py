"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff_sdk.study import Altered, Study, told

from .beside import alternating_tv

METRICS = ("psnr_registered", "ssim_registered", "motion.mae_degrees", "motion.mae_pixels", "nfe", "operator_calls", "seconds")
PUBLISHED = {"focus": 80, "steps": 0, "image": "dps", "finish": 200}
PLAIN = {"steps": 0}
"""The last chain alone: at no motion, or at that which a scan tells."""


def changed(**options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": "autodps", "sampler": {"options": options}}


def heads(count: int, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head in six poses, moved at 128 and imaged at 64 pixels."""
    return {"use": "moving-heads", "options": {"count": count, "size": 64, "shots": 6, "coils": 6, **options}}


def studies() -> dict[str, Study]:
    """Beside others on heads in motion, without its parts, where nothing moved, and on the scans of the card of moco-dps."""
    first: dict[str, Any] = {"zero-filled": "zero-filled", "CG-SENSE": {"recipe": "cg-sense", "sampler": {"options": {"l2": 0.01}}}}
    motion = partial(told, name="motion")
    bounds: dict[str, Any] = {"no motion assumed": changed(**PLAIN), "told the motion": Altered(changed(**PLAIN), scan=motion)}
    mine: dict[str, Any] = {"autodps": "autodps"}
    parts: dict[str, Any] = {
        "as published": changed(**PUBLISHED),
        "focus, then dpir": changed(focus=80, steps=0),
        "focus, then rounds": changed(focus=80),
        "rounds, then dps": changed(image="dps", finish=200),
        "rounds, then diffpir": changed(image="diffpir"),
        "12 rounds": changed(steps=12),
        "nothing together": changed(joint=0),
    }
    believed = {"motion always believed": changed(doubt=0.0), "and nothing together": changed(doubt=0.0, joint=0)}
    others: dict[str, Any] = {"annealed-score-moco": "annealed-score-moco", "moco-dps": "moco-dps"}
    rest: dict[str, Any] = {"rotation": 0.0, "shift": 0.0}
    rates = {f"R = {R}": R for R in (1, 2)}
    study = partial(Study, metrics=METRICS, against=("autodps",))
    return {
        "autodps": study(title="heads in motion", rows=first | bounds | mine,
                         scans={title: heads(4, acceleration=R) for title, R in rates.items()}),
        "autodps-classical": study(title="a classical alternating fit", rows={"alternating TV": alternating_tv} | mine,
                                   metrics=tuple(name for name in METRICS if not name.startswith("motion.")),
                                   scans={title: heads(1, acceleration=R) for title, R in rates.items()}),
        "autodps-parts": study(title="without its parts, and beside other methods", rows=parts | others | mine,
                               scans={title: heads(1, acceleration=R) for title, R in rates.items()}),
        "autodps-still": study(title="heads that did not move", rows={"no motion assumed": changed(**PLAIN)} | believed | mine,
                               scans={title: heads(1, acceleration=R, **rest) for title, R in rates.items()}),
        "autodps-eight": study(title="eight shots, as in the table of moco-dps", rows={"told the motion": bounds["told the motion"]} | mine,
                               scans={"R = 2": {"use": "moving-heads", "options": {"count": 1, "acceleration": 2, "shots": 8}}}),
    }  # fmt: skip

"""Studies: DPIR and DiffPIR, with both networks that ship, beside the classical methods; and all methods for accelerated scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mridiff.spec import Trait
from mridiff_sdk.study import Study, every_method, on_recipe

WEIGHTS = ("brain", "brain-small")
METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "seconds")
PATTERNS = ("random", "equispaced", "poisson")
SLOW = ("dps", "diffpir")
APART = f"{' and '.join(SLOW)} take a minute and a half of a core per slice: `accelerated`, two slices of each subject, has them."


def studies() -> dict[str, Study]:
    """One estimate, one sample and a mean of samples, on heads that no weights were trained on; and DPIR as it ships."""
    rows: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    for weights in WEIGHTS:
        rows[f"dpir, {weights}"] = trained("dpir", weights)
        rows |= {f"diffpir, {weights}, mean of {n}": trained("diffpir", weights, n) for n in (1, 4)}
    scans = {f"T2 slices, R = {R}": heads(acceleration=R, noise_std=0.01) for R in (4, 8)}
    scans |= {f"measured heads, R = {R}": heads(acceleration=R, source="measured") for R in (4, 8)}
    title = "priors that ship under samplers that ship"
    return {
        "dpir-recipe": on_recipe("dpir", "cg-sense", "tv", "l1-wavelet", operator="sense"),
        "dpir-weights": Study(title=title, rows=rows, scans=scans, metrics=METRICS, against=("tv", "l1-wavelet")),
        "accelerated": accelerated(2, PATTERNS),
        **{f"accelerated-{pattern}": accelerated(20, (pattern,), SLOW) for pattern in PATTERNS},
    }


def accelerated(count: int, patterns: Sequence[str], apart: Sequence[str] = ()) -> Study:
    """Every method for accelerated scans of several coils that is installed, but some, on `count` slices of each subject."""
    rows, without = every_method("accelerated", Trait.MASK, Trait.MAPS)
    kinds: dict[str, dict[str, Any]] = {"T2 slices": {"noise_std": 0.01}, "measured heads": {"source": "measured"}}
    scans = {f"{kind}, {pattern}, R = {R}": heads(count=count, acceleration=R, pattern=pattern, **options)
             for kind, options in kinds.items() for pattern in patterns for R in (4, 8)}  # fmt: skip
    rows = {name: row for name, row in rows.items() if name not in apart}
    return Study(title="all methods for accelerated scans, as they ship", rows=rows, scans=scans, metrics=METRICS, against=("dpir",),
                 notes=(*without, *([APART] if apart else [])))  # fmt: skip


def trained(name: str, weights: str, samples: int = 1) -> dict[str, Any]:
    """A method with one of the networks."""
    return {"recipe": name, "samples": samples, "priors": {"prior": {"options": {"weights": weights}}}}


def heads(**options: Any) -> dict[str, Any]:
    """One slice of each held-out head."""
    return {"use": "held-out-heads", "options": {"count": 1, **options}}

"""Studies: priors and samplers beside the classical methods on heads that no weights saw; and all methods for accelerated scans."""

from __future__ import annotations

from typing import Any

from mridiff.spec import Trait
from mridiff_sdk.study import Study, every_method, on_recipe

from .one_prior import KINDS, METRICS, drawn, heads, one_prior

PATTERNS, SLOW = ("random", "equispaced", "poisson"), ("dps", "diffpir", "grappa")
APART = f"{', '.join(SLOW)} take up to a minute and a half of a core per slice: `accelerated`, two slices of each subject, has them."
NETWORKS = (("dpir", 1), ("diffpir", 1), ("diffpir", 4))


def studies() -> dict[str, Study]:
    """The recipe `dpir`; both networks; every sampler with one network; and all methods."""
    rows: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    rows |= {f"{n}, {w}, {k} samples": drawn(n, k, w) for w in ("brain", "brain-small") for n, k in NETWORKS}
    scans = {f"{kind}, R = {R}": heads(acceleration=R, **options) for kind, options in KINDS.items() for R in (4, 8)}
    return {
        "dpir-recipe": on_recipe("dpir", "cg-sense", "tv", "l1-wavelet", operator="sense"),
        "dpir-weights": Study(title="both networks", rows=rows, scans=scans, metrics=METRICS, against=("tv", "l1-wavelet")),
        "dpir-anatomy": anatomy(),
        "accelerated": accelerated(2, PATTERNS),
        **{f"accelerated-{pattern}": accelerated(20, (pattern,), SLOW) for pattern in PATTERNS},
        **one_prior(),
    }


def anatomy() -> Study:
    """Networks of heads and of hearts, each on both."""
    rows: dict[str, Any] = {name: name for name in ("cg-sense", "l1-wavelet", "tv")}
    rows |= {f"dpir, {w}": drawn("dpir", 1, w) for w in ("brain", "brain-small", "heart")}
    scans = {f"{kind}s, R = {R}": heads(source=source, count=2, acceleration=R, noise_std=0.01)
             for kind, source in (("head", "t2"), ("heart", "heart")) for R in (4, 8)}  # fmt: skip
    return Study(title="a network of heads and one of hearts, each on both", rows=rows, scans=scans, metrics=METRICS,
                 against=("dpir, heart",), notes=("Seconds are wall clock, on a machine that had other work.",))  # fmt: skip


def accelerated(count: int, patterns: tuple[str, ...], apart: tuple[str, ...] = ()) -> Study:
    """Every method for accelerated scans of several coils that is installed, but some, on `count` slices of each subject."""
    rows, without = every_method("accelerated", Trait.MASK, Trait.MAPS)
    scans = {f"{kind}, {pattern}, R = {R}": heads(count=count, acceleration=R, pattern=pattern, **options)
             for kind, options in KINDS.items() for pattern in patterns for R in (4, 8)}  # fmt: skip
    return Study(title="all methods for accelerated scans, as they ship", rows={n: row for n, row in rows.items() if n not in apart},
                 scans=scans, metrics=METRICS, against=("dpir",), notes=(*without, *([APART] if apart else [])))  # fmt: skip

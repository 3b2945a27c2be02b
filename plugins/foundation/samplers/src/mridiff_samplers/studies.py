"""Studies: priors and samplers beside the classical methods on heads that no weights saw; and all methods for accelerated scans."""

from __future__ import annotations

from typing import Any

from mridiff.spec import Trait
from mridiff_sdk.study import Study, every_method, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "seconds")
PATTERNS, SLOW, POINT = ("random", "equispaced", "poisson"), ("dps", "diffpir", "grappa"), ("dpir", "pnp-admm", "red-admm", "red-diff")
APART = f"{', '.join(SLOW)} take up to a minute and a half of a core per slice: `accelerated`, two slices of each subject, has them."
KINDS: dict[str, Any] = {"T2 slices": {"noise_std": 0.01}, "measured heads": {"source": "measured"}}
NETWORKS = (("dpir", 1), ("diffpir", 1), ("diffpir", 4))
DRAW = ("dps", "pigdm", "dds", "ddnm", "ddrm", "diffpir", "daps", "predictor-corrector", "annealed-langevin")


def studies() -> dict[str, Study]:
    """The recipe `dpir`; both networks; every sampler with one network; and all methods."""
    rows: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    rows |= {f"{n}, {w}, {k} samples": drawn(n, k, w) for w in ("brain", "brain-small") for n, k in NETWORKS}
    scans = {f"{kind}, R = {R}": heads(acceleration=R, **options) for kind, options in KINDS.items() for R in (4, 8)}
    grids = {f"{k}, {p}, R = 4": heads(pattern=p, **options) for k, options in KINDS.items() for p in ("random", "poisson")}
    turns = {f"measured heads, {t}, R = 4": heads("noncartesian-heads", trajectory=t, source="measured") for t in ("radial", "spiral")}
    return {
        "dpir-recipe": on_recipe("dpir", "cg-sense", "tv", "l1-wavelet", operator="sense"),
        "dpir-weights": Study(title="both networks", rows=rows, scans=scans, metrics=METRICS, against=("tv", "l1-wavelet")),
        "samplers": samplers("sense", grids),
        "samplers-noncartesian": samplers("noncartesian-sense", turns),
        "accelerated": accelerated(2, PATTERNS),
        **{f"accelerated-{pattern}": accelerated(20, (pattern,), SLOW) for pattern in PATTERNS},
    }


def samplers(operator: str, scans: dict[str, Any]) -> Study:
    """Every sampler of this package with the smaller network: one estimate, or the mean of four draws and their spread (1: enough)."""
    rows: dict[str, Any] = {name: {"recipe": name} for name in ("cg-sense", "l1-wavelet", "tv")}
    rows |= {n: drawn(n, 1, "brain-small") for n in POINT} | {f"{n}, mean of 4": drawn(n, 4, "brain-small") for n in DRAW}
    return Study(title="every sampler, one prior", rows={n: {**r, "operator": {"use": operator}} for n, r in rows.items()}, scans=scans,
                 metrics=METRICS, against=("dpir",), extra={"spread_over_error": UNCERTAINTY["spread_over_error"]})  # fmt: skip


def accelerated(count: int, patterns: tuple[str, ...], apart: tuple[str, ...] = ()) -> Study:
    """Every method for accelerated scans of several coils that is installed, but some, on `count` slices of each subject."""
    rows, without = every_method("accelerated", Trait.MASK, Trait.MAPS)
    scans = {f"{kind}, {pattern}, R = {R}": heads(count=count, acceleration=R, pattern=pattern, **options)
             for kind, options in KINDS.items() for pattern in patterns for R in (4, 8)}  # fmt: skip
    return Study(title="all methods for accelerated scans, as they ship", rows={n: row for n, row in rows.items() if n not in apart},
                 scans=scans, metrics=METRICS, against=("dpir",), notes=(*without, *([APART] if apart else [])))  # fmt: skip


def drawn(sampler: str, samples: int, weights: str = "brain") -> dict[str, Any]:
    """A sampler with one of the networks, and with as many samples."""
    return {"recipe": "diffpir", "samples": samples, "sampler": {"use": sampler}, "priors": {"prior": {"options": {"weights": weights}}}}


def heads(use: str = "held-out-heads", **options: Any) -> dict[str, Any]:
    """One slice of each held-out head."""
    return {"use": use, "options": {"count": 1, "acceleration": 4, **options}}

"""Studies: DPIR and DiffPIR, with both networks that ship, beside the classical methods; and all methods for accelerated scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mridiff.spec import Trait
from mridiff_sdk.study import Study, every_method, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY

WEIGHTS = ("brain", "brain-small")
METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "seconds")
PATTERNS = ("random", "equispaced", "poisson")
SLOW = ("dps", "diffpir")
APART = f"{' and '.join(SLOW)} take a minute and a half of a core per slice: `accelerated`, two slices of each subject, has them."

POINT = ("dpir", "pnp-admm", "red-admm", "red-diff")
DRAW = ("dps", "pigdm", "dds", "ddnm", "ddrm", "diffpir", "daps", "predictor-corrector", "annealed-langevin")


def studies() -> dict[str, Study]:
    """Samplers and priors beside the classical methods, on heads that no weights were trained on; and all methods for such scans."""
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
        "samplers": samplers("sense", scans | {"T2 slices, poisson, R = 8": heads(acceleration=8, pattern="poisson", noise_std=0.01)}),
        "samplers-along": samplers("noncartesian-sense", {f"T2 slices, {t}, R = 6": along(t) for t in ("radial", "spiral")}),
        "accelerated": accelerated(2, PATTERNS),
        **{f"accelerated-{pattern}": accelerated(20, (pattern,), SLOW) for pattern in PATTERNS},
    }


def samplers(operator: str, scans: dict[str, Any]) -> Study:
    """Every sampler of this package with the same prior: one estimate, or the mean of four draws and how far they spread."""
    node = {"operator": {"use": operator}}
    rows: dict[str, Any] = {name: {"recipe": name, **node} for name in ("cg-sense", "l1-wavelet", "tv")}
    rows |= {name: {"recipe": "diffpir", "samples": 1, "sampler": {"use": name}, **node} for name in POINT}
    rows |= {f"{name}, mean of 4": {"recipe": "diffpir", "samples": 4, "sampler": {"use": name}, **node} for name in DRAW}
    extra = {"spread_over_error": UNCERTAINTY["spread_over_error"]}
    return Study(title="every sampler with the same prior", rows=rows, scans=scans, metrics=("psnr", "psnr_head", "nfe", "seconds"),
                 extra=extra, against=("dpir",), notes=("`spread_over_error` is 1 for draws of the posterior.",))  # fmt: skip


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


def along(trajectory: str) -> dict[str, Any]:
    """One slice of each held-out head along spokes or spirals."""
    options = {"count": 1, "source": "t2", "trajectory": trajectory, "acceleration": 6, "noise_std": 0.01}
    return {"use": "noncartesian-heads", "options": options}

"""Studies: DPIR and DiffPIR, with both networks that ship, beside the classical methods."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study, on_recipe

WEIGHTS = ("brain", "brain-small")


def studies() -> dict[str, Study]:
    """One estimate, one sample and a mean of samples, on heads that no weights were trained on; and DPIR as it ships."""
    rows: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    for weights in WEIGHTS:
        rows[f"dpir, {weights}"] = trained("dpir", weights)
        rows |= {f"diffpir, {weights}, mean of {n}": trained("diffpir", weights, n) for n in (1, 4)}
    scans = {f"T2 slices, R = {R}": heads(acceleration=R, noise_std=0.01) for R in (4, 8)}
    scans |= {f"measured heads, R = {R}": heads(acceleration=R, source="measured") for R in (4, 8)}
    metrics = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "seconds")
    title = "priors that ship under samplers that ship"
    return {
        "dpir-recipe": on_recipe("dpir", "cg-sense", "tv", "l1-wavelet", operator="sense"),
        "dpir-weights": Study(title=title, rows=rows, scans=scans, metrics=metrics, against=("tv", "l1-wavelet")),
    }


def trained(name: str, weights: str, samples: int = 1) -> dict[str, Any]:
    """A method with one of the networks."""
    return {"recipe": name, "samples": samples, "priors": {"prior": {"options": {"weights": weights}}}}


def heads(**options: Any) -> dict[str, Any]:
    """One slice of each held-out head."""
    return {"use": "held-out-heads", "options": {"count": 1, **options}}

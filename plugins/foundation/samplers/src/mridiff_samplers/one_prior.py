"""Every sampler with one prior: studies on grids, along trajectories and on series, of measured data."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Study
from mridiff_sdk.uncertainty import UNCERTAINTY

METRICS = ("psnr", "ssim", "psnr_head", "ssim_head", "nfe", "seconds")
KINDS: dict[str, Any] = {"T2 slices": {"noise_std": 0.01}, "measured heads": {"source": "measured"}}
ONE, FOUR = ("dpir", "pnp-admm", "red-admm", "red-diff"), ("dps", "pigdm", "dds", "ddnm", "ddrm", "diffpir", "daps", "predictor-corrector",
                                                          "annealed-langevin")  # fmt: skip
"""Samplers of one estimate, and of draws."""


def one_prior() -> dict[str, Study]:
    """Lines and Poisson discs, spokes and spirals, a subspace of relaxation; R = 4."""
    grids = {f"{k}, {p}, R = 4": heads(pattern=p, **options) for k, options in KINDS.items() for p in ("random", "poisson")}
    turns = {f"measured heads, {t}, R = 4": heads("noncartesian-heads", trajectory=t, source="measured") for t in ("radial", "spiral")}
    series = {f"{name} series, R = 4": {"use": "measured-series", "options": {"source": source, "count": 1}}
              for name, source in (("T1", "t1"), ("T2*", "t2star"))}  # fmt: skip
    return {"samplers": samplers("sense", grids), "samplers-noncartesian": samplers("noncartesian-sense", turns),
            "samplers-subspace": samplers("subspace-sense", series)}  # fmt: skip


def samplers(operator: str, scans: dict[str, Any]) -> Study:
    """Every sampler for images and denoisers, with the smaller network: one estimate, or the mean of four draws and their spread."""
    rows: dict[str, Any] = {name: {"recipe": name} for name in ("cg-sense", "l1-wavelet", "tv")}
    rows |= {n: drawn(n, 1, "brain-small") for n in ONE} | {f"{n}, mean of 4": drawn(n, 4, "brain-small") for n in FOUR}
    return Study(title="every sampler, one prior", rows={n: {**r, "operator": {"use": operator}} for n, r in rows.items()}, scans=scans,
                 metrics=METRICS, against=("dpir",), extra={"spread_over_error": UNCERTAINTY["spread_over_error"]})  # fmt: skip


def drawn(sampler: str, samples: int, weights: str = "brain") -> dict[str, Any]:
    """A sampler with one of the networks, and with as many samples."""
    return {"recipe": "diffpir", "samples": samples, "sampler": {"use": sampler}, "priors": {"prior": {"options": {"weights": weights}}}}


def heads(use: str = "held-out-heads", **options: Any) -> dict[str, Any]:
    """One slice of each held-out head."""
    return {"use": use, "options": {"count": 1, "acceleration": 4, **options}}

"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.metrics import outer_nmse
from mridiff_sdk.study import Study, of_x, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY


def studies() -> dict[str, Study]:
    """The rule beside the naive one and the classical methods, with one coil and several, and what its options do."""
    rows: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    rows |= {"naive": cold(rule="naive", hard=False), "each, one call": cold(steps=1), "each": cold()}
    together = {"combined, one call": cold(steps=1, coils="combined"), "combined": cold(coils="combined")}
    one = {"64 px, random, R = 4": heads(size=64), "128 px, random, R = 4": heads(), "128 px, random, R = 8": heads(acceleration=8.0),
           "128 px, gaussian-2d, R = 4": heads(pattern="gaussian-2d")}  # fmt: skip
    several = {f"measured heads, R = {R:g}": heads(source="measured", coils=0, noise_std=0.0, acceleration=R) for R in (4.0, 8.0)}
    variants = {f"{n} step{'s' * (n > 1)}": cold(steps=n) for n in (20, 5, 1)} | {"20 steps, mean of 5 orders": {**cold(), "samples": 5}}
    variants |= {f"20 steps, order {o}": {**cold(), "priors": {"prior": {"options": {"order": o}}}} for o in ("centre_out", "edge_in")}
    spread = {"spread / error": UNCERTAINTY["spread_over_error"]}
    return {
        "kspace-cold-diffusion-recipe": on_recipe("kspace-cold-diffusion", "cg-sense", "tv", operator="sense"),
        "kspace-cold-diffusion": study("One coil", rows, one, "each"),
        "kspace-cold-diffusion-coils": study("Several coils", rows | together, several, "combined"),
        "kspace-cold-diffusion-variants": study("Steps, orders", variants, {"128 px, random, R = 4": heads()}, "20 steps", **spread),
    }


def study(title: str, rows: dict[str, Any], scans: dict[str, Any], against: str, **extra: Any) -> Study:
    """A study with the columns of this card."""
    return Study(title=title, rows=rows, scans=scans, metrics=("psnr", "ssim", "outer error", *extra, "nfe", "seconds"),
                 extra={"outer error": of_x(outer_nmse), **extra}, better={"outer error": -1}, against=(against,))  # fmt: skip


def cold(**options: Any) -> dict[str, Any]:
    """The method, each coil by itself unless said otherwise."""
    return {"recipe": "kspace-cold-diffusion", "sampler": {"options": {"coils": "each", **options}}}


def heads(**options: Any) -> dict[str, Any]:
    """Held-out heads: T2 slices, one coil, unless said otherwise."""
    return {"use": "held-out-heads", "options": {"count": 2, "coils": 1, "noise_std": 0.005, **options}}

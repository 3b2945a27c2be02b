"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.metrics import outer_nmse
from mridiff_sdk.study import Study, of_x, on_recipe
from mridiff_sdk.uncertainty import UNCERTAINTY


def studies() -> dict[str, Study]:
    """The rule beside those of the study and the classical methods, with several coils and one, and what its options do."""
    classical: dict[str, Any] = {name: name for name in ("zero-filled", "cg-sense", "l1-wavelet", "tv")}
    ours = {"one call": cold(steps=1), "six calls": cold()}
    published = {"one call, brain-first": first(steps=1), "step-down, brain-first": first(rule="step-down", steps=20)}
    alone = classical | {"dpir": "dpir", **ours, **published, "naive, brain-first": first(rule="naive", steps=20, hard=False)}
    one = {f"T2 slices, one coil, R = {R:g}": heads(acceleration=R) for R in (4.0, 8.0)}
    several = {f"T2 slices, 8 coils, R = {R:g}": heads(count=4, coils=8, maps="espirit", acceleration=R) for R in (4.0, 8.0)}
    several |= {f"measured heads, R = {R:g}": heads(source="measured", coils=0, maps="espirit", noise_std=0.0, acceleration=R)
                for R in (4.0, 8.0)}  # fmt: skip
    variants: dict[str, Any] = {f"{n} call{'s' * (n > 1)}": cold(steps=n) for n in (6, 1, 3, 12)}
    variants |= {f"{rule}, 6 calls": cold(rule=rule) for rule in ("step-down", "naive")} | {"each coil by itself": cold(coils="each")}
    variants |= {f"order {o}": {**cold(), "priors": {"prior": {"options": {"order": o}}}} for o in ("centre_out", "edge_in")}
    variants |= {"mean of 5 orders": {**cold(), "samples": 5}, "6 calls, brain-first": first()}
    variants |= {f"step-down, brain-first, {n} call{'s' * (n > 1)}": first(rule="step-down", steps=n) for n in (20, 6, 1)}
    some = {"T2 slices, 8 coils, R = 4": heads(count=1, coils=8, maps="espirit")}
    spread = {"spread / error": UNCERTAINTY["spread_over_error"]}
    return {
        "kspace-cold-diffusion-recipe": on_recipe("kspace-cold-diffusion", "cg-sense", "tv", operator="sense"),
        "kspace-cold-diffusion": study("One coil", alone, one),
        "kspace-cold-diffusion-coils": study("Several coils", classical | {"dpir": "dpir", **ours, **published}, several),
        "kspace-cold-diffusion-variants": study("Rules, calls, orders", variants, some, "6 calls", **spread),
    }


def study(title: str, rows: dict[str, Any], scans: dict[str, Any], against: str = "six calls", **extra: Any) -> Study:
    """A study with the columns of this card."""
    return Study(title=title, rows=rows, scans=scans, metrics=("psnr", "ssim", "outer error", *extra, "nfe", "seconds"),
                 extra={"outer error": of_x(outer_nmse), **extra}, better={"outer error": -1}, against=(against,))  # fmt: skip


def cold(**options: Any) -> dict[str, Any]:
    """The method, with options other than its own."""
    return {"recipe": "kspace-cold-diffusion", "sampler": {"options": options}}


def first(**options: Any) -> dict[str, Any]:
    """The same with the weights that were trained as the study says."""
    return {**cold(**options), "priors": {"prior": {"options": {"weights": "brain-first"}}}}


def heads(**options: Any) -> dict[str, Any]:
    """Held-out heads: T2 slices, one coil, unless said otherwise."""
    return {"use": "held-out-heads", "options": {"count": 2, "coils": 1, "noise_std": 0.005, **options}}

"""Studies: the tables of the card."""

from __future__ import annotations

from typing import Any

import torch

from mridiff import Method
from mridiff_sdk.metrics import outer_nmse
from mridiff_sdk.study import Altered, Study, of_x, on_recipe

from .seen import CENTRE


def studies() -> dict[str, Study]:
    """The method and its first prior alone beside the classical methods and a diffusion in pixels; and what code and steps do."""
    few = {
        "samples": 1,
        "priors": {"prior": {"options": {"weights": "brain-small"}}},
        "sampler": {"options": {"steps": 100, "start": "noise"}},
    }
    rows = {**{name: name for name in ("zero-filled", "cg-sense", "tv")}, "diffpir, 100 steps": {"recipe": "diffpir", **few},
            "first prior alone": lrdm(combine="latent"), "swap": lrdm(combine="swap"), "lrdm": lrdm()}  # fmt: skip
    scans = {f"one coil, {pattern}, R = {R:g}": heads(pattern=pattern, acceleration=R)
             for pattern, R in (("poisson", 4.0), ("gaussian-2d", 4.0), ("random", 4.0), ("poisson", 6.0))}  # fmt: skip
    scans["one coil, 64 px, poisson, R = 4"] = heads(size=64)
    scans |= {f"measured heads, {p}, R = 4": heads(source="measured", coils=0, noise_std=0.0, pattern=p) for p in ("poisson", "random")}
    again = {"operator": {"use": "coil-fourier"}, "priors": {"prior": {"use": "latent-kspace"}}, "sampler": {"use": "few-steps"}}
    variants = {"4 steps": lrdm(), "1 step": lrdm(steps=1), "2 steps": lrdm(steps=2), "8 steps of 8 levels": lrdm(8, steps=8),
                "4 steps, no code": Altered(lrdm(), without_code), "first prior, few-steps": again}  # fmt: skip
    return {"lrdm-recipe": on_recipe("lrdm", "cg-sense", "tv", operator="sense"), "lrdm": study("lrdm beside others", rows, scans, "lrdm"),
            "lrdm-variants": study("Codes and steps", variants, {"one coil, poisson, R = 4": heads()}, "4 steps")}  # fmt: skip


def study(title: str, rows: dict[str, Any], scans: dict[str, Any], against: str) -> Study:
    """A study with the columns of this card."""
    return Study(title=title, rows=rows, scans=scans, metrics=("psnr", "ssim", "error outside", "nfe", "seconds"),
                 extra={"error outside": of_x(outer_nmse, share=2 * CENTRE)}, better={"error outside": -1}, against=(against,))  # fmt: skip


def lrdm(levels: int = 4, **options: Any) -> dict[str, Any]:
    """The method, with chains of so many levels."""
    priors = {name: {"options": {"levels": levels}} for name in ("latent_prior", "hf_prior")}
    return {"recipe": "lrdm", "priors": priors, "sampler": {"options": options}}


def heads(**options: Any) -> dict[str, Any]:
    """Held-out heads: T2 slices, one coil, Poisson discs, unless said otherwise."""
    return {"use": "held-out-heads", "options": {"count": 2, "coils": 1, "noise_std": 0.005, "pattern": "poisson", **options}}


def without_code(method: Method) -> None:
    """Chains end at zero, whatever was measured."""
    for prior in method.priors.values():
        prior.register_forward_hook(lambda _, __, z: torch.zeros_like(z))

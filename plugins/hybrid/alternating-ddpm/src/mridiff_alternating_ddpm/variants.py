"""Variants: the method with other options and priors, and the heads that the studies set it to."""

from __future__ import annotations

from typing import Any

NAME = "alternating-ddpm"
SMALL = {"use": "denoiser", "options": {"weights": "brain-small"}}
"""A denoiser of images, a third of the recipe's, for studies of many runs."""
KSPACE: dict[str, Any] = {"use": "kspace-denoiser"}
PUBLISHED: dict[str, Any] = {"mode": "image", "steps": 50, "start": "noise", "level": None, "noise": 1.0, "weight": 1.0, "sigma_min": 0.01}
"""The loop of DDS from pure noise, all of it kept."""


def changed(samples: int = 1, **options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": NAME, "samples": samples, "sampler": {"options": options}}


def small(samples: int, image: Any = SMALL, kspace: Any = KSPACE, **options: Any) -> dict[str, Any]:
    """The same with the smaller denoiser of images, or with other priors in the two places."""
    return {**changed(samples, **options), "priors": {"image": image, "kspace": kspace}}


def beside(recipe: str) -> dict[str, Any]:
    """Another method with the smaller denoiser."""
    return {"recipe": recipe, "samples": 1, "priors": {"prior": SMALL}}


def modes(samples: int, **options: Any) -> dict[str, Any]:
    """The three modes, and what a second prior and a second noise do alone."""
    one = {"mode": "image", **options}
    return {
        "dual": small(samples, **options),
        "image": small(samples, **one),
        "alternate": small(samples, **{**options, "mode": "alternate"}),
        "dual, convolutions": small(samples, kspace=KSPACE | {"options": {"weights": "convolutions"}}, **options),
        "k-space prior alone": small(samples, image=KSPACE, **one),
        "image prior in both places": small(samples, kspace=SMALL, **{**options, "merge": 0.5}),
    }


def loop() -> dict[str, Any]:
    """As published, mode `image` with gamma 1, one option of it at a time, and other methods."""
    gamma, rule = {"gamma": 1.0}, {"gamma": None}
    rows: dict[str, dict[str, Any]] = {"as published": gamma, "matched to the noise": rule}
    rows |= {f"{n} CG iterations": gamma | {"iterations": n} for n in (0, 1, 20)}
    rows |= {f"gamma {g:g}": {"gamma": g} for g in (0.1, 10.0)} | {f"eta {eta:g}": gamma | {"eta": eta} for eta in (0.0, 1.0)}
    published = {name: small(1, **PUBLISHED, **options) for name, options in rows.items()}
    return published | {NAME: small(1), "dps": beside("dps"), "dpir": beside("dpir")}


def heads(count: int, R: float = 4, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head, of 96 pixels, seen by eight simulated coils, whose maps are estimated."""
    options = {"count": count, "size": 96, "noise_std": 0.01, "acceleration": R, "maps": "espirit", **options}
    return {"use": "held-out-heads", "options": options}


def measured(R: float) -> dict[str, Any]:
    """The two heads that were measured with 8 and 16 coils."""
    return {"use": "held-out-heads", "options": {"source": "measured", "acceleration": R}}

"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from mridiff import Method
from mridiff_sdk.metrics import edge_score, outer_nmse
from mridiff_sdk.study import Altered, Study, of_x, on_recipe

from .block import AMKBlock


def studies() -> dict[str, Study]:
    """The method and its completion alone beside the classical methods, and what steps, blending and the choices of a ring do."""
    rows = {name: name for name in ("zero-filled", "cg-sense", "tv")} | {"completion alone": Altered(amk(), silence), "amk-cdiffnet": amk()}
    scans = {f"64 px, {n} coil{'s' * (n > 1)}, {pattern}, R = 4": heads(coils=n, pattern=pattern, size=64)
             for n in (1, 4) for pattern in ("random", "gaussian-2d")} | {"128 px, 4 coils, random, R = 4": heads()}  # fmt: skip
    scans |= {f"measured heads, R = {R:g}": heads(source="measured", subjects="", coils=0, noise_std=0, acceleration=R) for R in (4, 8)}
    variants: dict[str, Any] = {f"{n} step{'s' * (n > 1)}": amk(steps=n) for n in (10, 1, 5, 20)}
    variants |= {"10 steps, uniform schedule": amk("uniform"), "10 steps, no blending": amk(rho=0.0)}
    variants |= {f"10 steps, all {what} alike": Altered(amk(), partial(alike, what=what)) for what in ("branches", "kernels")}
    return {"amk-cdiffnet-recipe": on_recipe("amk-cdiffnet", "cg-sense", "tv", operator="sense"),
            "amk-cdiffnet": study(rows, scans, "amk-cdiffnet", "amk-cdiffnet beside others"),
            "amk-cdiffnet-variants": study(variants, {"64 px, 4 coils, random, R = 4": heads(size=64)}, "10 steps", "Choices")}  # fmt: skip


def study(rows: dict[str, Any], scans: dict[str, Any], against: str, title: str) -> Study:
    """A study with the columns of this card."""
    extra, better = {"outer error": of_x(outer_nmse), "edge score": of_x(edge_score)}, {"outer error": -1, "edge score": 1}
    columns: dict[str, Any] = {"metrics": ("psnr", "ssim", *extra, "nfe", "seconds"), "extra": extra, "better": better}
    return Study(title=title, rows=rows, scans=scans, against=(against,), **columns)


def amk(schedule: str = "energy", **options: Any) -> dict[str, Any]:
    """The method."""
    return {"recipe": "amk-cdiffnet", "priors": {"prior": {"options": {"schedule": schedule}}}, "sampler": {"options": options}}


def heads(**options: Any) -> dict[str, Any]:
    """T2 slices of the three heads on which no setting was chosen, four coils unless said otherwise."""
    own = {"subjects": "A, C, G", "count": 2, "coils": 4, "coil_seed": 99, "noise_std": 0.005}
    return {"use": "held-out-heads", "options": {**own, **options}}


def silence(method: Method) -> None:
    """Completion alone, in as many rounds as gain anything."""
    net: Any = method.priors["prior"].model
    net.rounds, net.warm = 0, 30


def alike(method: Method, what: str) -> None:
    """All "branches", or all "kernels", have one weight in all rings."""
    net: Any = method.priors["prior"].model
    layers: list[Any] = [net.choose] if what == "kernels" else [b.gate[-1] for b in net.modules() if isinstance(b, AMKBlock) and b.gate]
    for p in (p for layer in layers for p in layer.parameters()):
        torch.nn.init.zeros_(p)

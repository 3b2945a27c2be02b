"""Studies: the tables of the card."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from mridiff_sdk.metrics import hfen
from mridiff_sdk.study import Altered, Study, of_x, on_recipe

from .variants import NAME, by, heads, method, misled, stopped

SCALES = {"double": (2.0, 48, 96, 128), "odd": (8 / 3, 36, 96, 64), "quadruple": (4.0, 24, 96, 128)}
"""By name: factor, samples of a side, pixels of a side as in training, and others."""


def studies() -> dict[str, Study]:
    """Each factor beside other methods, on the size of training and on others; parts left out; sizes between; the scan of the recipe."""
    scales = {f"{NAME}-{name}": scale(*numbers) for name, numbers in SCALES.items()}
    four = {"T2 slices, 24 to 96 pixels": heads(4.0, count=2)}
    whole = method(4.0)
    parts: dict[str, Any] = {
        NAME: whole, "one call": method(4.0, rings=36), "9 calls": method(4.0, rings=4), "two stages": method(4.0, middle=0.6),
        "the study's noise": method(4.0, noise=1.0),
        "the study's noise, mean of 4": {**method(4.0, noise=1.0), "samples": 4}, "y not put back": method(4.0, keep=False),
        "told t = 0.5": Altered(whole, method=partial(misled, t=0.5)),
    }  # fmt: skip
    side = 64 / 96
    early = method(4.0, target=side)
    between = {"T2 slices, 24 to 64 of 96 pixels": Altered(heads(4.0, count=2), scan=partial(stopped, side=side))}
    stops = {"zero-filled": by("zero-filled", 4.0), NAME: early, "told s = 0": Altered(early, method=partial(misled, s=0.0))}
    return {
        f"{NAME}-recipe": on_recipe(NAME, "zero-filled", "tv", "dpir", operator="truncation"),
        **scales,
        f"{NAME}-parts": study("What its parts are worth, at a factor of 4", parts, four),
        f"{NAME}-between": study("A size between, by an early stop", stops, between),
    }


def scale(factor: float, samples: int, pixels: int, other: int) -> Study:
    """The method beside others at one factor, on the size of training, on another, and on heads that were measured with coils."""
    rows: dict[str, Any] = {name: by(name, factor) for name in ("zero-filled", "tv", "dpir")}
    scans = {f"T2 slices, {samples} to {pixels} pixels": heads(factor),
             f"T2 slices, {samples * other // pixels} to {other} pixels": heads(factor, size=other, count=2),
             "heads measured with coils": heads(factor, source="measured")}  # fmt: skip
    return study(f"Super-resolution by a factor of {factor:.3g}", rows | {NAME: method(factor)}, scans)


def study(title: str, rows: Mapping[str, Any], scans: Mapping[str, Any]) -> Study:
    """A study with the columns of this card."""
    return Study(title=title, rows=rows, scans=scans, metrics=("psnr", "ssim", "HFEN", "nfe", "operator_calls", "seconds"),
                 extra={"HFEN": of_x(hfen)}, better={"HFEN": -1}, against=(NAME,))  # fmt: skip

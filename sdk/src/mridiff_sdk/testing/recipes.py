"""Checks of recipes: a method runs, repeats, and does not see the truth."""

from __future__ import annotations

import json
from dataclasses import replace

from mridiff.interfaces import Scan
from mridiff.pipeline.method import Method
from mridiff.pipeline.record import describe, origin, scan_record

from .cases import RecipeCase
from .check import collect, law
from .values import distance, finite, identical


@law("recipe")
def runs(case: RecipeCase) -> None:
    """It is valid, its components fit, and a few steps on its own scan give a finite image."""
    result = case.result
    assert finite(result.x), "the result holds NaN or infinite numbers"
    shape = tuple(result.x.shape)
    assert shape[0] == 1 and len(shape) == len(result.axes) + 1, f"the result has shape {shape} and axes {result.axes}"


@law("recipe", after=("runs",))
def repeats(case: RecipeCase) -> None:
    """The same seed gives the same image, bit by bit."""
    again = case.method(case.scan)
    assert identical(again.x, case.result.x), f"a second run differs by {distance(again.x, case.result.x):.2g}"


@law("recipe", after=("repeats",))
def truth_unseen(case: RecipeCase) -> None:
    """The truth is for scoring alone: another truth changes neither the image nor its scale."""
    truth = {name: replace(f, data=3 * f.data.flip(-1)) for name, f in case.scan.truth.items()}
    found = case.method(Scan(case.scan.id, case.scan.measured, truth))
    assert found.scale == case.result.scale, f"with another truth the scale is {found.scale:.4g} instead of {case.result.scale:.4g}"
    assert identical(found.x, case.result.x), f"with another truth the image changes by {distance(found.x, case.result.x):.2g}"


@law("recipe", after=("truth_unseen",))
def record(case: RecipeCase) -> None:
    """Its record is plain data and complete: configuration, versions, weights, seed, scale, data, cost."""
    assert isinstance(case.method, Method), f"it is {type(case.method).__name__}, which no record can be made of"
    head = describe(case.method)
    json.dumps(head)  # in the record itself, what is not plain has become text
    found = scan_record(case.result, origin(head, case.scan))
    wanted = {"config", "versions", "weights_sha256", "device", "id", "seed", "samples", "scale", "data_sha256", "cost", "metrics"}
    missing = sorted(wanted - found.keys())
    assert not missing, f"the record lacks {', '.join(missing)}"


CHECKS = collect(globals())

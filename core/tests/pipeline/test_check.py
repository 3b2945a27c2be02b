"""A scan made by hand is looked at first, and all that is wrong with it is said at once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field
from mridiff.pipeline.method import load
from toy import CONFIG, Few, registry


def _said(**changes):
    scan = Few()[0]
    with pytest.raises(DataError) as caught:
        load(CONFIG, registry())(replace(scan, measured=replace(scan.measured, **changes)))
    return caught.value.message


Y, MASK = Few()[0].measured.y, Few()[0].measured.acquisition["mask"]
HOLES = torch.where(MASK.data > 0, Y, torch.nan)


@pytest.mark.parametrize(("changes", "words"), [
    ({"y": Y.real}, ["y is real", "complex image"]),
    ({"y": Y[0]}, ["y has 2 axes where 3 are wanted"]),
    ({"y": Y.mT.contiguous()}, ["y has shape (1, 6, 4)"]),
    ({"y": Y[..., :5]}, ["y has shape (1, 4, 5)"]),
    ({"y": Y.real.int()}, ["y is real"]),
    ({"y": Y.numpy()}, ["y is ndarray, not a tensor"]),
    ({"y": HOLES}, ["y holds 12 values that are NaN or infinite"]),
    ({"y": Y * torch.inf}, ["NaN or infinite"]),
    ({"y": (HOLES, Y)}, ["y holds 12 values"]),
    ({"y": (Y, Y)}, ["expects 1 measurement(s), the scan has 2"]),
    ({"acquisition": {"mask": replace(MASK, axes=("x", "y"))}}, ["mask has axes (x, y) where the order of the operator is (y, x)"]),
    ({"acquisition": {"mask": replace(MASK, data=MASK.data / 0)}}, ["mask holds 24 values"]),
    ({"acquisition": {"mask": Field(np.ones((1, 4, 6)), ("y", "x"))}}, ["mask is ndarray, not a tensor"]),
    ({"conditions": {"label": Field(torch.tensor([[torch.nan]]), ("channel",))}}, ["label holds 1 values"]),
    ({"y": HOLES.real[..., :5], "acquisition": {"mask": replace(MASK, axes=("x", "y"))}},
     ["y holds", "y has shape (1, 4, 5) and is real", "mask has axes (x, y)"]),
    ({"y": Y.real, "acquisition": {"mask": Field(np.ones((1, 4, 6)), ("y", "x"))}}, ["mask is ndarray"]),
])  # fmt: skip
def test_everything_wrong_is_named_at_once(changes, words):
    text = _said(**changes)
    assert text.startswith("scan s0 does not fit operator local/mask: ") and all(w in text for w in words), text


def test_other_faults_of_the_operator_are_not_hidden():
    with pytest.raises(DataError, match="the scan has no mask"):
        load(CONFIG, registry())(replace(Few()[0], measured=replace(Few()[0].measured, acquisition={})))


def test_a_sound_scan_of_double_precision_passes():
    scan = Few()[0]
    double = replace(scan.measured, y=Y.to(torch.complex128), acquisition={"mask": replace(MASK, data=MASK.data.double())})
    assert load(CONFIG, registry())(replace(scan, measured=double)).x.isfinite().all()

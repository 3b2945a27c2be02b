"""What lies in a space, and what a space says of that which does not."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Space

ANY, FIXED = Space(("y", "x")), Space(("y", "x"), (4, 6))


@pytest.mark.parametrize(("space", "other", "admitted"), [
    (ANY, FIXED, True), (FIXED, FIXED, True), (FIXED, ANY, False), (FIXED, Space(("y", "x"), (4, 5)), False),
    (FIXED, Space(("x", "y"), (4, 6)), False), (FIXED, Space(("y", "x"), (4, 6), complex=False), False),
    (Space(("y", "x"), complex=False), FIXED, False), (Space(("y", "x"), (None, 6)), FIXED, True), (ANY, Space(("z", "y", "x")), False),
])  # fmt: skip
def test_a_space_admits_what_all_lies_in_it(space, other, admitted):
    assert space.admits(other) is admitted


@pytest.mark.parametrize(("space", "tensor", "words"), [
    (FIXED, torch.zeros(1, 4, 6), ["is real", "complex image"]),
    (Space(("y", "x"), complex=False), torch.zeros(1, 4, 6, dtype=torch.complex64), ["is complex", "real image"]),
    (FIXED, torch.zeros(4, 6, dtype=torch.complex64), ["has 2 axes where 3 are wanted"]),
    (FIXED, torch.zeros(1, 6, 4, dtype=torch.complex64), ["has shape (1, 6, 4)", "y=4, x=6"]),
    (FIXED, torch.zeros(1, 6, 4), ["has shape (1, 6, 4) and is real"]),
])  # fmt: skip
def test_all_that_keeps_a_tensor_out_is_named(space, tensor, words):
    with pytest.raises(DataError) as caught:
        space.check(tensor, "the thing")
    assert caught.value.message.startswith("the thing") and all(w in caught.value.message for w in words)


def test_what_lies_in_a_space_passes():
    FIXED.check(torch.zeros(3, 4, 6, dtype=torch.complex128), "x")
    ANY.check(torch.zeros(1, 9, 1, dtype=torch.complex64), "x")
    Space.of(torch.zeros(1, 4, 6), ("y", "x")).check(torch.ones(2, 4, 6, dtype=torch.float64), "x")


def test_a_space_knows_its_type_its_axes_and_their_places():
    assert FIXED.dtype() == torch.complex64 and FIXED.dtype(torch.float64) == torch.complex128
    assert Space(("y", "x"), complex=False).dtype(torch.float64) == torch.float64
    assert FIXED.dims == (1, 2) and (FIXED.dim("y"), FIXED.dim("x")) == (-2, -1)
    assert ANY.fixed((4, 6)) == FIXED and FIXED.shape == (4, 6)
    assert Space.of(torch.zeros(1, 4, 6), ("y", "x"), "ppm", "map") == Space(("y", "x"), (4, 6), False, "ppm", "map")
    with pytest.raises(ValueError, match="any size"):
        _ = ANY.shape


@pytest.mark.parametrize("axes", [("y", "y"), ("sample", "x"), ("sandwich",)])
def test_axes_are_known_and_distinct(axes):
    with pytest.raises(ValueError, match="axes must be distinct"):
        Space(axes)
    with pytest.raises(ValueError, match="axes must be distinct"):
        Space(("y", "x"), (1,))

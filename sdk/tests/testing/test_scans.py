"""Tiny masks, whatever their draw: something is left out of every frame, the centre never."""

import pytest
import torch

from mridiff_sdk.testing.scans import Shape, mask


@pytest.mark.parametrize("axes", [("y", "x"), ("z", "y", "x"), ("t", "y", "x")])
@pytest.mark.parametrize("size", [2, 3])
def test_a_mask_is_never_full_and_holds_its_centre(axes, size):
    for seed in range(200):
        kept = mask(Shape(axes, (size,) * len(axes), samples=2, seed=seed), torch.float32).data
        frames = kept.reshape(-1, *(size,) * (3 if "z" in axes else 2))
        assert all(bool((f == 0).any()) and f[(size // 2,) * f.ndim] == 1 for f in frames)


def test_lines_where_the_seed_is_odd():
    kept = mask(Shape(("y", "x"), (6, 8), seed=3), torch.float32).data[0]
    assert torch.equal(kept, kept[:1].expand_as(kept)) and 0 < kept.sum() < kept.numel()

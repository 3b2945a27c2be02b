import math

import pytest
import torch

from mridiff.interfaces import Field, Space
from mridiff_sdk.metrics import head_region, moving_region, psnr, temporal_nmse
from mridiff_sdk.metrics.report import score

SERIES = Space(("t", "y", "x"), complex=False)


def beat(frames=5, n=16):
    """A bright background with one pixel that goes up and down, complex (1, t, y, x)."""
    x = torch.ones(1, frames, n, n, dtype=torch.complex64)
    x[:, 1::2, 3, 4] = 2j
    return x


def test_an_estimate_that_stands_still_misses_all_change():
    x = beat()
    assert float(temporal_nmse(x, x)) == 0
    assert float(temporal_nmse(x.mean(1, keepdim=True).abs().expand_as(x), x)) == pytest.approx(1)
    assert float(temporal_nmse(x + 0.3 * x / x.abs(), x)) == pytest.approx(0, abs=1e-10)  # an offset is no change
    moved = x.clone()
    moved[:, 1::2, 3, 4] = 1.5j
    assert float(temporal_nmse(moved, x)) == pytest.approx(0.25)


def test_time_may_stand_anywhere():
    x, estimate = beat(), 0.9 * beat()
    torch.testing.assert_close(temporal_nmse(estimate.movedim(1, 3), x.movedim(1, 3), dim=-1), temporal_nmse(estimate, x))


def test_the_moving_region_is_where_it_moves():
    region = moving_region(beat())
    assert region.shape == beat().shape and region.sum() == 5 and region[:, :, 3, 4].all()
    assert not moving_region(beat(), share=0.3).any()
    assert not moving_region(torch.ones(2, 4, 8, 8)).any() and not moving_region(torch.zeros(1, 4, 8, 8)).any()


def test_the_record_of_a_series_that_moves_says_so():
    x = beat()
    x[..., :2] = x[..., -2:] = 0  # something around the object, so that there is one
    made, still = score("x", 0.9 * x, x, SERIES, {}), score("x", x[:, :1], x[:, :1], SERIES, {})
    assert made["psnr_moving"] == pytest.approx(float(psnr(0.9 * x, x, region=moving_region(x))))
    head = head_region(x) & ~moving_region(x)
    assert made["psnr_still"] == pytest.approx(float(psnr(0.9 * x, x, region=head)))
    assert made["nmse_temporal"] == pytest.approx(0.01, rel=1e-4)
    plane = score("x", x[:, 0], x[:, 0], Space(("y", "x"), complex=False), {"head": Field(torch.ones(1, 16, 16), ("y", "x"))})
    assert "psnr_moving" not in still and "nmse_temporal" not in plane
    assert not math.isnan(made["psnr_head"])

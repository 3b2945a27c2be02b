import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.operators import Radon


def radon(size=(20, 20), angles=8, bins=30, scale=1.0):
    return Radon(size, torch.arange(angles, dtype=torch.float64)[None] * math.pi / angles, bins, torch.tensor([scale]).double())


def test_every_angle_holds_the_whole_activity_and_a_disc_casts_its_chords():
    A, r = radon((64, 64), 7, 92), 20.0
    y, x = torch.meshgrid(*(torch.arange(64, dtype=torch.float64) - 31.5,) * 2, indexing="ij")
    disc = torch.sigmoid((r - torch.hypot(y, x)) * 8)[None]
    g = A(disc)
    torch.testing.assert_close(g.sum(-1), disc.sum().expand(1, 7))
    t = torch.arange(92, dtype=torch.float64) - 45.5
    chords = 2 * (r**2 - t**2).clamp_min(0).sqrt()
    inside = t.abs() < r - 2
    assert float((g[0][:, inside] / chords[inside] - 1).abs().max()) < 0.04
    assert not g[0][:, t.abs() > r + 2].abs().gt(1e-3).any()


def test_a_pixel_seen_from_the_side_falls_into_its_bins():
    A = Radon((5, 5), torch.tensor([[0.0, math.pi / 2, math.pi / 4]], dtype=torch.float64), 7, torch.ones(1).double())
    pixel = torch.zeros(1, 5, 5, dtype=torch.float64)
    pixel[0, 1, 3] = 1.0  # one right of the middle, one up
    g = A(pixel)[0]
    torch.testing.assert_close(g[0], torch.eye(7, dtype=torch.float64)[4], atol=1e-3, rtol=0)
    torch.testing.assert_close(g[1], torch.eye(7, dtype=torch.float64)[2], atol=1e-3, rtol=0)
    # on the diagonal the shadow is a triangle of width sqrt(2) about the middle bin: 1 - 2 (sqrt(1/2) - 1/2)^2 / 2 / (1/2)
    middle = 1 - 2 * (math.sqrt(0.5) - 0.5) ** 2
    torch.testing.assert_close(g[2], torch.tensor([0, 0, (1 - middle) / 2, middle, (1 - middle) / 2, 0, 0]).double(), atol=1e-4, rtol=0)


def test_filtered_back_projection_has_the_units_of_activity():
    A = radon((32, 32), 40, 46, scale=7.0)
    y, x = torch.meshgrid(*(torch.arange(32, dtype=torch.float64) - 15.5,) * 2, indexing="ij")
    u = torch.sigmoid(10 - torch.hypot(y, x))[None]
    assert float((A.rough(A(u)) - u)[0, 10:22, 10:22].abs().max()) < 0.04
    torch.testing.assert_close(A.scaled(2.0).rough(A(u)), A.rough(A(u)) / 2)


def test_angles_must_be_those_of_all_samples():
    with pytest.raises(DataError, match="same for all samples"):
        Radon((4, 4), torch.zeros(2, 3), 6, torch.ones(2))

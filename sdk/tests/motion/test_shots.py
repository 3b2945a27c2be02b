import torch

from mridiff_sdk.motion import shots_of


def lines(kept, n=8):
    mask = torch.zeros(1, 4, n)
    mask[..., kept] = 1
    return mask


def test_interleaved_and_linear_orders_count_measured_lines():
    mask = lines([0, 2, 3, 5, 6, 7])
    assert shots_of(mask, 3)[0, 0].tolist() == [0, -1, 1, 2, -1, 0, 1, 2]
    assert shots_of(mask, 3, "linear")[0, 0].tolist() == [0, -1, 0, 1, -1, 1, 2, 2]


def test_lines_are_along_the_axis_that_varies():
    mask = lines([1, 4, 5])
    assert torch.equal(shots_of(mask.mT, 2), shots_of(mask, 2).mT)
    assert shots_of(torch.ones(1, 4, 6), 6)[0, 0].tolist() == [0, 1, 2, 3, 4, 5]  # nothing varies: lines along kx


def test_every_sample_of_a_mask_of_points_gets_a_shot():
    mask = (torch.rand(2, 7, 9, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    shots = shots_of(mask, 3)
    assert torch.equal(shots >= 0, mask > 0) and shots.max() == 2
    assert torch.equal(shots_of(mask[1:], 3), shots[1:])

import torch

from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.sampling_patterns.poisson import BLUR, SLOPE, poisson_disc


def nearest(points):
    distance = torch.cdist(points, points)
    distance.fill_diagonal_(float("inf"))
    return distance.amin(1)


def test_samples_keep_a_distance_that_grows_outwards():
    m = mask("poisson", (96, 96), 10, 0, 0)
    points = torch.nonzero(m).double()
    radius = torch.linalg.vector_norm((points - 48) / 48, dim=1)
    gap = nearest(points)
    inner, outer = gap[radius < 0.4], gap[(radius > 0.9) & (radius < 1.1)]
    assert outer.mean() > 1.4 * inner.mean()
    # either of two neighbours may have come first, and its disc may be the smallest one
    scale = (gap / (1 + SLOPE * radius) / (1 - BLUR) ** 0.5).amin()
    assert scale > 0.5


def test_no_sides_touch_at_high_acceleration():
    assert nearest(torch.nonzero(mask("poisson", (64, 80), 16, 0, 1)).double()).amin() > 1


def test_more_even_than_chance():
    m = mask("poisson", (96, 96), 8, 0, 0)
    shuffled = m.flatten()[torch.randperm(m.numel(), generator=torch.Generator().manual_seed(0))].view_as(m)
    assert nearest(torch.nonzero(m).double()).mean() > 1.3 * nearest(torch.nonzero(shuffled).double()).mean()


def test_only_the_box_if_no_more_is_wanted():
    m = poisson_disc((16, 16), 16, (4, 4), torch.Generator().manual_seed(0))
    assert m[6:10, 6:10].all()
    assert int(m.sum()) == 16

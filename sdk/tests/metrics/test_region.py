import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.metrics import head_region
from mridiff_sdk.metrics.region import otsu


def head(shape=(64, 60)):
    y, x = (torch.linspace(-1, 1, n) for n in shape)
    radius = torch.hypot(y[:, None] / 0.8, x / 0.7)
    image = (radius < 1).float()
    image[(radius > 0.8) & (radius < 0.88)] = 0.02  # dark bone
    image[radius < 0.2] = 0.0  # a dark ventricle
    return image, radius < 1


def test_filled_and_close_to_the_outline():
    image, truth = head()
    noisy = (image + 0.02 * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))).abs()
    region = head_region(noisy[None])[0]
    assert region.dtype == torch.bool
    dice = 2 * (region & truth).sum() / (region.sum() + truth.sum())
    assert dice > 0.96
    assert region[32, 30]


def test_the_threshold_is_that_of_otsu():
    filters = pytest.importorskip("skimage.filters")
    rng = np.random.default_rng(0)
    for share in (0.2, 0.5, 0.9):
        values = np.abs(np.where(rng.random(5000) < share, 0.1, 1.0) + 0.15 * rng.standard_normal(5000))
        assert otsu(values) == pytest.approx(filters.threshold_otsu(values), rel=1e-6)


def test_dark_tissue_above_half_of_the_threshold_counts():
    """A plane of air 0, dark tissue 0.3 and bright tissue 1: Otsu's value lies between 0.3 and 0.6, its half below the dark one."""
    plane = torch.zeros(1, 64, 64)
    plane[:, 8:56, 8:56] = 0.3
    plane[:, 20:44, 20:44] = 1.0
    assert head_region(plane)[0, 10:54, 10:54].all()
    plane[plane == 0.3] = 0.1
    assert not head_region(plane)[0, 10:16, 10:54].any()


def test_specks_in_the_air_are_left_out():
    image, _ = head()
    image[2:5, 2:5] = 1
    assert not head_region(image[None])[0, :8, :8].any()


def test_an_object_that_touches_the_border_keeps_it():
    image = torch.zeros(1, 40, 40)
    image[:, 5:, 8:30] = 1
    assert head_region(image)[0, -1, 10:28].all()


def test_plane_by_plane_any_scale_complex():
    image, _ = head()
    stack = torch.stack((image, image.flip(0).roll(4, 1)))[None]
    region = head_region(1e-6 * stack * torch.exp(torch.tensor(0.7j)))
    assert torch.equal(region[0, 1], head_region(stack[:, 1])[0])


def test_no_contrast_is_an_error():
    with pytest.raises(DataError, match="contrast"):
        head_region(torch.ones(1, 8, 8))
    with pytest.raises(DataError, match="contrast"):
        head_region(torch.full((1, 8, 8), float("nan")))

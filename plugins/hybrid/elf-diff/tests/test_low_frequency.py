"""The box of low frequencies, mixing inside it, and features by which it grows."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_elf_diff.features import distance, features, filters
from mridiff_elf_diff.low_frequency import box, low, mixed
from mridiff_elf_diff.sampler import FIRST, LAST, grown
from mridiff_sdk.fourier import fft


def image(seed, samples=1, shape=(20, 24)):
    return Streams.of(seed, "", samples).normal(shape)


def half(m, samples=1):
    return torch.full((samples,), m, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(64, 64), (7, 6), (1, 5)])
def test_the_box_has_one_sample_at_least_and_no_more_than_all(shape):
    centre = box(half(0.001), *shape)[0].nonzero().tolist()
    assert centre == [[n // 2 for n in shape]]
    assert box(half(0.5), *shape).all() and box(half(0.8), *shape).all()
    sizes = [int(box(half(float(m)), *shape).sum()) for m in torch.linspace(0.01, 0.8, 50)]
    assert sizes == sorted(sizes) and sizes[-1] == shape[0] * shape[1]


def test_the_box_of_a_quarter():
    inside = box(torch.tensor([0.25, 0.01]), 8, 9)
    assert inside[0].any(1).nonzero().flatten().tolist() == [2, 3, 4, 5, 6]
    assert inside[0].any(0).nonzero().flatten().tolist() == [2, 3, 4, 5, 6]
    assert int(inside[1].sum()) == 1


@pytest.mark.parametrize("m", [0.01, 0.2, 0.5, 0.8])
def test_mixing_is_inside_the_box_alone(m):
    x, before = image(0), image(1)
    k, a, b = (fft(v) for v in (mixed(x, before, half(m), 0.7), x, before))
    inside = box(half(m), 20, 24)
    torch.testing.assert_close(k[inside], (0.7 * a + 0.3 * b)[inside])
    torch.testing.assert_close(k[~inside], a[~inside])


def test_a_whole_share_is_no_mixing_whatever_the_box():
    x = image(0)
    assert all(torch.equal(mixed(x, image(1), half(m), 1.0), x) for m in (0.01, 0.3, 0.8))


def test_each_sample_has_a_box_of_its_own():
    x, m = image(0, 2), torch.tensor([0.1, 0.3])
    torch.testing.assert_close(low(x, m), torch.cat([low(x[[i]], m[[i]]) for i in (0, 1)]))


def test_real_images_and_series_stay_what_they_are():
    x = torch.stack((image(0, 2).real, image(1, 2).real), 1)  # (sample, t, y, x)
    found = low(x, half(0.3, 2))
    assert found.dtype == x.dtype and found.shape == x.shape
    torch.testing.assert_close(found[:, 1], low(x[:, 1], half(0.3, 2)))
    torch.testing.assert_close(found, low(x.to(torch.complex64), half(0.3, 2)).real)
    assert low(x.to(torch.complex64), half(0.3, 2)).imag.abs().max() < 1e-6


def test_the_distance_is_that_of_a_cosine():
    a, b = image(0, 3), image(1, 3)
    d = distance(a, b)
    assert ((d >= 0) & (d <= 1)).all() and (d > 0).all()
    torch.testing.assert_close(distance(3 * a, b), d)
    torch.testing.assert_close(distance(a, a), torch.zeros(3), atol=1e-6, rtol=0)
    f, g = features(a), features(b)
    torch.testing.assert_close(d, 1 - torch.nn.functional.cosine_similarity(f, g), atol=1e-6, rtol=1e-4)
    assert (distance(torch.zeros_like(a), b) == 0).all()


def test_features_tell_orientations():
    r = torch.arange(32.0)
    stripes = 1 + torch.cos(torch.pi / 2 * r)
    across, down = stripes.expand(1, 32, 32), stripes[:, None].expand(1, 32, 32)
    f, g = features(across), features(down)
    assert int(f[0, 1:5].argmax()) == 0 and int(g[0, 1:5].argmax()) == 2
    assert distance(across, down) > 5 * distance(across, across.roll(1, 2))
    torch.testing.assert_close(filters().sum((1, 2, 3)), torch.zeros(8, dtype=torch.float64), atol=1e-12, rtol=0)


def test_flat_images_differ_in_nothing():
    flat = torch.ones(1, 9, 7)
    assert features(flat)[0, 1:].abs().max() < 1e-6 and float(distance(flat, 5 * flat)) < 1e-6


def test_the_box_grows_by_one_notch_or_not_at_all():
    x, before, notches = image(0, 6), image(1, 6), torch.linspace(FIRST, LAST, 9, dtype=torch.float64)
    notch = torch.tensor([0, 1, 3, 4, 5, 8])
    found = grown(x, before, notches, notch)
    assert ((found == notch) | (found == notch + 1)).all() and int(found[-1]) == 8
    for i in range(5):
        now, then = (float(distance(low(x[[i]], half(float(notches[n]))), low(before[[i]], half(float(notches[n])))))
                     for n in (notch[i], notch[i] + 1))  # fmt: skip
        assert int(found[i]) == int(notch[i]) + (then >= now)
    assert (found[:5] == notch[:5]).any() or (found[:5] == notch[:5] + 1).any()


def test_a_box_whose_larger_one_agrees_better_stays():
    """Images that differ in their lowest frequencies alone: what a larger box adds is the same in both."""
    x = image(0)
    notches = torch.tensor([0.1, 0.45], dtype=torch.float64)
    before = x + 3 * low(image(1), half(0.1))
    assert int(grown(x, before, notches, torch.zeros(1, dtype=torch.long))) == 0
    before = x + low(image(1) - low(image(1), half(0.1)), half(0.45))
    assert int(grown(x, before, notches, torch.zeros(1, dtype=torch.long))) == 1

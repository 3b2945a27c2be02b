from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions.langevin import balanced, corrector, langevin, norm


@pytest.mark.parametrize("dtype", [torch.complex64, torch.float32])
def test_langevin_leaves_its_gaussian_unchanged(dtype):
    # One move with score -x / v turns variance v into v (1 - delta / v)^2 + 2 delta, real or complex.
    v, delta, rng = 2.0, 0.1, Streams.of(0, "l", 2)
    x = v**0.5 * rng.normal((300, 300), dtype)
    y = langevin(x, -x / v, delta, rng)
    assert abs(float(y.abs().square().mean()) / (v * (1 - delta / v) ** 2 + 2 * delta) - 1) < 0.01


@pytest.mark.parametrize("dtype", [torch.complex64, torch.float32])
def test_corrector_follows_the_snr_rule_for_real_and_complex_alike(dtype):
    rng = Streams.of(1, "c", 3)
    mean, score = rng.normal((20, 20), dtype), 3 * rng.normal((20, 20), dtype)
    z = Streams.of(2, "z", 3).normal((20, 20), dtype)
    x, moved = corrector(mean, score, 0.16, Streams.of(2, "z", 3))
    delta = (2 * (0.16 * norm(z) / norm(score)) ** 2)[:, None, None]
    torch.testing.assert_close(moved, mean + delta * score)
    torch.testing.assert_close(x, moved + (2 * delta).sqrt() * z)
    torch.testing.assert_close(norm(moved - mean) / norm(x - moved), torch.full((3,), 0.16))


def test_copies_share_one_mean_and_differ_by_their_noise():
    mean, score = torch.zeros(2, 30, 30), torch.ones(2, 30, 30)
    x, moved = corrector(mean, score, 0.1, Streams.of(0, "k", 2), copies=3)
    assert x.shape == (2, 3, 30, 30) and moved.shape == (2, 30, 30)
    noise = x - moved[:, None]
    # The step is that of one copy: delta = 2 (0.1 |n| / |score|)^2 with |n| = |score| here.
    assert abs(float(moved.mean()) / 0.02 - 1) < 0.05
    assert abs(float((noise[:, 0] * noise[:, 1]).mean()) / float(noise.square().mean())) < 0.1


def test_balanced_gradients_have_the_asked_norm_per_sample_and_zero_stays_zero():
    g, like = Streams.of(0, "g", 3).normal((4, 4)), Streams.of(0, "s", 3).normal((4, 4))
    torch.testing.assert_close(norm(balanced(g, like, 0.5)), 0.5 * norm(like))
    assert torch.equal(balanced(torch.zeros_like(g), like), torch.zeros_like(g))
    torch.testing.assert_close(balanced(g, like)[1:2], balanced(g[1:2], like[1:2]))

from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import EDM, VE, VP, Cosine, GaussianDiffusion

CONTINUOUS = [VP(), VP(beta_min=0.5, beta_max=0.5), VE(), EDM(0.01, 10.0), Cosine()]
DISCRETE = [VP(levels=1000), VP(levels=50), Cosine(levels=200)]


def name(d: GaussianDiffusion) -> str:
    return f"{type(d).__name__}-{d.levels}"


@pytest.mark.parametrize("d", CONTINUOUS + DISCRETE, ids=name)
def test_starts_clean_and_degrades_monotonically(d):
    assert d.alpha(0.0) == 1 and d.sigma(0.0) == 0
    t = torch.linspace(0, d.t_range[1], 257, dtype=torch.float64)
    assert (d.ratio(t).diff() > 0).all() and (d.alpha(t).diff() <= 0).all() and (d.sigma(t).diff() >= 0).all()


@pytest.mark.parametrize("d", CONTINUOUS, ids=name)
def test_time_inverts_the_ratio_exactly(d):
    low, high = d.t_range
    t = torch.exp(torch.linspace(torch.tensor(low).log(), torch.tensor(high).log(), 301, dtype=torch.float64)).clamp(low, high)
    torch.testing.assert_close(d.time(d.ratio(t)), t, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("d", DISCRETE, ids=name)
def test_time_of_a_discrete_chain_snaps_to_the_nearest_level(d):
    levels = torch.arange(1, d.levels, dtype=torch.float64) / d.levels
    torch.testing.assert_close(d.time(d.ratio(levels)), levels, rtol=0, atol=1e-12)
    torch.testing.assert_close(d.time(d.ratio(levels + 0.3 / d.levels)), levels, rtol=0, atol=1e-12)


@pytest.mark.parametrize("d", CONTINUOUS + DISCRETE, ids=name)
def test_time_is_clamped_to_the_range_and_keeps_the_shape(d):
    t = d.time(torch.tensor([[0.0, 1e9]]))
    assert t.shape == (1, 2) and t.tolist() == [[d.t_range[0], d.t_range[1]]]
    assert d.time(0.3).shape == ()


@pytest.mark.parametrize("d", [VP(), VP(levels=1000), Cosine()], ids=name)
def test_variance_is_preserved(d):
    t = torch.linspace(0, d.t_range[1], 101, dtype=torch.float64)
    torch.testing.assert_close(d.alpha(t) ** 2 + d.sigma(t) ** 2, torch.ones_like(t), rtol=1e-12, atol=0)


def test_the_table_is_that_of_ddpm():
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    expected = (1 - betas).cumprod(0).sqrt()
    torch.testing.assert_close(VP(levels=1000).alpha(torch.arange(1, 1001, dtype=torch.float64) / 1000), expected, rtol=1e-12, atol=0)


def test_the_table_tends_to_the_continuous_process():
    t = torch.linspace(0.01, 1, 50, dtype=torch.float64)
    assert (VP(levels=20000).ratio(t) / VP().ratio(t) - 1).abs().max() < 6e-3


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.float32])
def test_degrade_has_the_stated_mean_and_variance_per_number(dtype):
    x0 = torch.full((2, 100, 100), 3.0, dtype=dtype)
    d, t = VP(), torch.tensor([0.2, 0.6])
    x_t = d.degrade(x0, t, Streams.of(0, "degrade", 2))
    assert x_t.dtype == dtype
    for i in range(2):
        n = x_t[i] - d.alpha(t[i]) * x0[i]
        assert abs(float(n.abs().square().mean().sqrt()) / float(d.sigma(t[i])) - 1) < 0.03
        assert float(n.mean().abs()) < 0.03


def test_bad_configurations_are_refused():
    with pytest.raises(ValueError, match="t_range"):
        VP(t_range=(0.5, 0.2))
    with pytest.raises(ValueError, match="beta_max < levels"):
        VP(levels=10)
    with pytest.raises(ValueError, match="offset"):
        Cosine(offset=0.0)

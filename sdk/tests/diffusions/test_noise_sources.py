from __future__ import annotations

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_sdk import fourier
from mridiff_sdk.diffusions import VP, Correlated, Masked, Simplex, white
from mridiff_sdk.diffusions.noise_sources import SIMPLEX_VARIANCE, simplex

SOURCES = {"white": white, "shared": Correlated(-3, 0.8), "chain": Correlated(-3, 0.6, chain=True), "simplex": Simplex(8.0),
           "masked": Masked(torch.ones(1, 1, 12, 12))}  # fmt: skip


CASES = [(n, d) for n in SOURCES for d in (torch.complex64, torch.complex128, torch.float32) if (n, d) != ("masked", torch.float32)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_unit_variance_of_the_right_type(name, dtype):
    n = SOURCES[name](torch.zeros(1, 5, 12, 12, dtype=dtype), Streams.of(0, "n", 60))
    assert n.shape == (60, 5, 12, 12) and n.dtype == dtype
    assert abs(float(n.abs().square().mean()) - 1) < 0.06
    if dtype.is_complex:
        assert abs(float(n.real.square().mean()) - 0.5) < 0.06
        assert abs(float((n.real * n.imag).mean())) < 0.05


@pytest.mark.parametrize("name", SOURCES)
def test_a_draw_does_not_depend_on_the_batch(name):
    like = torch.zeros(1, 2, 12, 12, dtype=torch.complex64)
    batch = SOURCES[name](like, Streams.of(4, "scan", 3))
    torch.testing.assert_close(batch[2:], SOURCES[name](like, Streams.of(4, "scan", [2])))
    assert not torch.allclose(batch[0], batch[1])


@pytest.mark.parametrize(("chain", "expected"), [(False, [1, 0.7, 0.7, 0.7]), (True, [1, 0.7, 0.49, 0.343])])
def test_correlation_along_the_axis_is_as_stated(chain, expected):
    n = Correlated(-2, 0.7, chain)(torch.zeros(1, 4, 20000, dtype=torch.float64), Streams.of(1))[0]
    torch.testing.assert_close(n[0] @ n.mT / 20000, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=0.03)


def test_full_and_no_correlation():
    like = torch.zeros(1, 4, 50)
    n = Correlated(-2, 1.0)(like, Streams.of(1))
    torch.testing.assert_close(n, n[:, :1].expand_as(n))
    torch.testing.assert_close(Correlated(-2, 0.0)(like, Streams.of(1)), white(like, Streams.of(1)))
    with pytest.raises(ValueError, match="negative dimension"):
        Correlated(1, 0.5)


def test_masked_noise_stays_inside_its_mask():
    mask = (torch.arange(9) % 3 == 0).float().expand(1, 9, 9)
    n = fourier.fft(Masked(mask)(torch.zeros(1, 9, 9, dtype=torch.complex128), Streams.of(0, "m", 50)))
    assert float((n * (1 - mask)).abs().max()) < 1e-12
    assert abs(float((n.abs().square() * mask).sum() / mask.sum() / 50) - 1) < 0.1
    k = Masked(mask, kspace=True)(torch.zeros(1, 9, 9, dtype=torch.complex64), Streams.of(0))
    assert torch.equal(k != 0, mask.bool())


def test_the_variance_constant_of_simplex_noise():
    rng = Streams.of(2, "simplex", 16)
    points = 256 * rng.uniform((2000, 3), torch.float64)
    value = simplex(points, rng.permutation(256))
    assert abs(float(value.square().mean()) / SIMPLEX_VARIANCE - 1) < 0.03
    assert float(value.mean().abs()) < 1e-4


def test_simplex_noise_is_continuous_across_its_cells_and_smooth_where_white_noise_is_not():
    line = torch.linspace(0, 6, 60001, dtype=torch.float64)[None, :, None] * torch.tensor([1.0, 0.61, 0.37], dtype=torch.float64)
    value = simplex(line, Streams.of(0).permutation(256))
    assert float(value.diff().abs().max()) < 2e-3 * float(value.abs().max())
    n = Simplex(16.0, octaves=1)(torch.zeros(1, 64, 64), Streams.of(0, "s", 4))
    assert float(n.diff(dim=-1).square().mean()) < 0.1
    rough = Simplex(16.0, octaves=6)(torch.zeros(1, 64, 64), Streams.of(0, "s", 4))
    assert float(rough.diff(dim=-1).square().mean()) > 0.3


def test_a_diffusion_draws_from_its_source():
    d, x0 = VP(source=Correlated(-3, 1.0)), torch.zeros(1, 3, 8, 8)
    x_t = d.degrade(x0, 0.5, Streams.of(0))
    torch.testing.assert_close(x_t[:, 0], x_t[:, 2])

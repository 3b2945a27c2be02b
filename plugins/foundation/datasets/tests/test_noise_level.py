import pytest
import torch

from mridiff_datasets.noise_level import noise_level
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import mask


def object_(n=96):
    y, x = torch.meshgrid(torch.linspace(-1, 1, n), torch.linspace(-1, 1, n), indexing="ij")
    return ((y / 0.7) ** 2 + (x / 0.6) ** 2 < 1).to(torch.complex64) * (1 + 0.3 * torch.cos(8 * x))


def measured(std, n=96):
    noise = torch.randn(6, n, n, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    return fft(simulate_maps(6, (n, n), 0) * object_(n)) + std * noise


@pytest.mark.parametrize("std", [0.3, 0.03])
def test_full_data_within_a_tenth(std):
    y = measured(std)
    assert noise_level(y, torch.ones(96, 96, dtype=torch.bool)) == pytest.approx(std, rel=0.1)


@pytest.mark.parametrize("exponent", [-83, -60, 60, 83])
def test_the_level_follows_the_unit_of_the_data(exponent):
    y, everywhere = measured(0.1), torch.ones(96, 96, dtype=torch.bool)
    assert noise_level(y * 2.0**exponent, everywhere) == noise_level(y, everywhere) * 2.0**exponent


@pytest.mark.parametrize(("pattern", "factor"), [("random", 4), ("equispaced", 3), ("poisson", 5)])
def test_undersampled_data_within_a_fifth(pattern, factor):
    y = measured(0.1)
    kept = mask(pattern, (96, 96), factor, 0.08, 0)
    assert noise_level(torch.where(kept, y, 0), kept) == pytest.approx(0.1, rel=0.2)


def test_zero_padded_data_keep_their_level():
    y = measured(0.1)
    support = torch.zeros(96, 96, dtype=torch.bool)
    support[:, 10:90] = True
    assert noise_level(torch.where(support, y, 0), support) == pytest.approx(0.1, rel=0.15)


def test_signal_at_the_edge_of_kspace_does_not_raise_it():
    # A low resolution: the corner alone would be far too high.
    y = measured(0.02, 40)
    assert noise_level(y, torch.ones(40, 40, dtype=torch.bool)) == pytest.approx(0.02, rel=0.25)


def test_data_without_noise_or_with_too_few_samples_have_no_level():
    padded = torch.zeros(1, 96, 96, dtype=torch.complex64)
    padded[:, 40:60, 40:60] = 1
    assert noise_level(fft(padded), torch.ones(96, 96, dtype=torch.bool)) is None
    assert noise_level(padded, torch.zeros(96, 96, dtype=torch.bool)) is None

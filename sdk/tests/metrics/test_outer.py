import torch

from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics.outer import edge_score, outer_nmse


def image(seed=0):
    return torch.randn(2, 20, 24, generator=torch.Generator().manual_seed(seed), dtype=torch.complex64)


def test_an_image_without_high_frequencies_has_an_outer_error_of_one():
    x = image()
    k = fft(x)
    low = torch.zeros_like(k)
    low[:, 8:13, 10:15] = k[:, 8:13, 10:15]
    torch.testing.assert_close(outer_nmse(ifft(low), x), torch.ones(2))
    torch.testing.assert_close(outer_nmse(x + 3 * ifft(low), x), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(outer_nmse(1.5 * x, x), torch.full((2,), 0.25))


def test_edges_correlate_with_themselves_whatever_the_scale_and_not_with_others():
    step = torch.zeros(1, 16, 16)
    step[:, :, 8:] = 1
    torch.testing.assert_close(edge_score(2 * step, step), torch.ones(1))
    assert edge_score(step.mT, step) < 0.2
    noisy = step + 0.3 * image()[:1, :16, :16].real
    assert 0.2 < float(edge_score(noisy, step)) < 0.95

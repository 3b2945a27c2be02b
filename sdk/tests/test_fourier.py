import math

import pytest
import torch

from mridiff_sdk.fourier import centring_phases, fft, ifft

SHAPES = [(8, 8), (7, 9), (6, 5), (1, 4), (10, 14)]


def noise(*shape, seed=0):
    return torch.randn(shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def direct(n):
    at = torch.arange(n, dtype=torch.float64) - n // 2
    return torch.exp(-2j * math.pi * at[:, None] * at / n) / math.sqrt(n)


@pytest.mark.parametrize("shape", SHAPES)
def test_fft_is_the_centred_orthonormal_sum(shape):
    x = noise(2, *shape)
    expected = direct(shape[0]) @ x @ direct(shape[1]).T
    torch.testing.assert_close(fft(x), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_fft_is_unitary_and_ifft_its_inverse_and_adjoint(shape):
    x, y = noise(2, *shape), noise(2, *shape, seed=1)
    torch.testing.assert_close(ifft(fft(x)), x)
    torch.testing.assert_close(torch.vdot(fft(x).flatten(), y.flatten()), torch.vdot(x.flatten(), ifft(y).flatten()))


def test_axes_are_those_asked_for():
    x = noise(3, 5, 4)
    torch.testing.assert_close(fft(x, (1,))[:, :, 2], fft(x[:, :, 2], (-1,)))
    torch.testing.assert_close(fft(fft(x, (0,)), (1, 2)), fft(x, (0, 1, 2)))


@pytest.mark.parametrize("shape", [*SHAPES, (320, 321), (5,), (4, 6, 7)])
def test_phases_replace_the_shifts_exactly(shape):
    x = noise(2, *shape)
    a, b = centring_phases(shape, torch.complex128)
    axes = tuple(range(-len(shape), 0))
    torch.testing.assert_close(b * torch.fft.fftn(a * x, dim=axes, norm="ortho"), fft(x, axes), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(a.conj() * torch.fft.ifftn(b.conj() * x, dim=axes, norm="ortho"), ifft(x, axes), rtol=1e-12, atol=1e-12)
    assert a.shape == b.shape == torch.Size(shape)
    assert a.is_complex() == any(n % 2 for n in shape)


def test_even_phases_are_signs():
    for phase in centring_phases((6, 4)):
        assert phase.dtype == torch.float32
        assert set(phase.unique().tolist()) == {-1.0, 1.0}

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.coils import spirit_symbol, spirit_weights
from mridiff_sdk.fourier import fft, ifft

SIZE = (20, 18)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def seen(coils=6, extent=3):
    """K-space (1, coil, ky, kx) of an image through coils whose maps have few frequencies: neighbours determine each other exactly."""
    maps = torch.zeros(coils, *SIZE, dtype=torch.complex128)
    y, x = (n // 2 - extent // 2 for n in SIZE)
    maps[:, y : y + extent, x : x + extent] = normal(coils, extent, extent)
    return fft(ifft(maps) * normal(*SIZE, seed=1))[None]


def test_the_symbol_is_the_convolution_that_the_weights_are():
    g, k = normal(2, 3, 3, 3, 3), normal(2, 3, *SIZE, seed=2)
    expected = torch.zeros_like(k)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            expected += torch.einsum("nab,nbyx->nayx", g[..., dy + 1, dx + 1], k.roll((-dy, -dx), (-2, -1)))
    G = spirit_symbol(g, SIZE)
    torch.testing.assert_close(fft((G * ifft(k)[:, None]).sum(2)), expected)


def test_weights_of_a_box_hold_in_all_of_k_space_where_coils_determine_each_other():
    k = seen()
    g = spirit_weights(k, (slice(2, 18), slice(2, 16)), kernel=5, l2=1e-13)
    x = ifft(k)
    left = torch.linalg.vector_norm((spirit_symbol(g, SIZE) * x[:, None]).sum(2) - x) / torch.linalg.vector_norm(x)
    assert left < 1e-4
    assert torch.equal(g.diagonal(dim1=1, dim2=2)[:, 2, 2], torch.zeros(1, 6, dtype=g.dtype))  # none is predicted by itself


def test_weights_are_damped_least_squares_over_all_patches():
    k, l2 = normal(1, 2, 6, 7), 0.3
    g = spirit_weights(k, (slice(0, 6), slice(0, 7)), kernel=3, l2=l2)[0]
    rows = torch.stack([k[0, :, i : i + 3, j : j + 3].flatten() for i in range(4) for j in range(5)])
    damping = l2 * (rows.abs().square().sum() / rows.shape[1])
    for coil in range(2):
        own = 9 * coil + 4
        others = [i for i in range(18) if i != own]
        grad = rows[:, others].mH @ (rows @ g[coil].flatten() - rows[:, own]) + damping * g[coil].flatten()[others]
        assert grad.abs().max() < 1e-10 * damping


@pytest.mark.parametrize(("kernel", "size"), [(4, 6), (5, 4)])
def test_too_small_a_centre_and_even_kernels_are_refused(kernel, size):
    with pytest.raises(DataError, match=f"{kernel} x {kernel} samples cannot be fitted to a region of {size} x {size}"):
        spirit_weights(normal(1, 2, 8, 8), (slice(0, size), slice(0, size)), kernel=kernel)

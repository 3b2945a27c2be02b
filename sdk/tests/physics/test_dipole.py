import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.physics.dipole import convolve, dipole_kernel, truncated_inverse

ALONG_Z = torch.tensor([[1.0, 0.0, 0.0]])
OBLIQUE = torch.tensor([[math.cos(0.5), math.sin(0.5), 0.0]])


def half(D):
    return D[..., : D.shape[-1] // 2 + 1]


def test_values_along_and_across_the_field_and_on_the_cone():
    D = dipole_kernel((8, 8, 8), (1, 1, 1), ALONG_Z)[0]
    assert D[0, 0, 0] == 0
    assert float(D[1, 0, 0]) == pytest.approx(-2 / 3) and float(D[0, 1, 2]) == pytest.approx(1 / 3)
    assert float(D[1, 1, 1]) == pytest.approx(0, abs=1e-12)  # the magic angle
    assert float(D.min()) == pytest.approx(-2 / 3) and float(D.max()) == pytest.approx(1 / 3)


def test_frequencies_are_physical_and_only_the_direction_of_b_counts():
    thick = dipole_kernel((8, 8, 8), (2, 1, 1), ALONG_Z)[0]
    assert float(thick[2, 1, 0]) == pytest.approx(1 / 3 - 1 / 2)  # index 2 of voxels twice as thick is the frequency of index 1
    torch.testing.assert_close(dipole_kernel((6, 7, 8), (1, 2, 3), 5 * OBLIQUE), dipole_kernel((6, 7, 8), (1, 2, 3), -OBLIQUE))


def test_a_turned_field_gives_the_turned_kernel():
    D, turned = dipole_kernel((8, 8, 8), (1, 1, 1), ALONG_Z), dipole_kernel((8, 8, 8), (1, 1, 1), torch.tensor([[0.0, 0.0, 1.0]]))
    torch.testing.assert_close(turned, D.transpose(1, 3))


@pytest.mark.parametrize("shape", [(6, 8, 4), (5, 7, 9), (6, 5, 8)])
def test_real_matter_has_a_real_field(shape):
    D = dipole_kernel(shape, (1, 1.5, 2), OBLIQUE)
    x = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    field = torch.fft.ifftn(D * torch.fft.fftn(x, dim=(1, 2, 3)), dim=(1, 2, 3))
    assert float(field.imag.abs().max()) < 1e-12
    torch.testing.assert_close(convolve(x, half(D), shape), field.real)


def test_a_sphere_has_no_field_inside_and_that_of_a_dipole_outside():
    n, radius = 48, 6
    g = torch.arange(n, dtype=torch.float64) - n // 2
    z, y, x = torch.meshgrid(g, g, g, indexing="ij")
    r = (z**2 + y**2 + x**2).sqrt()
    ball = torch.sigmoid(4 * (radius - r))[None]
    grid = (2 * n,) * 3
    field = convolve(ball, half(dipole_kernel(grid, (1, 1, 1), ALONG_Z)), grid)[0]
    volume = float(ball.sum())
    outside = (r > 1.7 * radius) & (r < 3 * radius)
    dipole = volume / (4 * math.pi) * (3 * z**2 / r**2 - 1) / r**3
    assert float((field - dipole)[outside].abs().max()) < 0.03 * float(dipole[outside].abs().max())
    assert float(field[r < 0.6 * radius].abs().max()) < 0.01


def test_the_truncated_inverse_is_the_inverse_off_the_cone():
    D = dipole_kernel((8, 9, 10), (1, 1, 1), OBLIQUE)
    inverse = truncated_inverse(D, 0.2)
    far = D.abs() >= 0.2
    torch.testing.assert_close((D * inverse)[far], torch.ones_like(D)[far])
    assert float(inverse.abs().max()) <= 5 and inverse[0, 0, 0, 0] == 0


def test_a_direction_of_no_length_is_refused():
    with pytest.raises(DataError, match="direction"):
        dipole_kernel((4, 4, 4), (1, 1, 1), torch.zeros(1, 3))

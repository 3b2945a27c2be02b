import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Problem, Streams
from mridiff_operators.dipole import AXES, DipoleOperator
from mridiff_sdk.consistency import proximal
from mridiff_sdk.fourier import fft, ifft

SHAPE = (8, 9, 10)
ALONG_Z = torch.tensor([[1.0, 0.0, 0.0]])
OBLIQUE = torch.tensor([[math.cos(0.5), math.sin(0.5), 0.0]])


def volume(seed=0, samples=1):
    return Streams.of(seed, "x", samples).normal(SHAPE, torch.float64)


def brain(samples=1):
    return (Streams.of(5, "mask", samples).uniform(SHAPE) < 0.6).double()


def test_it_is_the_kernel_of_the_equation_inside_the_mask():
    mask, x = brain(), volume()
    A = DipoleOperator(mask, ALONG_Z)
    k = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) - n // 2 for n in SHAPE), indexing="ij")
    k = [q / n for q, n in zip(k, SHAPE, strict=True)]
    D = torch.where(sum(q**2 for q in k) > 0, 1 / 3 - k[0] ** 2 / sum(q**2 for q in k).clamp_min(1e-9), 0)
    torch.testing.assert_close(A(x), mask * ifft(D * fft(x, (-3, -2, -1)), (-3, -2, -1)).real)


def test_without_mask_it_is_self_adjoint_and_a_constant_has_no_field():
    A = DipoleOperator(torch.ones(1, *SHAPE, dtype=torch.float64), OBLIQUE, (1, 1, 2))
    torch.testing.assert_close(A(volume()), A.H(volume()))
    assert float(A(torch.ones(1, *SHAPE, dtype=torch.float64)).abs().max()) < 1e-12


def test_empty_space_about_the_volume_keeps_the_field_from_coming_round():
    x = torch.zeros(1, *SHAPE, dtype=torch.float64)
    x[0, 0, 4, 5] = 1
    near, wide = (DipoleOperator(torch.ones(1, *SHAPE, dtype=torch.float64), ALONG_Z, pad=pad) for pad in (0, 40))
    assert float(near(x)[0, -1, 4, 5]) > 0.1  # the neighbour across the edge
    assert abs(float(wide(x)[0, -1, 4, 5])) < 0.002
    torch.testing.assert_close(wide(x)[0, 1, 4, 5], near(x)[0, 1, 4, 5], rtol=0.05, atol=0)


def test_each_sample_has_its_direction_and_mask():
    masks, directions, x = brain(2), torch.cat([ALONG_Z, OBLIQUE]), volume(samples=2)
    both = DipoleOperator(masks, directions)(x)
    for i in range(2):
        torch.testing.assert_close(both[i : i + 1], DipoleOperator(masks[i : i + 1], directions[i : i + 1])(x[i : i + 1]))


def test_the_scored_image_is_zero_outside_and_on_average():
    mask = brain()
    seen = DipoleOperator(mask, ALONG_Z).image(volume() + 4)
    assert not seen[mask == 0].any() and abs(float(seen.sum())) < 1e-9
    torch.testing.assert_close(DipoleOperator(mask, ALONG_Z).image(seen), seen)


def test_voxel_weights_of_the_noise_are_those_of_a_weighted_operator():
    """A with noise weight w^2 has the same data step as w A with white noise."""
    w, x0 = 0.2 + Streams.of(1, "w").uniform(SHAPE, torch.float64), volume(3)
    A = DipoleOperator(torch.ones(1, *SHAPE, dtype=torch.float64), ALONG_Z)
    y = A(volume())
    found = proximal(Problem.of(A, Measured(y, Gaussian(1.0, w**2))), x0, 0.1**-0.5, iterations=60, tolerance=1e-12)
    gradient = A.H(w**2 * (A(found) - y)) + 0.1 * (found - x0)
    assert float(gradient.abs().max()) < 1e-7


def test_for_scan_reads_mask_direction_and_voxel_size():
    fields = {"brain_mask": Field(brain(), AXES), "b0_direction": Field(OBLIQUE, ("channel",))}
    A = DipoleOperator.for_scan(Measured(None, Gaussian(), fields, geometry=Geometry((2.0, 1.0, 1.0))), pad=4)
    expected = DipoleOperator(brain(), OBLIQUE, (2, 1, 1), 4)
    assert A.grid == (12, 13, 14) and torch.equal(A.kernel, expected.kernel)
    with pytest.raises(DataError, match="b0_direction"):
        DipoleOperator.for_scan(Measured(None, Gaussian(), {"brain_mask": fields["brain_mask"]}))


@pytest.mark.parametrize("mask", [torch.zeros(1, *SHAPE), 0.5 * torch.ones(1, *SHAPE), torch.ones(*SHAPE)])
def test_a_mask_that_is_none_is_refused(mask):
    with pytest.raises(DataError, match="brain mask"):
        DipoleOperator(mask, ALONG_Z)


def test_the_first_look_is_thresholded_division():
    A = DipoleOperator(torch.ones(1, *SHAPE, dtype=torch.float64), ALONG_Z)
    y = A(volume())
    torch.testing.assert_close(A.rough(y), A.truncated(y, 0.2))
    assert "TKD" in A.rough_name

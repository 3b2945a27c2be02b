import math

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.sampling_patterns.density import angles, angular_shares
from mridiff_sdk.sampling_patterns.radial import radial
from mridiff_sdk.sampling_patterns.spiral import spiral

N = 24


def blob():
    at = (torch.arange(N, dtype=torch.float64) - N // 2) / N
    return torch.exp(-((at[:, None] - 0.1) ** 2 + (at + 0.05) ** 2) / (2 * 0.07**2))


def gridded_back(trajectory, weights):
    """The blob, its samples by the direct sum, and the density-weighted orthonormal adjoint."""
    k = trajectory.reshape(-1, 2).double()
    at = (torch.arange(N, dtype=torch.float64) - N // 2) / N
    rows, columns = (torch.exp(-2j * math.pi * k[:, i : i + 1] * at) for i in (0, 1))
    x = blob().to(torch.complex128)
    y = torch.einsum("sy,yx,sx->s", rows, x, columns) / N
    back = torch.einsum("sy,s,sx->yx", rows.conj(), weights.flatten() * y, columns.conj()) / N
    return float(torch.linalg.vector_norm(back - x) / torch.linalg.vector_norm(x))


@pytest.mark.parametrize("golden", [True, False])
@pytest.mark.parametrize("readout", [48, 49])
def test_weighted_adjoint_of_a_full_radial_scan_gives_the_image(golden, readout):
    assert gridded_back(*radial(55, readout, N, golden=golden)) < 0.03


@pytest.mark.parametrize(("golden", "density"), [(False, 1.0), (True, 1.0), (False, 1.6)])
def test_weighted_adjoint_of_a_full_spiral_scan_gives_the_image(golden, density):
    assert gridded_back(*spiral(13, 400, N, turns=3.0, density=density, golden=golden)) < 0.03


def test_spokes_pass_the_origin_and_end_at_the_edge():
    trajectory, weights = radial(5, 32, 32.0)
    assert trajectory.shape == (5, 32, 2)
    assert weights.shape == (5, 32)
    assert (trajectory[:, 16] == 0).all()
    torch.testing.assert_close(torch.linalg.vector_norm(trajectory[:, 0], dim=-1), torch.full((5,), 16.0))
    assert (weights > 0).all()


@pytest.mark.parametrize("golden", [True, False])
def test_weights_of_spokes_are_the_areas_of_a_disc(golden):
    """The sample at the origin, of both halves of its spoke, is one of them."""
    _, weights = radial(7, 49, 24.0, golden=golden)
    assert float(weights.double().sum()) == pytest.approx(math.pi * 12**2, rel=1e-5)


def test_first_spoke_lies_along_kx():
    trajectory, _ = radial(3, 8, 8)
    torch.testing.assert_close(trajectory[0, :, 1], torch.arange(-4.0, 4.0))
    assert (trajectory[0, :, 0] == 0).all()


def test_golden_angle_goes_on():
    step = angles(2, math.pi, True, 0)[1]
    assert math.degrees(float(step)) == pytest.approx(111.246, abs=1e-3)
    whole, _ = radial(8, 16, 16)
    later, _ = radial(3, 16, 16, first=5)
    assert torch.equal(whole[5:], later)
    arms, _ = spiral(8, 16, 16, turns=2.0, golden=True)
    assert torch.equal(arms[5:], spiral(3, 16, 16, turns=2.0, golden=True, first=5)[0])


@pytest.mark.parametrize("count", [1, 2, 13])
def test_shares_fill_the_period(count):
    share = angular_shares(angles(count, math.pi, True, 0), math.pi)
    assert float(share.sum()) == pytest.approx(math.pi)
    assert (share > 0).all()


def test_shares_are_half_the_gaps_to_both_neighbours():
    angle = torch.tensor([3.0, 0.0, 1.0])
    torch.testing.assert_close(angular_shares(angle, 4.0), torch.tensor([1.5, 1.0, 1.5]))


def test_spiral_turns_are_a_cycle_apart_and_samples_even():
    trajectory, weights = spiral(4, 2000, 32)
    assert weights.sum() == pytest.approx(math.pi * 16**2, rel=1e-5)
    steps = torch.linalg.vector_norm(trajectory[0].diff(dim=0), dim=-1)
    assert steps.max() / steps.min() < 1.01
    # arms cross the positive kx axis one cycle apart
    kx = trajectory[..., 1][:, 1:][(trajectory[..., 0][:, 1:] * trajectory[..., 0][:, :-1] <= 0) & (trajectory[..., 1][:, 1:] > 1)]
    assert (kx.sort().values.diff() - 1).abs().max() < 0.1


@pytest.mark.parametrize(
    "make", [lambda: radial(0, 8, 8), lambda: radial(3, 8, 0), lambda: spiral(0, 8, 8), lambda: spiral(2, 8, 8, density=0)]
)
def test_nonsense_is_refused(make):
    with pytest.raises(ConfigError, match="trajectory"):
        make()

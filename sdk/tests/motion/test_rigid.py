import math

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.motion import Rigid

SIZES = [(24, 24), (25, 30), (31, 23)]


def blob(size, dtype=torch.complex128):
    """A smooth object well inside the field of view, of no symmetry."""
    y, x = (torch.arange(n, dtype=torch.float64) - n // 2 for n in size)
    y, x = y[:, None], x[None]
    return (torch.exp(-((y + 2) ** 2 + (x - 3) ** 2) / 9) + 0.6j * torch.exp(-((y - 3) ** 2 + (x + 1) ** 2) / 6))[None].to(dtype)


def pose(*values):
    return torch.tensor([values], dtype=torch.float64)


@pytest.mark.parametrize("size", SIZES)
def test_no_motion_is_the_identity_and_undo_the_inverse_and_the_adjoint(size):
    x, z = (Streams.of(i, "rigid").normal(size, torch.complex128) for i in (0, 1))
    assert (Rigid(pose(0, 0, 0), size)(x) - x).abs().max() < 1e-14
    T = Rigid(pose(7, -2.3, 1.4), size)
    assert (T.undo(T(x)) - x).abs().max() < 1e-13
    assert abs((T(x).conj() * z).sum() - (x.conj() * T.undo(z)).sum()) < 1e-11


@pytest.mark.parametrize("size", SIZES)
def test_whole_pixels_are_rolled_along_the_axis_that_is_named(size):
    x = Streams.of(0, "rigid").normal(size, torch.complex128)
    assert (Rigid(pose(0, 2, 0), size)(x) - x.roll(2, -2)).abs().max() < 1e-12
    assert (Rigid(pose(0, 0, -3), size)(x) - x.roll(-3, -1)).abs().max() < 1e-12


@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_transform_at_rotated_frequencies_with_the_phase_of_the_rotated_ones(size):
    """X(k R) exp(-2 pi i (k R) . d), computed directly from the pixels: translate in the object's frame, then rotate."""
    x, angle, d = blob(size), 6.0, torch.tensor([1.3, -0.7], dtype=torch.float64)
    places = torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float64) - n // 2 for n in size), indexing="ij"), -1).reshape(-1, 2)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    k = places / torch.tensor(size) @ torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    exact = (torch.exp(-2j * math.pi * (k @ (places + d).T)) @ x.reshape(-1) / places.shape[0] ** 0.5).reshape(size)
    found = fft(Rigid(pose(angle, *d), size)(x))[0]
    assert (found - exact).abs().max() < 2e-3 * exact.abs().max()


def test_translations_compose_and_motions_follow_the_law_of_the_gauge():
    size = (32, 32)
    x = blob(size)
    assert (Rigid(pose(0, -1.2, 0.4), size)(Rigid(pose(0, 1.2, -0.4), size)(x)) - x).abs().max() < 1e-12
    c, s = math.cos(math.radians(-3)), math.sin(math.radians(-3))
    dy, dx = 1.1, -0.8
    joint = Rigid(pose(5 + 3, c * dy - s * dx + 0.5, s * dy + c * dx + 0.2), size)(x)
    assert (Rigid(pose(5, dy, dx), size)(Rigid(pose(3, 0.5, 0.2), size)(x)) - joint).abs().max() < 1e-3


def test_autograd_reaches_the_pose():
    x = Streams.of(0, "rigid").normal((6, 7), torch.complex128)
    assert torch.autograd.gradcheck(lambda p: torch.view_as_real(Rigid(p, (6, 7))(x)), (pose(4, 0.5, -0.3).requires_grad_(),))


def test_axes_between_sample_and_pixels_share_the_pose_of_their_sample():
    x = Streams.of(0, "rigid", 2).normal((3, 8, 9), torch.complex128)
    poses = torch.tensor([[2.0, 1.0, 0.0], [-3.0, 0.0, 1.0]], dtype=torch.float64)
    together = Rigid(poses, (8, 9))(x)
    for i in range(2):
        assert torch.allclose(together[i : i + 1, 1], Rigid(poses[i : i + 1], (8, 9))(x[i : i + 1, 1]))

import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.moving import Movement, MovingBrain
from mridiff_sdk.fourier import fft
from mridiff_sdk.motion import Rigid


def phantom(n=64):
    y, x = torch.meshgrid(*(torch.arange(n) - n // 2,) * 2, indexing="ij")
    return torch.exp(-((y + 4.0) ** 2 + (x - 6.0) ** 2) / 60).to(torch.complex64) + 0.5j * torch.exp(-((y - 8.0) ** 2 + x**2) / 40)


def test_without_motion_it_is_a_plain_scan_of_its_truth():
    scan = Movement(rotation=0, shift=0, noise_std=0).scan(phantom(), "still")
    maps, x = scan.measured.acquisition["sensitivity_maps"].data, scan.truth["x"].data
    assert x.shape == (1, 32, 32) and scan.measured.noise.std is None and scan.truth["motion"].data.abs().max() == 0
    assert (scan.measured.y - fft(maps * x[:, None])).abs().max() < 2e-3 * scan.measured.y.abs().max()
    assert (x - phantom()[None, ::2, ::2]).abs().max() < 1e-3  # image units: the coarse image shows the same values


@pytest.mark.parametrize("moving", [True, False])
def test_each_shot_sees_the_object_in_its_pose(moving):
    scan = Movement(2, 4, noise_std=0, moving_coils=moving).scan(phantom(), "moved")
    (maps, shots), x = scan.measured.require("sensitivity_maps", "shots"), scan.truth["x"].data
    motion = scan.truth["motion"].data
    assert motion.shape == (1, 4, 3) and motion.mean(1).abs().max() < 1e-6 and motion.abs().max() > 1
    for s in range(4):
        T = Rigid(motion[:, s], (32, 32))
        seen = fft(T(maps * x[:, None]) if moving else maps * T(x)[:, None])
        off = ((shots == s)[:, None] * (scan.measured.y - seen)).norm() / ((shots == s)[:, None] * scan.measured.y).norm()
        assert off < 0.02  # not zero: it was moved at twice the resolution
    assert (scan.measured.y[..., shots[0, 0] < 0] == 0).all()


def test_lines_shots_and_noise():
    scan = Movement(4, 3, noise_std=0.05).scan(phantom(), "noisy")
    mask, shots = scan.measured.require("mask", "shots")
    assert mask[0, 0].nonzero().flatten().tolist() == list(range(0, 32, 4)) and mask[0, 0, 16] == 1
    assert torch.equal(shots >= 0, mask > 0) and sorted(shots.unique().tolist()) == [-1, 0, 1, 2]
    clean = Movement(4, 3, noise_std=0).scan(phantom(), "noisy")
    n = (scan.measured.y - clean.measured.y)[:, :, mask[0] > 0]
    assert float(n.abs().square().mean().sqrt()) == pytest.approx(scan.measured.noise.std, rel=0.1)
    assert torch.equal(scan.truth["motion"].data, clean.truth["motion"].data)
    other = Movement(4, 3, noise_std=0, seed=1).scan(phantom(), "noisy")
    assert not torch.equal(other.truth["motion"].data, clean.truth["motion"].data)


def test_the_embedded_head_moves_and_odd_objects_are_refused():
    scan = MovingBrain(shots=2, coils=2)[0]
    assert scan.measured.y.shape == (1, 2, 128, 128) and set(scan.truth) == {"x", "motion"}
    assert "motion" not in {*scan.measured.acquisition, *scan.measured.conditions}
    with pytest.raises(DataError, match="pixels"):
        Movement().scan(phantom(30), "odd")

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_datasets.breathing import Breathing
from mridiff_datasets.held_out import HeldOutHeads
from mridiff_datasets.moving import Movement, MovingBrain
from mridiff_datasets.moving_heads import MovingHeads
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


@pytest.mark.parametrize("kind", ["uniform", "walk", "smooth", "steps"])
def test_the_still_centre_sees_the_object_of_the_truth(kind):
    scan = Movement(1, 9, "linear", kind, noise_std=0, still=0.05).scan(phantom(), "still")
    motion, (shots,) = scan.truth["motion"].data[0], scan.measured.require("shots")
    assert motion[4].abs().max() == 0 and motion.abs().max() > 0.5 and (shots[0, 0, 15:18] == 4).all()
    still = Movement(rotation=0, shift=0, noise_std=0).scan(phantom(), "still")
    off = (scan.measured.y - still.measured.y).abs().amax((0, 1, 2))
    assert off[15:18].max() < 2e-3 * still.measured.y.abs().max() < off.max()
    assert torch.equal(scan.truth["x"].data, still.truth["x"].data)


def test_a_centre_that_every_shot_measures_cannot_be_still():
    with pytest.raises(DataError, match="nothing can move"):
        Movement(1, 4, "interleaved", still=0.1).scan(phantom(), "interleaved")


def test_maps_of_the_corrupted_centre_take_the_place_of_the_true_ones_which_are_a_truth():
    true = Movement(2, 4, noise_std=0, coils=3).scan(phantom(), "m")
    assert "sensitivity_maps" not in true.truth
    (known,) = true.measured.require("sensitivity_maps")
    still, moved = (Movement(2, 4, noise_std=0, coils=3, rotation=r, shift=r, center_fraction=0.5, maps="low-frequency").scan(phantom(), "m")
                    for r in (0, 4))  # fmt: skip
    mask, seen = moved.measured.require("mask", "sensitivity_maps")
    assert mask[0, 0].nonzero().flatten().tolist() == [0, 2, 4, 6, *range(8, 25), 26, 28, 30]
    assert torch.equal(moved.truth["sensitivity_maps"].data, known)
    object_ = (true.truth["x"].data.abs() > 0.2)[:, None]
    off = [float(((s.abs() - known.abs()) * object_).norm() / (known * object_).norm())
           for s in (still.measured.acquisition["sensitivity_maps"].data, seen)]  # fmt: skip
    assert off[0] < off[1] and off[0] < 0.25


def test_breathing_displaces_each_line_of_the_outer_part_along_its_axis():
    scan = Movement(1, 9, kind="breathing", shift=2.0, noise_std=0, still=0.1).scan(phantom(), "b")
    still = Movement(rotation=0, shift=0, noise_std=0).scan(phantom(), "b").measured.y
    assert set(scan.truth) == {"x"}
    torch.testing.assert_close(scan.measured.y.abs(), still.abs())
    turned = (scan.measured.y * still.conj()).sum((0, 1, 2)).angle()
    phi = Breathing(2.0, 0.1).phases(32, Streams.of(0, "b").child("motion"))[0]
    strong = still.abs().amax((0, 1, 2)) > 1e-3 * still.abs().max()
    off = torch.polar(torch.ones(32), turned) - torch.polar(torch.ones(32), -phi)
    assert off[strong].abs().max() < 1e-3 and strong.sum() > 8
    k = torch.arange(32) - 16
    assert (phi[k.abs() <= 3] == 0).all() and phi.abs().max() > 1
    d = phi * 32 / (2 * torch.pi * k)  # the displacement: a sine of k, so that d(k + 1) + d(k - 1) is one multiple of d(k)
    d = d[torch.isfinite(d) & (k > 4)]
    ratio = (d[2:] + d[:-2]) / d[1:-1]
    assert d.abs().max() <= 2.0001 and float(ratio.std()) < 0.02


def test_breathing_alters_any_scan_of_lines_and_no_other(measured_folder):
    scan = HeldOutHeads(measured_folder, source="measured", acceleration=1)[0]
    moved, again = (Breathing(2.0).scan(scan, seed) for seed in (0, 1))
    assert not torch.equal(moved.measured.y, again.measured.y) and moved.truth is scan.truth
    torch.testing.assert_close(moved.measured.y.abs(), scan.measured.y.abs())
    bare = type(scan)(scan.id, type(scan.measured)(scan.measured.y, scan.measured.noise, {}), scan.truth)
    with pytest.raises(DataError, match="only lines"):
        Breathing().scan(bare)


def test_moving_heads_are_those_that_are_held_out(measured_folder, real_data):
    heads = MovingHeads(path=measured_folder, size=16, count=1, shots=9, order="linear", kind="steps")
    assert [scan.id for scan in heads] == [scan.id for scan in HeldOutHeads(measured_folder, size=16, count=1)]
    assert heads[0].measured.y.shape == (1, 8, 16, 16) and not torch.equal(heads[0].truth["motion"].data, heads[1].truth["motion"].data)
    real = MovingHeads(path=real_data, count=4)
    assert len(real) == 20 and real[0].truth["x"].data.shape == (1, 96, 96)

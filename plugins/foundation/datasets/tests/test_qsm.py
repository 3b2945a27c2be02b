import math

import pytest
import torch

from mridiff_datasets.qsm import QsmPhantom, averaged, fine_map, simulated
from mridiff_datasets.susceptibility_brain import SusceptibilityBrain
from mridiff_sdk.physics import convolve, dipole_kernel


def test_truth_is_zero_outside_and_on_average_and_looks_like_tissue():
    scan = QsmPhantom(size=32)[0]
    x, head = scan.truth["x"].data, scan.truth["head"].data
    assert scan.truth["x"].unit == "ppm" and head.dtype == torch.bool and 0.15 < float(head.float().mean()) < 0.45
    assert not x[~head].any() and abs(float(x[head].mean())) < 1e-6
    assert 0.015 < float(x[head].std()) < 0.06 and 0.08 < float(x.max()) < 0.7
    assert not scan.measured.y[~head].any()


def test_the_field_has_noise_of_the_stated_level_and_is_not_made_by_the_inverting_operator():
    clean, noisy = (QsmPhantom(size=32, noise_std=s)[0] for s in (0.0, 0.004))
    head = clean.truth["head"].data
    assert float((noisy.measured.y - clean.measured.y)[head].std()) == pytest.approx(0.004, rel=0.05)
    assert clean.measured.noise.std is None and noisy.measured.noise.std == 0.004
    x, grid = clean.truth["x"].data, (48, 48, 48)
    coarse = convolve(x, dipole_kernel(grid, (1, 1, 1), torch.tensor([[1.0, 0, 0]]))[..., :25].float(), grid)
    error = float((coarse - clean.measured.y)[head].norm() / clean.measured.y[head].norm())
    assert 0.03 < error < 0.4


def test_a_tilt_turns_the_field_and_not_the_brain():
    upright, tilted = QsmPhantom(size=16)[0], QsmPhantom(size=16, tilt=30.0)[0]
    assert torch.equal(upright.truth["x"].data, tilted.truth["x"].data) and not torch.equal(upright.measured.y, tilted.measured.y)
    (b,) = tilted.measured.require("b0_direction")
    assert b[0].tolist() == pytest.approx([math.cos(math.pi / 6), math.sin(math.pi / 6), 0])


def test_ranges_of_subjects_are_disjoint_and_stable():
    data, later = QsmPhantom(subjects=2, first=5, size=16), QsmPhantom(first=6, size=16)
    assert [s.id for s in data] == ["qsm-5", "qsm-6"] and torch.equal(data[1].measured.y, later[0].measured.y)
    assert not torch.equal(data[0].truth["x"].data, data[1].truth["x"].data)
    for outside in (2, -3):
        with pytest.raises(IndexError):
            data[outside]


def test_a_subject_is_the_same_at_every_size():
    small, large = (SusceptibilityBrain(3).map(n)[0][None] for n in (64, 128))
    small, large = averaged(averaged(small)), averaged(averaged(averaged(large)))
    assert float(torch.corrcoef(torch.stack([small.flatten(), large.flatten()]))[0, 1]) > 0.9


def test_the_simulation_is_free_of_its_own_box():
    fine, _ = fine_map(0, 16, 0)
    field = simulated(fine, torch.tensor([[1.0, 0.0, 0.0]]))
    shifted = simulated(fine.roll(3, 1), torch.tensor([[1.0, 0.0, 0.0]]))
    assert float((field.roll(3, 1) - shifted)[:, 4:-4].abs().max()) < 0.02 * float(field.abs().max())

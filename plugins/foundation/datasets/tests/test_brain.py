from importlib.resources import files

import pytest
import torch

from mridiff_datasets.brain import Brain, head
from mridiff_sdk.fourier import fft


def test_one_scan_with_its_truth():
    data = Brain()
    scan = data[0]
    mask, maps = scan.measured.require("mask", "sensitivity_maps")
    assert len(data) == 1 and scan.id == "brain" and tuple(scan.measured.y.shape) == (1, 8, 256, 256) and mask.sum() == 256 * 64
    residual = scan.measured.y - mask[:, None] * fft(maps * scan.truth["x"].data[:, None])
    level = residual[:, :, mask[0] > 0].abs().square().mean().sqrt()
    assert float(level) == pytest.approx(scan.measured.noise.std, rel=0.01)
    assert scan.measured.noise.std == pytest.approx(0.005 * float(scan.truth["x"].data.abs().max()), rel=1e-4)
    with pytest.raises(IndexError):
        data[1]


def test_the_head_stands_upright_and_in_the_middle():
    magnitude = head().abs()
    inside = magnitude > 0.1 * magnitude.max()
    rows, columns = inside.float().mean(1), inside.float().mean(0)
    assert float(rows[4:20].max()) < 0.05 and float(rows[100:240].min()) > 0.6  # air above, head and neck below
    centre = float((columns * torch.arange(256)).sum() / columns.sum())
    assert abs(centre - 128) < 20


def test_options_and_size():
    other = Brain(acceleration=1, coils=3, noise_std=0.0)[0]
    assert tuple(other.measured.y.shape) == (1, 3, 256, 256) and other.measured.noise.std is None
    data = files("mridiff_datasets") / "data"
    assert len((data / "brain.h5").read_bytes()) < 400_000
    assert "MIT License" in (data / "brain.txt").read_text() and "LarsonLab" in (data / "brain.txt").read_text()

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mridiff_diffgan import ablation, train

CONFIG = """
net: {widths: [8, 8], features: 8, latent: 4, window: 4}
pool: {size: 24}
crops: [24]
stages: [{size: 16, batch: 2, updates: 2}]
schedule: {rate: 1.0e-3, warmup: 0}
validate: 1
"""


@pytest.fixture
def noise(tmp_path, monkeypatch):
    """A pool of noise, and flat images to validate with."""
    np.save(tmp_path / "pool.npy", np.random.default_rng(0).standard_normal((4, 2, 24, 24)).astype(np.float16))
    monkeypatch.setattr(train, "pool_files", lambda run, pool: [tmp_path / "pool.npy"])
    monkeypatch.setattr(train, "held_out", lambda data, size, indices: torch.ones(2, size, size, dtype=torch.complex64))
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def test_both_sides_are_trained_seed_by_seed_and_found_again(noise, monkeypatch, capsys):
    words = ["ablation", "--data", str(noise), "-o", str(noise / "out"), "--config", str(noise / "config.yaml"), "--seeds", "3", "4"]
    monkeypatch.setattr(sys, "argv", words)
    ablation.main()
    first = capsys.readouterr().out
    assert first.count("| 4 |") == 1 and first.count("| mean |") == 2
    logs = {side: (noise / "out" / side / "log.jsonl").read_text() for side in ("with-3", "without-3", "with-4", "without-4")}
    assert len(set(logs.values())) == 4
    ablation.main()
    assert capsys.readouterr().out == first


def test_the_last_row_holds_means():
    one, two = {"l1": 0.1, "psnr": 20.0}, {"l1": 0.2, "psnr": 22.0}
    assert ablation.table({0: (one, two), 1: (two, two)}).splitlines()[-1] == "| mean | 0.1500 | 0.2000 | 21.00 | 22.00 |"


def test_the_shipped_configuration_is_one_of_the_training():
    assert ablation.read_configuration(Path(ablation.CONFIG), train.training)[0]["net"].transformer

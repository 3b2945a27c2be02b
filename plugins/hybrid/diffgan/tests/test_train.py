import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_diffgan import train
from mridiff_diffgan.network import Generator
from mridiff_diffgan.train import Net, Slices, training
from mridiff_sdk.training import Run, Schedule, Settings, prepare, read_configuration
from mridiff_sdk.training_data import PoolConfig


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a run of three updates on noise."""
    np.save(tmp_path / "pool.npy", np.random.default_rng(0).standard_normal((4, 2, 24, 24)).astype(np.float16))
    monkeypatch.setattr(train, "pool_files", lambda run, pool: [tmp_path / "pool.npy"])

    def begin(name, critic, weights=None, crops=(24,), **options):
        settings = Settings(schedule=Schedule(1e-3, 0), weight_decay=0.0, **options)
        return prepare(training, Run(tmp_path / name, tmp_path, tmp_path, weights, settings), net=Net((8, 8), 8, 4, 4), critic=critic,
                       pool=PoolConfig(size=24), crops=crops, stages=[Slices(16, 2, 2), Slices(24, 2, 1)])  # fmt: skip

    return begin


def test_both_runs_move_the_generator_and_the_second_begins_where_the_first_ended(start, tmp_path):
    first = start("one", None)
    model = first.run()
    assert isinstance(model, Generator) and model.tail.weight.abs().max() > 0
    model.save(tmp_path / "weights.safetensors")
    second = start("two", (6, 8), tmp_path / "weights.safetensors")
    for a, b in zip(model.parameters(), second.model.parameters(), strict=True):
        assert (a - b).abs().max() < 1e-3
    before = [p.detach().clone() for p in second.objective.critic.parameters()]
    second.run()
    assert any((a != b).any() for a, b in zip(before, second.objective.critic.parameters(), strict=True))
    rows = [json.loads(line) for line in (tmp_path / "two/log.jsonl").read_text().splitlines()]
    assert {"loss_critic", "loss_generator"} <= set(rows[-1])


def test_half_precision_follows_single_precision(start, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    single, half = (start(str(autocast), (6, 8), autocast=autocast).run() for autocast in (False, True))
    for a, b, before in zip(single.parameters(), half.parameters(), start("new", (6, 8)).model.parameters(), strict=True):
        assert b.dtype == torch.float32 and (a - b).norm() <= (a - before).norm()


def test_fields_of_view_must_fit_between_images_and_pool(start):
    for crops in ([20], [32]):
        with pytest.raises(ConfigError, match="24 pixels"):
            start("none", None, crops=crops)


def test_validation_reports_a_reconstruction(generator, monkeypatch):
    monkeypatch.setattr(train, "held_out", lambda data, size, indices: torch.ones(2, 24, 24, dtype=torch.complex64))
    found = train.validator(None, 24)(generator())
    assert set(found) == {"psnr", "ssim", "hfen", "sharpness", "l1"}


def test_both_sides_of_the_ablation_differ_in_the_transformer_alone():
    sides = [read_configuration(Path(train.__file__).with_name(f"ablation-{name}.yaml"), training) for name in ("transformer", "plain")]
    (given, settings, _), (other, same, _) = sides
    assert (given["net"].transformer, other["net"].transformer) == (True, False) and settings == same
    assert given == {**other, "net": replace(other["net"], transformer=True)}

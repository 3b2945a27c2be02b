"""A folder goes on with the training that it began with, and with no other."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.training import Batch, Run, Schedule, Settings, Stage, Training
from mridiff_sdk.training.job import prepare
from mridiff_sdk.training.origin import leaves

spec = importlib.util.spec_from_file_location("origin_runs", Path(__file__).parent / "runs.py")
assert spec is not None and spec.loader is not None
runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runs)

SETTINGS = Settings(seed=3, schedule=Schedule(1e-2, warmup=3, decay=0.5), log=1, save=5)


class Folder:
    """Images that are there, of which one of each batch can be made larger."""

    gain = 1.0

    def batch(self, step, samples):
        x = runs.Blobs(8).batch(step, samples).truth["x"].clone()
        x[0] = x[0] * self.gain
        return Batch(truth={"x": x})


@pytest.fixture(autouse=True)
def as_they_were(monkeypatch):
    monkeypatch.setattr(Folder, "gain", 1.0)


def training(run, *, width: int = 8, updates: int = 12, batch: int = 4):
    return replace(runs.small_training(), stages=[Stage(Folder(), updates, batch)])


def start(folder, settings=SETTINGS, weights=None, until=6, gain=1.0, **arguments):
    Folder.gain = gain
    trainer = prepare(training, Run(folder, weights=weights, settings=settings), "toy", {"torch": "1"}, **arguments)
    trainer.run(until)
    return trainer


def weights(folder, name, value):
    path = folder / f"{name}.safetensors"
    model = runs.small_training().model
    torch.nn.init.constant_(model.net.head.weight, value)
    model.save(path)
    return path


CHANGES = {
    "seed": (lambda f: {"settings": replace(SETTINGS, seed=4)}, "seed: 3, now 4"),
    "rate": (
        lambda f: {"settings": replace(SETTINGS, schedule=Schedule(2e-2, 3, 0.5))},
        "schedule.rate: 0.01, now 0.02 .update 0 of the 6",
    ),
    "warm-up": (lambda f: {"settings": replace(SETTINGS, schedule=Schedule(1e-2, 5, 0.5))}, "schedule.warmup: 3, now 5 .update 0 of the 6"),
    "decay that has begun": (
        lambda f: {"settings": replace(SETTINGS, schedule=Schedule(1e-2, 3, 0.9))},
        "schedule.decay: 0.5, now 0.9 .update 2 of the 6",
    ),
    "length that was passed": (lambda f: {"updates": 4}, r"updates: \[\[12, 4\]\], now \[\[4, 4\]\] .update 3 of the 6"),
    "length whose decay would have begun": (lambda f: {"updates": 8}, "update 5 of the 6 that are done would have been another"),
    "batch": (lambda f: {"batch": 2}, "batch: 4, now 2"),
    "configuration": (lambda f: {"width": 16}, "width: 8, now 16"),
    "optimiser": (lambda f: {"settings": replace(SETTINGS, betas=(0.5, 0.9))}, "betas: .0.9, 0.99., now .0.5, 0.9."),
    "precision": (lambda f: {"settings": replace(SETTINGS, autocast=True)}, "autocast: False, now True"),
    "weights": (lambda f: {"weights": weights(f, "other", 0.5)}, "--weights: .*, now "),
    "no weights": (lambda f: {"weights": None}, "--weights: .*, now none"),
    "data": (lambda f: {"gain": 1.1}, "data: the first samples are others"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_run_that_would_be_another_is_refused_and_the_reason_named(tmp_path, what):
    first = {"weights": weights(tmp_path, "first", 0.1)}
    start(tmp_path / "run", **first)
    kept = {f: f.read_bytes() for f in (tmp_path / "run").rglob("*") if f.is_file()}
    change, text = CHANGES[what]
    with pytest.raises(ConfigError, match=text) as caught:
        start(tmp_path / "run", **{**first, **change(tmp_path)})
    assert str(tmp_path / "run") in str(caught.value) and "give another folder" in str(caught.value)
    assert {f: f.read_bytes() for f in (tmp_path / "run").rglob("*") if f.is_file()} == kept


def test_all_differences_are_named_at_once(tmp_path):
    start(tmp_path)
    with pytest.raises(ConfigError) as caught:
        start(tmp_path, replace(SETTINGS, seed=4), width=16, gain=1.1)
    assert all(text in str(caught.value) for text in ("seed: 3", "width: 8", "data: "))


def test_a_length_that_only_changes_what_is_to_come_is_followed_to_the_bit(tmp_path):
    """Five of twelve updates, none of them in the decay, are the first five of twenty; so is the rest."""
    part = start(tmp_path / "part", until=5)
    longer = start(tmp_path / "part", until=None, updates=20)
    whole = start(tmp_path / "whole", until=None, updates=20)
    assert part.step == 5 and longer.step == 20 and longer.changed == ["updates: [[12, 4]], now [[20, 4]]"]
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), longer.model.parameters(), strict=True))


def test_what_changes_no_number_may_change(tmp_path):
    start(tmp_path)
    again = prepare(training, Run(tmp_path, settings=replace(SETTINGS, log=2, save=3, validate=4)), "toy", {"torch": "2"})
    assert again.step == 6 and again.changed == ["torch: 1, now 2"]


def test_rounding_of_another_processor_is_not_other_data(tmp_path):
    start(tmp_path, gain=1.1)
    assert start(tmp_path, gain=1.1 * (1 + 1e-6)).step == 6


def test_entries_are_named_by_their_way_through_the_configuration():
    found = dict(leaves("", {"net": Schedule(), "stages": [{"size": 1, "crops": (1, 2)}, {"size": 2, "crops": (3,)}]}))
    assert found["net.rate"] == 1e-3 and found["stages.1.size"] == 2 and found["stages.0.crops"] == [1, 2]


def test_a_function_that_returns_no_training_is_told():
    from mridiff.errors import PluginContractError

    with pytest.raises(PluginContractError, match="the training returned a str"):
        prepare(lambda run: "a trainer", Run(Path()), "toy")
    with pytest.raises(ConfigError, match="--weights: this model is fitted"):
        prepare(lambda run: Training(model=torch.nn.Linear(1, 1), data="", licence=""), Run(Path(), weights=Path("x")))

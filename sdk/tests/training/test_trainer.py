import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mridiff.errors import ConfigError, DataError, MridiffError
from mridiff.interfaces import Objective, Streams
from mridiff_sdk.io.weights import read_weights, write_weights
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.training import Batch, Schedule, Settings, Stage, Trainer, Training, parallel
from mridiff_sdk.training.parallel import MEETING, World

RUNS = Path(__file__).parent / "runs.py"
spec = importlib.util.spec_from_file_location("training_runs", RUNS)
assert spec is not None and spec.loader is not None
runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runs)


def losses(folder: Path) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"]) for row in rows if "loss" in row]


def test_killed_and_resumed_is_the_same_run(tmp_path: Path) -> None:
    """Killed at update 7, two after the last checkpoint: the log is rewound and continues bit for bit; so does the average."""
    whole = runs.small_run(tmp_path / "whole").run()
    killed = runs.small_run(tmp_path / "killed")
    for _ in range(7):
        killed.run(until=killed.step + 1)
        if killed.step == 5:
            kept = killed.path.read_bytes()
    killed.path.write_bytes(kept)
    resumed = runs.small_run(tmp_path / "killed")
    assert resumed.step == 5
    again = resumed.run()
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    assert len(losses(tmp_path / "whole")) == 12
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    a, b = runs.small_run(tmp_path / "a"), runs.small_run(tmp_path / "b")
    b.settings = Settings(seed=4, schedule=a.settings.schedule)
    assert a.update() != b.update()


def test_training_helps(tmp_path: Path) -> None:
    """The same noise on the same images, before and after sixty updates."""
    run = runs.small_run(tmp_path)
    run.stages, run.total = [Stage(runs.Blobs(8), 60, 4)], 60

    def loss(model: nn.Module) -> float:
        batch = {**runs.Blobs(8).batch(0, range(16)).truth, "place": torch.arange(16) / 16, "stride": torch.tensor(1 / 16)}
        ((_, value),) = run.objective.losses(model, batch, Streams.of(0, samples=16))
        return float(value.detach())

    before = loss(run.model)
    assert loss(run.run()) < 0.8 * before


@pytest.mark.parametrize("fast", [True, False])
def test_half_precision_only_where_the_processor_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": fast}, raising=False)
    run = runs.small_run(tmp_path, autocast=True)
    seen: list[bool] = []
    forward = run.model.forward
    monkeypatch.setattr(run.model, "forward", lambda *a, **k: seen.append(torch.is_autocast_enabled("cpu")) or forward(*a, **k))
    run.update()
    assert seen and set(seen) == {fast}


@pytest.mark.unsalted  # the other processes draw without salt
def test_two_processes_give_the_gradient_of_one(tmp_path: Path) -> None:
    runs.run_keeping_gradients(tmp_path / "one")
    ranks = []
    for rank in range(2):
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", MEETING: str(tmp_path / "meeting"),
                       "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}  # fmt: skip
        ranks.append(subprocess.Popen([sys.executable, str(RUNS), str(tmp_path / "two")], env=environment))
    assert [r.wait(timeout=120) for r in ranks] == [0, 0]
    single = load_file(tmp_path / "one" / "gradient0.safetensors")
    assert max(float(g.abs().max()) for g in single.values()) > 1e-3
    for rank in range(2):
        shared = load_file(tmp_path / "two" / f"gradient{rank}.safetensors")
        assert shared.keys() == single.keys()
        for name, gradient in single.items():
            torch.testing.assert_close(shared[name], gradient, atol=1e-6, rtol=1e-4)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert [step for step, _ in one] == [step for step, _ in two]
    torch.testing.assert_close(torch.tensor([v for _, v in one]), torch.tensor([v for _, v in two]), atol=1e-5, rtol=1e-4)


class Game(Objective):
    """Two losses for two halves of a model; remembers what it was shown."""

    def __init__(self, sees: Any) -> None:
        super().__init__()
        self.sees = sees
        self.shown: set[str] = set()

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        self.shown |= set(batch)
        a, b = model.children()
        yield "first", a(batch["v"]).square().sum()
        self.moved_between = float(next(a.parameters()).detach())
        yield "second", (b(batch["v"]) * a(batch["v"]).detach()).square().sum()


class Halves:
    """A batch whose hidden half would spoil everything."""

    def __init__(self, hidden: str) -> None:
        self.hidden = hidden

    def batch(self, step: int, samples: Any) -> Batch:
        good, bad = {"v": torch.ones(len(samples), 1)}, {"v": torch.full((len(samples), 1), torch.nan)}
        return Batch(truth=bad, measured=good) if self.hidden == "truth" else Batch(truth=good, measured=bad)


def game(tmp_path: Path, sees: str, hidden: str) -> tuple[Trainer, Game]:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    for p in model.parameters():
        nn.init.ones_(p)
    objective = Game(sees)
    parameters = {"first": model[0].parameters(), "second": model[1].parameters()}
    settings = Settings(schedule=Schedule(0.1, warmup=0))
    training = Training(model=model, objective=objective, stages=[Stage(Halves(hidden), 3, 2)], parameters=parameters, data="", licence="")
    return Trainer(training, tmp_path, settings), objective


@pytest.mark.parametrize(("sees", "hidden"), [("truth", "measured"), ("measured", "truth")])
def test_an_objective_sees_its_half_alone(tmp_path: Path, sees: str, hidden: str) -> None:
    """The other half is poisoned with NaN."""
    run, objective = game(tmp_path, sees, hidden)
    assert torch.isfinite(torch.tensor(run.update()))
    assert objective.shown == {"v", "place", "stride"}


def test_poison_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(MridiffError, match="loss first is nan at update 0"):
        game(tmp_path, "truth", "truth")[0].update()


def test_a_gradient_that_is_not_finite_is_noticed_before_it_is_followed(tmp_path: Path) -> None:
    """A loss may be finite where its gradient is not: the square root at zero."""
    run, objective = game(tmp_path, "truth", "measured")
    objective.losses = lambda model, batch, rng: iter([("first", (0 * next(model.parameters())).sum().sqrt())])  # type: ignore[method-assign]
    with pytest.raises(MridiffError, match="gradient of loss first is nan at update 0"):
        run.update()
    assert all(torch.equal(p, torch.ones(1, 1)) for p in run.model.parameters())


class Listening(Objective):
    """Keeps the noise that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Tensor] = []

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        self.heard.append(rng.normal((4,)))
        yield "all", sum((p.square().sum() for p in model.parameters()), torch.zeros(()))


def heard(folder: Path, seed: int) -> list[Tensor]:
    objective = Listening()
    training = Training(model=nn.Linear(1, 1), objective=objective, stages=[Stage(Halves("measured"), 3, 2)], data="", licence="")
    Trainer(training, folder, Settings(seed, Schedule(0.1, warmup=0))).run()
    return objective.heard


def test_noise_is_another_in_each_update_sample_and_seed(tmp_path: Path) -> None:
    """And the same when a seed is used again."""
    first, second, again = heard(tmp_path / "a", 0), heard(tmp_path / "b", 1), heard(tmp_path / "c", 0)
    rows = torch.cat([*first, *second]).tolist()
    assert len({tuple(row) for row in rows}) == len(rows) == 12
    assert all(torch.equal(x, y) for x, y in zip(first, again, strict=True))


def test_time_adds_up_over_the_parts_of_a_run(tmp_path: Path) -> None:
    run = runs.small_run(tmp_path)
    run.seconds = 1000.0
    run.run(until=5)
    resumed = runs.small_run(tmp_path)
    assert resumed.seconds == run.seconds > 1000
    resumed.run(until=6)
    assert resumed.seconds > run.seconds


def damage(path: Path, how: str) -> None:
    """Cut the file short, change one number of it or its count of updates, or put something else in its place."""
    content = path.read_bytes()
    if how == "counter":
        tensors, header = read_weights(path)
        state = json.loads(header["state"]) | {"step": 12}
        write_weights(path, tensors, header | {"state": json.dumps(state, sort_keys=True)})
    elif how == "other":
        write_weights(path, {"model/w": torch.ones(2)}, {})
    else:
        middle = len(content) // 2
        path.write_bytes({"cut": content[:middle], "empty": b"", "number": content[:middle] + b"\x7f" + content[middle + 1 :]}[how])


@pytest.mark.parametrize("how", ["cut", "empty", "number", "counter", "other"])
def test_a_damaged_checkpoint_is_told_and_never_followed(tmp_path: Path, how: str) -> None:
    run = runs.small_run(tmp_path)
    run.run(until=5)
    damage(run.path, how)
    with pytest.raises(DataError, match=re.escape(str(run.path))) as caught:
        runs.small_run(tmp_path)
    assert "remove it to begin anew" in str(caught.value)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    runs.small_run(tmp_path).run(until=5)
    with torch.random.fork_rng():
        other = Preconditioned({"widths": [4, 4], "blocks": [1, 1], "features": 8}, 0.5, (0.01, 10.0))
    with pytest.raises(DataError, match="do not fit Preconditioned"):
        runs.small_run(tmp_path, replace(runs.small_training(), model=other))


def test_a_checkpoint_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.small_run(tmp_path)
    run.run(until=5)
    kept = run.path.read_bytes()

    def full(path: Path, blob: bytes) -> int:
        with path.open("wb") as file:
            file.write(blob[:100])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        run.run(until=10)
    assert run.path.read_bytes() == kept and {f.name for f in tmp_path.iterdir()} == {"checkpoint.safetensors", "log.jsonl", "tensorboard"}


def test_each_loss_moves_its_own_parameters_before_the_next_is_asked_for(tmp_path: Path) -> None:
    run, objective = game(tmp_path, "truth", "measured")
    run.update()
    assert objective.moved_between < 1.0
    assert [float(p.detach()) for p in run.model.parameters()] == pytest.approx([0.9, 0.9], abs=1e-3)


def test_schedule_warms_up_and_ends_at_zero() -> None:
    s = Schedule(1.0, warmup=10, decay=0.5)
    assert s.at(0, 100) == pytest.approx(0.1)
    assert s.at(30, 100) == 1.0
    assert s.at(75, 100) == pytest.approx(0.5)
    assert s.at(99, 100) == pytest.approx(0.02)


def test_validation_sees_the_average(tmp_path: Path) -> None:
    seen = []

    def validate(model: nn.Module) -> Mapping[str, float]:
        seen.append(model)
        return {"quality": 1.0}

    run = runs.small_run(tmp_path, runs.small_training(validate), validate=5)
    run.run(until=6)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "quality" in row] == [5, 6]
    assert seen[0] is not run.model and not any(p.requires_grad for p in seen[0].parameters())


def test_processes_of_one_machine_meet_without_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is looked for, closed and opened later may be another program's by then."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(parallel, "start_processes", lambda work, given, n, start_method: seen.update(given=given, n=n))
    monkeypatch.setattr(parallel.dist, "init_process_group", lambda backend, where, rank, world_size: seen.update(where=where, rank=rank))
    monkeypatch.setattr(parallel.dist, "is_initialized", lambda: False)
    for get in ("get_rank", "get_world_size"):
        monkeypatch.setattr(parallel.dist, get, lambda: 1)
    parallel.start(lambda: None, 2)
    _, n, meeting = seen["given"]
    assert n == seen["n"] == 2 and not meeting.parent.exists()
    monkeypatch.setattr(os, "environ", {**os.environ})
    parallel._ranked(1, lambda: seen.update(world=parallel.join()), n, meeting)
    assert seen["where"] == f"file://{meeting}" and seen["rank"] == 1


def test_a_batch_is_shared_evenly() -> None:
    assert [*World(0, 2).share(4), *World(1, 2).share(4)] == [0, 1, 2, 3]
    with pytest.raises(ConfigError, match="choose a multiple"):
        World(0, 2).share(3)


def test_a_stage_in_which_nothing_is_done_is_refused_with_all_that_is_wrong() -> None:
    with pytest.raises(ConfigError) as caught:
        Stage(runs.Blobs(), 0, -1)
    assert "updates: a stage needs at least 1, got 0" in str(caught.value) and "batch: a stage needs at least 1, got -1" in str(
        caught.value
    )


@pytest.mark.parametrize("device", ["cdua", "cuda:99", "gpu"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(ConfigError, match=f"--device: {device} cannot be used here"):
        parallel.join(device)


def test_a_folder_in_place_of_a_checkpoint_is_told(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").mkdir()
    with pytest.raises(DataError, match=r"checkpoint\.safetensors"):
        runs.small_run(tmp_path)

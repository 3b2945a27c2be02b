from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mridiff_priors import train
from mridiff_priors.train import Crops, Levels, Net, training
from mridiff_sdk.nets import Preconditioned
from mridiff_sdk.training import Run, prepare, read_configuration
from mridiff_sdk.training_data import PARTS, PoolConfig

POOL = PoolConfig(count=4, size=32)
CHOICES = {"sigma_data": 0.5, "pool": POOL, "stages": [Crops(16, 2, 2)]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A folder whose pool of slices is made already."""
    for part in range(PARTS):
        rng = np.random.default_rng(part)
        np.save(tmp_path / f"pool-{POOL.key(tmp_path)}-{part}of{PARTS}.npy", rng.standard_normal((2, 2, 32, 32)).astype(np.float16))
    return Run(tmp_path / "out", tmp_path, tmp_path)


def test_a_run_goes_deeper_from_the_weights_of_another(run: Run) -> None:
    first = prepare(training, run, net=Net([4, 8], [1, 1], 8), **CHOICES)
    weights = run.out / "weights.safetensors"
    first.run().save(weights)
    deeper = prepare(training, replace(run, out=run.cache / "deeper", weights=weights), net=Net([4, 8, 8], [1, 1, 1], 8), **CHOICES)
    old, x = Preconditioned.load(weights), torch.ones(1, 32, 32, dtype=torch.complex64)
    assert torch.equal(deeper.model(x, 0.3), old(x, 0.3))
    assert deeper.run().net.ups[1].weight.any()


def test_noise_levels_are_drawn_where_the_configuration_says(run: Run) -> None:
    levels = training(run, net=Net([4, 8], [1, 1], 8), levels=Levels((0.5, 2.0), 0.9), **CHOICES).objective.levels
    drawn = levels.at(torch.arange(1000) / 1000)
    assert 0.9 <= float(((drawn >= 0.5) & (drawn <= 2)).float().mean()) < 0.93
    assert float(drawn.min()) < 0.006 and float(drawn.max()) > 18


@pytest.mark.parametrize("file", sorted(Path(train.__file__).parent.glob("train*.yaml")), ids=lambda f: f.stem)
def test_crops_lie_inside_the_slices_of_the_pool(file: Path) -> None:
    chosen, _, _ = read_configuration(file, training)
    assert all(stage.crop <= chosen["pool"].size for stage in chosen["stages"])

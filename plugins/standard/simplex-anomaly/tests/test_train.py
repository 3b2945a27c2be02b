from pathlib import Path

import pytest
import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import VP
from mridiff_sdk.training import read_configuration
from mridiff_simplex_anomaly import train
from mridiff_simplex_anomaly.net import LEVELS, EpsilonNet
from mridiff_simplex_anomaly.noise import UnitSimplex
from mridiff_simplex_anomaly.objective import NoiseObjective
from mridiff_simplex_anomaly.train import training
from mridiff_simplex_anomaly.validation import SHOWN, validator


class Seen(nn.Module):
    """Answers with nothing, and remembers what it is asked."""

    def forward(self, x_t, timestep):
        self.x_t, self.timestep = x_t, timestep
        return torch.zeros_like(x_t)


def losses(objective, x, update=0):
    n = len(x)
    batch = {"x": x, "place": torch.arange(n) / n, "stride": torch.full((n,), 1 / n)}
    model = Seen()
    ((name, loss),) = objective.losses(model, batch, Streams.of(0, f"update {update}", n))
    assert name == "noise"
    return model, float(loss)


def test_levels_are_even_over_the_part_of_the_chain_that_is_learned():
    objective = NoiseObjective(lambda x, rng: rng.normal_like(x), 0.4)
    steps = torch.cat([losses(objective, torch.ones(8, 4, 4), update)[0].timestep for update in range(50)])
    counts = torch.histc(steps.float(), 8, 0, 0.4 * LEVELS)
    assert int(steps.min()) >= 0 and int(steps.max()) < 0.4 * LEVELS and (counts == 50).all()


def test_the_loss_is_the_power_of_the_noise_for_a_model_that_finds_none():
    x = 1 + 0.5 * torch.rand(6, 32, 32)
    model, loss = losses(NoiseObjective(UnitSimplex(), 0.5), x)
    assert loss == pytest.approx(1, abs=1e-4)
    t = (model.timestep + 1) / LEVELS
    alpha, sigma = (v.float()[:, None, None] for v in (VP(levels=LEVELS).alpha(t), VP(levels=LEVELS).sigma(t)))
    n = (model.x_t[:, 0] - alpha * (x - 1)) / sigma
    torch.testing.assert_close(n.square().mean((1, 2)), torch.ones(6), atol=1e-3, rtol=0)


def test_the_two_trainings_differ_in_the_noise_alone():
    sides = [read_configuration(Path(train.__file__).with_name(name), training) for name in ("train.yaml", "train-gaussian.yaml")]
    (given, settings, _), (other, same, _) = sides
    assert (given["noise"], other["noise"]) == ("simplex", "white") and settings == same
    assert given == {**other, "noise": "simplex"}
    assert not set(given["slices"].heads) & {13, 14, 15, 16}


def test_validation_tells_drawn_lesions_and_errors_by_level(net, monkeypatch):
    import numpy as np

    from mridiff_simplex_anomaly import validation
    from mridiff_simplex_anomaly.dataset import DrawnLesions

    few = np.stack([scan.truth["x"].data[0].numpy() for scan in DrawnLesions(count=1)])
    monkeypatch.setattr(validation.Slices, "drawn", lambda self, data: few)
    found = validator(Path(), 96)(net())
    assert set(found) == {f"{word}_{level:g}" for word in ("auc", "error") for level in SHOWN}
    assert all(0 <= found[f"auc_{level:g}"] <= 1 for level in SHOWN)
    assert isinstance(net(), EpsilonNet)

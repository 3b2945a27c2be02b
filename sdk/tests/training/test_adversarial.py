from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets.discriminator import Discriminator
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training import Batch, Schedule, Settings, Stage, Trainer, Training
from mridiff_sdk.training.adversarial import AdversarialObjective

SIZE = 8


class Linear(nn.Module):
    """x0 = c + a x_t + b z."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.tensor([0.1, 0.1]))

    def forward(self, x_t: Tensor, t: Tensor, condition: Tensor, rng: Streams) -> Tensor:
        return condition + self.mix[0] * x_t + self.mix[1] * rng.normal_like(x_t)


class Knows(nn.Module):
    """Answers the truth."""

    def __init__(self, x0: Tensor) -> None:
        super().__init__()
        self.x0 = x0

    def forward(self, x_t: Tensor, t: Tensor, condition: Tensor, rng: Streams) -> Tensor:
        return self.x0


class Remember(nn.Module):
    """A critic that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.shown: list[Tensor] = []

    def forward(self, images: Tensor, t: Tensor, s: Tensor) -> Tensor:
        self.shown.append(images.detach())
        return self.weight * (images**2).sum((1, 2, 3))


def batch(n: int, dtype: torch.dtype = torch.complex64) -> dict[str, Tensor]:
    x = Streams.of(5, "x", n).normal((SIZE, SIZE), dtype)
    return {"x": x, "condition": 0.5 * x}


def critic() -> Discriminator:
    with seeded_layers(1):
        return Discriminator(6, (4, 8), features=8)


@pytest.mark.parametrize(("t", "s"), [(0.5, 0.25), (1.0, 0.75), (0.25, 0.0)])
def test_real_pairs_have_the_marginals_of_the_diffusion_and_its_step_between(t: float, s: float) -> None:
    d, n = VP(), 400
    x0 = torch.full((n, SIZE, SIZE), 2.0, dtype=torch.complex128)
    x_s, x_t = AdversarialObjective(d, None).pair(x0, torch.full((n,), t), torch.full((n,), s), Streams.of(0, "", n))
    for x, at in ((x_s, s), (x_t, t)):
        assert abs(x.mean() - 2 * d.alpha(at)) < 0.02
        assert abs((x - 2 * d.alpha(at)).abs().square().mean() - d.sigma(at) ** 2) < 0.02
    together = ((x_s - 2 * d.alpha(s)).conj() * (x_t - 2 * d.alpha(t))).mean().real
    assert abs(together - d.alpha(t) / d.alpha(s) * d.sigma(s) ** 2) < 0.02


def test_fake_pairs_about_the_truth_are_distributed_as_real_ones() -> None:
    """The posterior step undoes nothing and adds nothing: mean, variance and correlation with x_t agree."""
    data, judge = batch(600), Remember()
    objective = AdversarialObjective(VP(), judge, steps=(4,), r1=0.0)
    list(objective.losses(Knows(data["x"]), data, Streams.of(0, "", 600)))
    real, fake, _ = judge.shown
    x0 = torch.view_as_real(data["x"]).movedim(-1, 1)
    for measure in (lambda v: (v[:, :2] * x0).mean(), lambda v: v[:, :2].square().mean(), lambda v: (v[:, :2] * v[:, 2:4]).mean()):
        assert measure(real) == pytest.approx(float(measure(fake)), abs=0.01)
    torch.testing.assert_close(real[:, 2:], fake[:, 2:])
    assert not torch.allclose(real[:, :2], fake[:, :2], atol=0.1)


def test_steps_belong_to_the_chains_that_were_asked_for() -> None:
    t, s = AdversarialObjective(VP(), None, steps=(4, 8)).times(Streams.of(0, "", 2000))
    length = (t - s).unique()
    torch.testing.assert_close(length, torch.tensor([0.125, 0.25]))
    assert float(s.min()) == 0 and float(t.max()) == 1
    assert abs(((t - s) == 0.25).float().mean() - 0.5) < 0.05


def test_without_a_critic_the_distance_is_all_there_is() -> None:
    data = batch(4)
    ((name, loss),) = AdversarialObjective(VP(), None, weight=3.0).losses(Knows(data["x"] + 0.5j), data, Streams.of(0, "", 4))
    assert name == "generator" and float(loss) == pytest.approx(1.5)


def test_each_player_moves_in_its_turn_alone() -> None:
    data, model, judge = batch(4), Linear(), critic()
    objective = AdversarialObjective(VP(), judge)
    found = objective.losses(model, data, Streams.of(0, "", 4))
    name, loss = next(found)
    loss.backward()
    assert name == "critic" and model.mix.grad is None
    judge.zero_grad(set_to_none=True)
    name, loss = next(found)
    loss.backward()
    assert name == "generator" and model.mix.grad is not None and all(p.grad is None for p in judge.parameters())
    assert list(found) == [] and all(p.requires_grad for p in judge.parameters())


def test_the_penalty_is_lazy_and_is_the_mean_squared_gradient() -> None:
    """The critic w |v|^2 has the gradient 2 w x_s, so the penalty is 2 w^2 |x_s|^2."""
    data, judge = batch(4), Remember()
    objective = AdversarialObjective(VP(), judge, r1=1.0, r1_every=3)
    plain = AdversarialObjective(VP(), judge, r1=0.0)
    extra = []
    for _ in range(4):
        judge.shown.clear()
        (_, with_it), (_, without) = (next(o.losses(Linear(), data, Streams.of(0, "", 4))) for o in (objective, plain))
        extra.append(float((with_it - without).detach()))
    expected = 2 * float(judge.shown[0][:, :2].square().sum((1, 2, 3)).mean())
    assert extra[0] == pytest.approx(expected, rel=1e-4) and extra[3] == pytest.approx(expected, rel=1e-4)
    assert extra[1] == extra[2] == 0


def test_real_images_of_one_channel() -> None:
    with seeded_layers(1):
        judge = Discriminator(3, (4, 8), features=8)
    names = [name for name, loss in AdversarialObjective(VP(), judge).losses(Linear(), batch(2, torch.float32), Streams.of(0, "", 2))]
    assert names == ["critic", "generator"]


class Source:
    """Pairs that depend on the update alone."""

    def batch(self, step: int, samples: object) -> Batch:
        return Batch(truth=batch(4))


def run(folder: Path) -> Trainer:
    judge, model = critic(), Linear()
    players: Mapping[str, object] = {"critic": judge.parameters(), "generator": model.parameters()}
    training = Training(model=model, objective=AdversarialObjective(VP(), judge, r1_every=2), stages=[Stage(Source(), 6, 4)],
                        parameters=players, data="", licence="")  # type: ignore[arg-type]  # fmt: skip
    return Trainer(training, folder, Settings(schedule=Schedule(1e-2, warmup=0), log=1, save=3))


def test_a_killed_run_goes_on_to_the_bit_with_its_critic(tmp_path: Path) -> None:
    """The discriminator and the count of updates belong to the objective; the checkpoint holds them too."""
    whole, part = run(tmp_path / "whole"), run(tmp_path / "part")
    whole.run()
    part.run(until=3)
    again = run(tmp_path / "part")
    assert again.step == 3 and int(again.objective.updates) == 3
    again.run()
    for a, b in zip(whole.objective.parameters(), again.objective.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(whole.model.mix, again.model.mix)
    assert (tmp_path / "whole/log.jsonl").read_text().count("loss_critic") == 6


class Scatters(nn.Module):
    """Draws about a mean, off the truth by `error`, with a spread of its own."""

    def __init__(self, mean: Tensor, spread: float) -> None:
        super().__init__()
        self.mean, self.spread, self.seen = mean, spread, []

    def forward(self, x_t: Tensor, t: Tensor, condition: Tensor, rng: Streams) -> Tensor:
        self.seen.append(x_t)
        return self.mean + self.spread * rng.normal_like(x_t)


def test_the_distance_of_two_draws_is_least_where_they_spread_as_the_truth_does() -> None:
    n, error = 100, 0.3
    data = batch(n)
    mean = data["x"] + error * Streams.of(1, "error", n).normal_like(data["x"])

    def distance(spread: float, two: bool) -> float:
        objective = AdversarialObjective(VP(), None, weight=1.0, spread=two)
        ((_, loss),) = objective.losses(Scatters(mean, spread), data, Streams.of(0, "", n))
        return float(loss)

    spreads = [0.0, 0.2, 0.3, 0.4, 0.6]
    assert min(spreads, key=lambda s: distance(s, True)) == error
    assert min(spreads, key=lambda s: distance(s, False)) == 0


def test_two_draws_share_a_state_that_holds_something_of_the_image() -> None:
    n, d = 200, VP()
    data, model = batch(n), Scatters(torch.zeros(()), 1.0)
    rng = Streams.of(0, "", n)
    t, _ = AdversarialObjective(d, None).times(rng.child("same"))
    objective = AdversarialObjective(d, None, spread=True)
    objective.times = lambda rng: (t, t - 0.25)  # type: ignore[method-assign]
    list(objective.losses(model, data, rng))
    same = (model.seen[0] == model.seen[1]).flatten(1).all(1)
    assert torch.equal(same, d.alpha(t) >= 0.1) and same.any() and not same.all()

import numpy as np
import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_lrdm import train
from mridiff_lrdm.net import LatentNet
from mridiff_lrdm.objective import STUDENT, TEACHER, LatentObjective
from mridiff_lrdm.seen import CENTRE, Seen
from mridiff_lrdm.train import Lesson, Net, high_training, latent_training
from mridiff_sdk.fourier import fft
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import smooth
from mridiff_sdk.training import MaskFamily, Run, Schedule, Settings, prepare
from mridiff_sdk.training_data import PoolConfig

NET = Net(latent=8, width=8, residuals=1, kspace=(8, 8), image=(8,), passes=1)
MASKS = MaskFamily(("poisson", "random"), (3.0, 4.0), 0.1)
LESSONS = [Lesson("teacher", 16, 2, 2), Lesson("student", 16, 2, 2)]


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A function that starts a tiny training in a folder of its own, on slices that need no data."""
    x = smooth(Space(("y", "x"), (20, 20)), 3)
    np.save(tmp_path / "pool.npy", torch.stack([x.real, x.imag], 1).numpy().astype(np.float16))
    monkeypatch.setattr(train, "pool_files", lambda run, pool: [tmp_path / "pool.npy"])

    def begin(name, task=latent_training):
        run = Run(tmp_path / name, tmp_path, settings=Settings(schedule=Schedule(1e-3, 0, 0.0)))
        return prepare(task, run, net=NET, pool=PoolConfig(), masks=MASKS, lessons=LESSONS)

    return begin


def moved(before, after, part):
    return any(not torch.equal(before[k], after[k]) for k in before if k.startswith(part))


def state(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def test_the_teacher_learns_first_and_is_fixed_then(start):
    trainer = start("a")
    before = state(trainer.model)
    trainer.run(until=2)
    between = state(trainer.model)
    trainer.run()
    after = state(trainer.model)
    assert [moved(before, between, p) for p in ("teacher", "decoder", "student", "denoiser")] == [True, True, False, False]
    assert [moved(between, after, p) for p in ("teacher", "decoder", "student", "denoiser")] == [False, True, True, True]


def test_the_second_prior_is_the_same_without_the_centre(start):
    first, second = start("first").model, start("second", high_training).model
    assert (first.void, second.void) == (0.0, CENTRE)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def objective(model, x, learns, levels=4):
    batch = {"x": x, STUDENT: torch.tensor(float(learns == STUDENT))}
    ((name, loss),) = LatentObjective(MASKS, levels).losses(model, batch, Streams.of(0, samples=len(x)))
    return name, loss


def test_the_students_gradient_goes_through_the_whole_chain_and_not_to_the_teacher():
    x = smooth(Space(("y", "x"), (16, 16)), 2)
    with seeded_layers(0):
        model = LatentNet(8, 8, 1, (8, 8), (8,), 1)
        torch.nn.init.normal_(model.decoder.images[0].tail.weight)
    name, loss = objective(model, x, STUDENT)
    loss.backward()
    assert name == STUDENT and all(p.grad is None for p in model.teacher.parameters())
    assert all(p.grad is not None and p.grad.any() for p in model.student.parameters())
    deep = model.denoiser.layers[0].weight.grad.clone()
    model.zero_grad()
    objective(model, x, STUDENT, levels=2)[1].backward()
    assert not torch.allclose(deep, model.denoiser.layers[0].weight.grad)
    assert objective(model, x, TEACHER)[0] == TEACHER


def test_a_perfect_decoder_has_no_loss_and_errors_count_relative_to_the_image():
    x = smooth(Space(("y", "x"), (16, 16)), 2)
    k, m = fft(x), MASKS.draw((16, 16), Streams.of(0, samples=2)).float()
    seen, measure = Seen.of(m * k, 1 - m, 0.0), LatentObjective(MASKS, 4, kspace=0.0)
    assert float(measure.distance(seen, seen.relative(k), k)) < 1e-6
    off = measure.distance(seen, 1.1 * seen.relative(k), k)
    relative = 0.1 * x / x.abs().square().mean((1, 2), keepdim=True).sqrt()
    torch.testing.assert_close(off, 0.5 * (relative.real.abs() + relative.imag.abs()).mean(), rtol=1e-3, atol=1e-4)

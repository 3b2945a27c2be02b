"""With the shipped weights, on scenes that nothing was trained on."""

import pytest
import torch

from mridiff_neuraldiffuser import bench as module
from mridiff_neuraldiffuser.bench import Bench
from mridiff_neuraldiffuser.judge import Judge, trained
from mridiff_neuraldiffuser.measure import main
from mridiff_neuraldiffuser.sampler import NeuralDiffuser
from mridiff_sdk.seeds import seeded_layers

COUNT = 16


@pytest.fixture(scope="module")
def bench(prior):
    with seeded_layers(0):
        judge = Judge().eval()
        judge(torch.zeros(1, 3, 32, 32))
    return Bench(prior, judge, "test", COUNT)


@pytest.fixture(scope="module")
def runs(bench):
    """Mean figures of the method, without guidance, and with the features of the true and of another picture."""
    made = {
        "guided": bench.run(steps=15),
        "unguided": bench.run(steps=15, kappa=0.0),
        "true": bench.run(bench.problem(bench.features()), steps=15),
        "other": bench.run(bench.problem(bench.features(1)), steps=15),
    }
    return {name: {k: float(v.mean()) for k, v in bench.score(x).items()} for name, x in made.items()}


def test_guidance_leads_nearer_to_its_target(runs):
    assert runs["guided"]["distance"] < runs["unguided"]["distance"]


def test_true_features_help_and_those_of_another_picture_do_not_as_much(runs):
    gain = {name: runs["true"]["PixCorr"] - runs[name]["PixCorr"] for name in ("unguided", "other", "guided")}
    assert gain["unguided"] > 0.04 and gain["other"] > 0.04 and gain["guided"] > 0.02


def test_pictures_are_nearer_to_what_was_seen_than_the_mean_picture_and_are_recognised(bench, runs):
    mean = bench.score(bench.x.mean(0, keepdim=True).expand_as(bench.x))
    assert runs["guided"]["PixCorr"] > float(mean["PixCorr"].mean()) + 0.05
    assert runs["guided"]["mini_clip"] > 0.7


def test_responses_of_other_scenes_leave_nothing_but_chance(bench):
    shuffled = bench.score(bench.run(bench.problem(order=torch.arange(COUNT).roll(7)), steps=15))["mini_clip"]
    assert abs(float(shuffled.mean()) - 0.5) < 3 * float(shuffled.std()) / COUNT**0.5


def test_the_judge_learns_what_is_in_a_scene():
    from mridiff_sdk.stimuli import scene

    judge = trained(32, scenes=300, updates=200)
    scenes = [scene(n) for n in range(50)]
    counts = torch.stack([s.counts() for s in scenes])
    found = judge(torch.stack([s.picture(32) for s in scenes]))
    assert float((found - counts).square().mean()) < 0.9 * float((counts.mean(0) - counts).square().mean())
    first, again = (trained(32, scenes=10, updates=2).state_dict() for _ in range(2))
    assert all(torch.equal(first[k], again[k]) for k in first)


def test_the_tables_are_printed(monkeypatch, capsys):
    class Short(NeuralDiffuser):
        def __init__(self, prior, **options):
            super().__init__(prior, **{"steps": 1, **options})

    monkeypatch.setattr(module, "NeuralDiffuser", Short)
    main(["--count", "4", "--stimuli", "20", "--judge", "2"])
    text = capsys.readouterr().out
    assert text.count("| neuraldiffuser |") == 1 and "guided minus unguided" in text and "times the norm of eps" in text

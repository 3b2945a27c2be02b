import torch

from mridiff_sdk.stimuli import scene, trained_judge


def test_the_judge_learns_what_is_in_a_scene():
    judge = trained_judge(32, scenes=300, updates=200)
    scenes = [scene(n) for n in range(50)]
    counts = torch.stack([s.counts() for s in scenes])
    found = judge(torch.stack([s.picture(32) for s in scenes]))
    assert float((found - counts).square().mean()) < 0.9 * float((counts.mean(0) - counts).square().mean())


def test_every_process_has_the_same_judge():
    first, again = (trained_judge.__wrapped__(32, scenes=10, updates=2).state_dict() for _ in range(2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert trained_judge(32, scenes=10, updates=2) is trained_judge(32, scenes=10, updates=2)

import torch

from mridiff_datasets.beating_heart import BeatingHeart


def test_the_heart_beats_and_the_rest_stands_still():
    x = BeatingHeart(3).series(12, 48)
    assert x.shape == (12, 48, 48) and x.dtype == torch.complex64 and 0.8 < float(x.abs().max()) < 1.5
    change = x.abs().std(0, correction=0)
    moving = change > 0.1
    rows, columns = moving.nonzero().float().unbind(1)
    assert 0.01 < float(moving.float().mean()) < 0.1
    assert float((rows - 22).abs().max()) < 14 and float((columns - 24).abs().max()) < 16  # one place in the middle
    assert float(change[:8].max()) < 1e-6 and float(change[-8:].max()) < 1e-6 and float(x[:, :3].abs().max()) < 0.01


def test_the_beat_is_periodic_and_smooth():
    x = BeatingHeart(3).series(24, 48).abs()
    steps = (x - x.roll(1, 0)).square().flatten(1).sum(1).sqrt()
    assert float(steps.max()) < 0.35 * float((x - x[:1]).square().flatten(1).sum(1).sqrt().max())  # from the last frame to the first too


def test_a_subject_is_its_number_at_any_size():
    a, again, b, other = BeatingHeart(3), BeatingHeart(3), BeatingHeart(4), BeatingHeart(3, seed=1)
    assert torch.equal(a.series(4, 32), again.series(4, 32))
    for different in (b, other):
        assert float((a.series(4, 32).abs() - different.series(4, 32).abs()).abs().max()) > 0.2
    fine = a.series(4, 64).abs()[:, ::2, ::2]
    assert float((fine - a.series(4, 32).abs()).abs().mean()) < 0.05  # edges are a pixel wide, whatever its size
    assert float((fine - b.series(4, 32).abs()).abs().mean()) > 0.08

import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.training.cold import ColdObjective, MaskFamily

N = 8


def batch(n=N, size=24):
    x = Streams.of(0, "x", n).normal((size, size))
    return {"x": x, "place": torch.arange(n) / n, "stride": torch.tensor(1 / n)}


class Given(nn.Module):
    """Answers what it is shown, and remembers it."""

    def forward(self, x_t, t):
        self.x_t, self.t = x_t, t
        return x_t


def run(objective, data, seed=0):
    model = Given()
    ((name, loss),) = objective.losses(model, data, Streams.of(seed, samples=len(data["x"])))
    assert name == "restorer"
    return model, float(loss)


def test_pairs_are_undersampled_images_each_with_its_own_mask_and_order():
    data = batch()
    model, _ = run(ColdObjective(MaskFamily(accelerations=(3.0, 3.0), centre=0.1), NestedMasks()), data)
    k, full = fft(model.x_t), fft(data["x"])
    missing = k.abs() < 1e-5 * full.abs()
    columns = missing.all(1)
    assert torch.equal(missing, columns[:, None].expand_as(missing))
    counts = columns.sum(1)
    assert torch.equal(counts, (model.t * 16).floor().long())  # 24 columns, 8 sampled
    ratio = (k / full)[0][~missing[0]]
    assert (ratio - ratio[0]).abs().max() < 1e-4
    late = [tuple(c.tolist()) for c, t in zip(columns, model.t, strict=True) if t > 0.5]
    assert len(set(late)) == len(late)


def test_times_cover_all_levels_and_both_ends():
    objective = ColdObjective(MaskFamily(), NestedMasks(), levels=4)
    seen = torch.cat([objective.times(batch(4), Streams.of(s, samples=4)) for s in range(100)])
    assert set(seen.tolist()) == {0.0, 0.25, 0.5, 0.75, 1.0}
    shares = torch.stack([(seen == v).float().mean() for v in (0.0, 0.25, 0.5, 0.75, 1.0)])
    assert (shares - 0.2).abs().max() < 0.06


def test_scale_is_that_of_the_zero_filled_image():
    objective = ColdObjective(MaskFamily(), NestedMasks(), spread=(0.5, 1.0))
    data, rng = batch(64), Streams.of(0, samples=64)
    diffusion = objective.bound(data["x"], rng)
    x0 = objective.scaled(data["x"], diffusion, rng)
    peak = diffusion.mean(x0, 1.0).abs().flatten(1).amax(1)
    assert 0.5 <= peak.min() < 0.6 and 0.9 < peak.max() <= 1.001


def test_loss_counts_both_parts_and_the_truth_costs_nothing():
    class Answer(nn.Module):
        def forward(self, x_t, t):
            return x_t + (0.5 - 1.5j)

    objective = ColdObjective(MaskFamily(), NestedMasks(), levels=1)
    data = batch(2)
    data["place"], data["stride"] = torch.zeros(2), torch.tensor(0.0)  # t = 0: x_t = x0
    ((_, loss),) = objective.losses(Answer(), data, Streams.of(0, samples=2))
    assert abs(float(loss) - 1) < 1e-5


def test_a_family_draws_every_pattern_within_its_range():
    masks = MaskFamily(("random", "gaussian-2d"), (2.0, 8.0), 0.1).draw((40, 40), Streams.of(0, samples=40))
    rates = masks.float().mean((1, 2)) ** -1
    assert rates.min() > 1.9 and rates.max() < 9.1 and rates.max() / rates.min() > 2
    lines = (masks == masks[:, :1]).all((1, 2))
    assert 5 < int(lines.sum()) < 35
    assert masks[:, 20, 20].all()

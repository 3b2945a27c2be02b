import pytest
import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_kspace_cold_diffusion.trajectory import SeenSlices, TrajectoryObjective, estimated
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.training import MaskFamily

N = 24


def batch(coils=4):
    x = Streams.of(0, "x", 3).normal((N, N))
    alone = torch.zeros(coils, N, N, dtype=x.dtype)
    alone[0] = 1
    maps = torch.stack([simulate_maps(coils, (N, N), 0), simulate_maps(coils, (N, N), 1), alone])
    return {"x": x, "maps": maps, "place": torch.arange(3) / 3, "stride": torch.tensor(1 / 3)}


class Told(nn.Module):
    """Answers with numbers that it was told, everywhere in k-space, and remembers what it was shown."""

    def __init__(self, answers):
        super().__init__()
        self.answers, self.times, self.shown = list(answers), [], []

    def forward(self, x_t, t):
        self.times.append(t)
        self.shown.append(fft(x_t))
        answer = self.answers.pop(0)
        return answer(x_t) if callable(answer) else ifft(torch.full_like(x_t, answer)).requires_grad_()


def objective(**options):
    return TrajectoryObjective(MaskFamily(("random",), (4.0, 4.0), 0.1), NestedMasks("column"), **options)


def test_each_call_is_shown_what_the_one_before_left_and_what_was_measured():
    """With one coil, in k-space: y where measured, elsewhere the last answer on a growing part."""
    only = {name: value[2:] if name in ("x", "maps") else value for name, value in batch().items()}
    model = Told([5.0, 7.0, 9.0])
    losses = list(objective(calls=3).losses(model, only, Streams.of(0)))
    assert model.times == pytest.approx([1, 2 / 3, 1 / 3]) and [name for name, _ in losses] == ["restorer"] * 3
    start = model.shown[0]
    missing = start.abs() < 1e-4
    before = 0
    for answer, state in zip((5.0, 7.0), model.shown[1:], strict=True):
        torch.testing.assert_close(state[~missing], start[~missing])
        back = (state[missing] - answer).abs() < 1e-3
        assert (state[missing][~back].abs() < 1e-3).all() and before < back.sum() < missing.sum()
        before = back.sum()
        assert not state.requires_grad  # a call is not asked to serve those after it


def test_the_truth_has_no_loss_where_maps_are_exact():
    """Truth in, truth out: nothing but the error of the maps is left."""
    given, found = batch(), {}
    for error in (0.0, 0.3):
        truth = []

        def scaled(x0, diffusion, rng, truth=truth):
            truth[:] = [x0]
            return x0

        task = objective(calls=2, error=error)
        task.scaled = scaled
        maps = estimated(given["maps"], error, Streams.of(0, samples=3).child("maps"))

        def answer(x_t, truth=truth, maps=maps):
            return (maps.conj() * truth[0]).sum(1)

        found[error] = sum(float(loss) for _, loss in task.losses(Told([answer] * 2), given, Streams.of(0, samples=3)))
    assert found[0.0] < 1e-5 < 1e-3 < found[0.3]


def test_maps_are_off_as_much_as_asked_for_smoothly_and_of_unit_size():
    maps = batch()["maps"]
    off = [estimated(maps, e, Streams.of(0, samples=3)) for e in (0.0, 0.1, 0.3)]
    torch.testing.assert_close(off[0], maps)
    errors = [torch.linalg.vector_norm(m - maps, dim=1).mean((1, 2)) for m in off]
    assert (errors[2][:2] > 2 * errors[1][:2]).all() and (errors[2] < 0.3).all() and (errors[1][:2] > 0).all()
    for m in off:
        torch.testing.assert_close(torch.linalg.vector_norm(m, dim=1), torch.ones(3, N, N))
        torch.testing.assert_close(m[2], maps[2])  # one coil that sees all has a map without error


def test_slices_come_with_the_coils_that_see_them(tmp_path):
    import numpy as np

    np.save(tmp_path / "pool.npy", np.random.default_rng(0).standard_normal((4, 2, 32, 32)).astype(np.float16))
    source = SeenSlices([tmp_path / "pool.npy"], N, coils=3, sets=2, single=0.5)
    seen = [source.batch(i, range(4)).truth for i in range(4)]
    assert seen[0]["x"].shape == (4, N, N) and seen[0]["maps"].shape == (4, 3, N, N)
    alone = torch.cat([(b["maps"][:, 1:].abs().amax((1, 2, 3)) == 0) for b in seen])
    assert 0 < alone.sum() < 16
    assert torch.equal(source.batch(2, [1]).truth["maps"], seen[2]["maps"][1:2])

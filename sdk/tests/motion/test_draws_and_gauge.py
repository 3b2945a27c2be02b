import math

import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_sdk.metrics.report import score
from mridiff_sdk.motion import KINDS, Rigid, draw, errors, registered, without_gauge


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_mean_zero_their_size_and_a_seed(kind):
    motion = draw(kind, 10, 4.0, 2.0, Streams.of(0, "", 3))
    assert motion.shape == (3, 10, 3) and motion.mean(1).abs().max() < 1e-12
    assert 0.5 < motion[..., 0].abs().max() <= 8 and 0.25 < motion[..., 1:].abs().max() <= 4
    assert torch.equal(motion[1:2], draw(kind, 10, 4.0, 2.0, Streams.of(0, "", [1])))
    assert not torch.equal(motion, draw(kind, 10, 4.0, 2.0, Streams.of(1, "", 3)))
    assert draw(kind, 10, 0.0, 0.0, Streams.of(0)).abs().max() == 0


def test_kinds_move_as_they_say():
    steps = draw("steps", 20, 4.0, 2.0, Streams.of(0)).diff(dim=1).abs().sum(-1)
    walk = draw("walk", 20, 4.0, 2.0, Streams.of(0))
    assert 1 <= int((steps > 1e-9).sum()) <= 2
    assert walk.abs().amax(1).tolist()[0] == pytest.approx([4.0, 2.0, 2.0])
    assert walk.diff(dim=1).abs().mean() < draw("uniform", 20, 4.0, 2.0, Streams.of(0)).diff(dim=1).abs().mean()


def moved_as_a_whole(motion, turn, dy, dx):
    """The same poses for the object moved by (turn, dy, dx) beforehand."""
    a = math.radians(-turn)
    y, x = motion[..., 1], motion[..., 2]
    return torch.stack([motion[..., 0] + turn, math.cos(a) * y - math.sin(a) * x + dy, math.sin(a) * y + math.cos(a) * x + dx], -1)


def test_a_motion_of_everything_is_no_error_and_any_other_is():
    truth = draw("uniform", 8, 4.0, 3.0, Streams.of(0))
    away = moved_as_a_whole(truth, 5.0, 2.0, -1.0)
    assert (away - truth).abs().mean() > 1 and (without_gauge(away, truth) - truth).abs().max() < 1e-12
    assert max(errors(away, truth).values()) < 1e-12
    off = away.clone()
    off[:, 0, 0] += 8.0
    off[:, 1, 1] += 4.0
    found = errors(off, truth)
    assert found["mae_degrees"] == pytest.approx(2 * 8.0 * 7 / 64) and found["mae_pixels"] > 0.2
    assert score("motion", off.float(), truth.float(), Space(("shot", "channel"), complex=False), {})["mae_degrees"] == pytest.approx(
        found["mae_degrees"], rel=1e-3
    )


def test_registration_takes_a_pose_out_and_leaves_the_rest():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    image = sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / 0.04) for a, b, c in ((1, 0.1, -0.2), (0.7, -0.3, 0.2), (0.5, 0.3, 0.3)))
    image = torch.polar(image, x)[None]
    moved = Rigid(torch.tensor([[4.0, 1.5, -0.8]]), (32, 32))(image)
    before = (moved.abs() - image.abs()).norm()
    assert (registered(moved, image).abs() - image.abs()).norm() < 0.02 * before
    assert (registered(2 * moved, image).abs() - 2 * image.abs()).norm() < 0.2 * before  # a wrong scale stays

"""Poses of shots: their derivatives, and image and poses together."""

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Problem, Space, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.motion import Rigid
from mridiff_sdk.nuisance import Tangent, jointly

N, SHOTS = 24, 3
TAKEN = torch.stack([(torch.arange(N) % SHOTS == s).float().expand(N, N) for s in range(SHOTS)])[None]
MAPS = torch.stack([torch.linspace(0.3, 1, N).expand(N, N), torch.linspace(1, 0.3, N)[:, None].expand(N, N)]).to(torch.complex64)


class Moved(LinearOperator):
    """Two coils that see an image in three poses, every third column of k-space in each."""

    domain, codomain = Space(("y", "x"), (N, N)), Space(("coil", "ky", "kx"), (2, N, N))

    def __init__(self, motion):
        super().__init__()
        self.poses = [Rigid(pose, (N, N)) for pose in motion.unbind(1)]

    def forward(self, x):
        return sum(TAKEN[:, s, None] * fft(MAPS * T(x)[:, None]) for s, T in enumerate(self.poses))

    def adjoint(self, y):
        return sum(T.undo((MAPS.conj() * ifft(TAKEN[:, s, None] * y)).sum(1)) for s, T in enumerate(self.poses))


def case(samples=1, std=None):
    """A blob in three poses, of mean zero."""
    y, x = torch.meshgrid(torch.arange(N) - N / 2, torch.arange(N) - N / 2, indexing="ij")
    blob = torch.exp(-((y / 5) ** 2 + (x / 3 - 0.1 * y) ** 2)) + 0.5 * torch.exp(-((y - 3) ** 2 + (x + 4) ** 2) / 3)
    motion = Streams.of(0, "motion", samples).normal((SHOTS, 3), torch.float32)
    motion = motion - motion.mean(1, keepdim=True)
    clean = Moved(motion)(blob.to(torch.complex64).expand(samples, N, N))
    y = clean + (std or 0) * Streams.of(1, "noise", samples).normal_like(clean)
    return Problem(Moved(motion), y, Gaussian(std), Moved.domain), motion, blob.to(torch.complex64).expand(samples, N, N)


@pytest.mark.parametrize("samples", [1, 2])
def test_the_tangent_is_the_derivative_of_every_pose(samples):
    _, motion, x = case(samples)
    tangent = Tangent(Moved, TAKEN, x, motion, Moved(motion)(x))
    p = Streams.of(2, "p", samples).normal((SHOTS, 3), torch.float32)
    _, change = torch.autograd.functional.jvp(lambda m: torch.view_as_real(Moved(m)(x)), motion, p)
    torch.testing.assert_close(tangent(p), torch.view_as_complex(change), rtol=0, atol=0.05 * float(change.abs().max()))
    torch.testing.assert_close(tangent.poses(tangent(p), 0.0), p, rtol=1e-3, atol=1e-3)
    assert bool(tangent.poses(tangent(p), torch.full((samples, SHOTS), 10.0)).abs().sum() < 0.5 * p.abs().sum())


def test_image_and_poses_are_found_together_where_in_turn_they_stand_still():
    problem, truth, _ = case()
    start = truth + 0.3 * Streams.of(3, "off").normal((SHOTS, 3), torch.float32)
    start = start - start.mean(1, keepdim=True)
    nothing = torch.zeros(1, N, N, dtype=torch.complex64)
    found, least = jointly(problem, Moved, TAKEN, nothing, 1.0, start, steps=5, iterations=40)
    turns = start
    for _ in range(5):
        x = proximal(Problem(Moved(turns), problem.y, problem.noise, Moved.domain), nothing, 1.0, iterations=40, tolerance=1e-3)
        seen = Moved(turns)(x)
        turns = turns + Tangent(Moved, TAKEN, x, turns, seen).poses(problem.y - seen)

    def off(motion):
        return float((motion - motion.mean(1, keepdim=True) - truth).abs().mean())

    assert off(found) < 0.1 * off(start) and off(found) < 0.2 * off(turns)
    assert float(least) < 0.1 * float(jointly(problem, Moved, TAKEN, nothing, 1.0, start, steps=0, iterations=40)[1])


def test_no_step_leads_to_a_worse_sum_and_each_sample_keeps_its_best():
    problem, truth, x = case(2, std=0.01)
    start = truth + 0.2 * Streams.of(4, "off", 2).normal((SHOTS, 3), torch.float32)
    sums = torch.stack([jointly(problem, Moved, TAKEN, 0 * x, 1.0, start, steps=n)[1] for n in range(5)])
    assert bool((sums.diff(dim=0) <= 1e-6 * sums[:-1]).all()) and bool((sums[-1] < sums[0]).all())
    far = truth + 8 * Streams.of(4, "off", 2).normal((SHOTS, 3), torch.float32)
    (stayed, before), (moved, after) = (jointly(problem, Moved, TAKEN, 0 * x, 1.0, far, steps=n) for n in (1, 4))
    assert torch.equal(stayed, far) and not torch.equal(moved, far), "one step from so far leads to a worse sum, four to a better one"
    assert bool((after < before).all())
    best, least = jointly(problem, Moved, TAKEN, 0 * x, 1.0, start, steps=4)
    alone = [jointly(Problem(Moved(truth[i : i + 1]), problem.y[i : i + 1], problem.noise, Moved.domain), Moved, TAKEN,
                     0 * x[:1], 1.0, start[i : i + 1], steps=4) for i in (0, 1)]  # fmt: skip
    torch.testing.assert_close(best, torch.cat([m for m, _ in alone]), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(least, torch.cat([e for _, e in alone]), rtol=1e-2, atol=0)


def test_the_sum_is_that_of_the_image_nearest_to_the_data():
    problem, truth, x = case(std=0.05)
    _, least = jointly(problem, Moved, TAKEN, 0 * x, 0.3, truth, steps=0, iterations=60)
    best = proximal(problem, 0 * x, 0.3, iterations=100)
    value = (problem.y - problem.linear(best)).abs().square().sum() + (0.05 / 0.3) ** 2 * best.abs().square().sum()
    torch.testing.assert_close(float(least), float(value), rtol=1e-3, atol=0)

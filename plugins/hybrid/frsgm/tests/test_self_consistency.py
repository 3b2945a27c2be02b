"""Self-consistency: nothing where the model is right, and what is wrong with it where maps are."""

import pytest
import torch

from mridiff.interfaces import Blocks, Field, Gaussian, Problem, Streams
from mridiff_frsgm.self_consistency import LEAST, NEAR, SelfConsistency, around
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.sampling_patterns import mask

N, COILS, STD = 48, 4, 0.01


def scan(wrong=0.0, samples=1, std=STD):
    """Images (sample, y, x), and their problem by maps that are off by a smooth factor of each coil."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, N),) * 2, indexing="ij")
    drawn = Streams.of(3, "", samples).normal((N, N)) * 0.2
    truth = torch.polar(1.0 * ((x / 0.8) ** 2 + (y / 0.9) ** 2 < 1), 1 + x - y) * (1 + drawn)
    maps, taken = simulate_maps(COILS, (N, N), 0)[None], mask("random", (N, N), 3, 0.1, 0)[None].float()
    angle = torch.arange(COILS)[:, None, None] * (2 * torch.pi / COILS)  # no factor that all coils share
    turn = torch.exp(wrong * torch.complex(torch.cos(angle + 2 * x), torch.sin(angle + 2 * y))[None])
    A = SenseOperator(maps, taken)
    measured = SenseOperator(maps * turn, taken)(truth)
    measured = measured + std * Streams.of(1, "", samples).normal_like(measured) * taken
    known = {"mask": Field(taken, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    return truth, Problem(A, measured, Gaussian(std), A.domain, {}, known), taken[:, None]


def rms(x, taken):
    return float(((taken * x).abs().square().sum() / (taken * torch.ones_like(x.real)).sum()).sqrt())


def test_where_the_maps_are_exact_nothing_changes():
    truth, problem, taken = scan()
    seen = SelfConsistency.of(problem, truth, 2)(problem, truth)
    assert rms(seen.y - problem.y, taken) < 0.3 * STD
    std = (seen.noise.std / seen.noise.weight.sqrt())[taken.expand_as(problem.y) > 0]
    assert std.min() >= 0.999 * STD and std.median() < 1.05 * STD


def test_kernels_explain_what_maps_are_off_by():
    truth, problem, taken = scan(wrong=0.1)
    consistency = SelfConsistency.of(problem, truth, 2)
    before, after = (rms(p.y - problem.operator(truth), taken) for p in (problem, consistency(problem, truth)))
    assert before > 5 * STD and after < 0.3 * before


def test_what_they_leave_counts_as_noise_that_grows_with_k_space():
    truth, problem, taken = scan(wrong=0.1)
    consistency = SelfConsistency.of(problem, truth, 1, spread=1e-6)  # kernels that explain nothing
    seen = consistency(problem, truth)
    variance, energy, on = 1 / seen.noise.weight - STD**2, around(consistency.predicted(truth)), taken.expand_as(problem.y) > 0
    torch.testing.assert_close(variance[on] / variance[on].max(), energy[on] / energy[on].max(), rtol=1e-2, atol=1e-6)
    left = (problem.y - problem.operator(truth)).abs().square()
    assert float((taken / seen.noise.weight).sum()) == pytest.approx(float(left.sum()), rel=1e-3)


def test_the_kernels_are_ridge_regression():
    """Against dense algebra, with reach 1; what the coils share is left out."""
    truth, problem, taken = scan(wrong=0.1)
    consistency = SelfConsistency.of(problem, truth, 1, spread=0.02)
    on, kernels = taken[0, 0] > 0, []
    for k, y in zip(consistency.predicted(truth)[0], problem.y[0], strict=True):
        P = torch.stack([torch.roll(k, (-a, -b), (0, 1))[on] for a in (-1, 0, 1) for b in (-1, 0, 1)], 1)
        r = (y - k)[on]
        known = float(r.abs().square().mean()) / 0.02**2
        rows, values = torch.cat((P, known**0.5 * torch.eye(9))), torch.cat((r, torch.zeros(9)))
        kernels.append((P, torch.linalg.lstsq(rows, values).solution))
    shared = torch.stack([h for _, h in kernels]).mean(0)
    P, h = kernels[2]
    e = (problem.y - consistency(problem, truth).y)[0, 2]
    torch.testing.assert_close(e[on], P @ (h - shared), rtol=1e-3, atol=1e-4)
    assert (e[~on] == 0).all()


def test_what_all_coils_share_is_the_image():
    """Data that are larger than an image predicts say that it is too small, and nothing of the coils."""
    truth, problem, taken = scan()
    seen = SelfConsistency.of(problem, 0.9 * truth, 2)(problem, 0.9 * truth)
    assert rms(seen.y - problem.y, taken) < 0.1 * rms(problem.y - problem.operator(0.9 * truth), taken)


def test_every_sample_has_kernels_of_its_own():
    truth, problem, _ = scan(wrong=0.1, samples=2)
    both = SelfConsistency.of(problem, truth, 2)(problem, truth)
    one = Problem(problem.A, problem.y[1:], problem.noise, problem.space, {}, problem.acquisition)
    alone = SelfConsistency.of(one, truth[1:], 2)(one, truth[1:])
    torch.testing.assert_close(both.y[1:], alone.y)
    torch.testing.assert_close(both.noise.weight[1:], alone.noise.weight)


def test_noise_of_unknown_level_is_found():
    truth, problem, taken = scan()
    unknown = Problem(problem.A, problem.y, Gaussian(None), problem.space, {}, problem.acquisition)
    noise = SelfConsistency.of(unknown, truth, 1)(unknown, truth).noise
    assert float((taken / noise.weight).expand_as(problem.y).sum() / (taken.sum() * COILS)) ** 0.5 == pytest.approx(STD, rel=0.1)


def test_energy_about_a_sample_is_that_of_all_coils():
    k = torch.zeros(1, 2, 9, 9, dtype=torch.complex64)
    k[0, 1, 4, 4] = 3j
    found = around(k)
    assert found.shape == k.shape and torch.equal(found[0, 0], found[0, 1])
    assert float(found[0, 0, 4, 4]) == pytest.approx(4.5 / NEAR**2) and float(found[0, 0, 0, 0]) == 0


@pytest.mark.parametrize("change", ["other operator", "no maps", "no mask", "weights", "blocks", "one coil"])
def test_other_problems_have_none(change):
    truth, p, _ = scan()
    known, A, y, noise, x = dict(p.acquisition), p.A, p.y, p.noise, truth
    if change == "other operator":
        A = 2 * A
    elif change in ("no maps", "no mask"):
        del known["sensitivity_maps" if change == "no maps" else "mask"]
    elif change == "weights":
        noise = Gaussian(STD, torch.ones(1))
    elif change == "blocks":
        y, noise = (y, y), Blocks((noise, noise))
    else:
        y = y[:, 0]
    assert SelfConsistency.of(Problem(A, y, noise, p.space, {}, known), x, 2) is None


@pytest.mark.parametrize(("reach", "known"), [(3, True), (4, False)])
def test_few_samples_teach_no_large_kernels(reach, known):
    truth, problem, taken = scan()
    assert (float(taken.sum()) >= LEAST * (2 * reach + 1) ** 2) == known
    assert (SelfConsistency.of(problem, truth, reach) is not None) == known

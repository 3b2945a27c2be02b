"""What makes it this method: cycles from low levels, lines of the input that are held, and nothing known of the motion."""

from dataclasses import replace
from functools import partial

import pytest
import torch

import mridiff
from mridiff.errors import DataError
from mridiff.interfaces import Problem, Space, Streams
from mridiff_annealed_score_moco.beside import band_error, better, change, input_of, low_pass
from mridiff_annealed_score_moco.measured import displaced
from mridiff_annealed_score_moco.sampler import AnnealedScoreMoco
from mridiff_datasets.moving import Movement, MovingBrain
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VE, VP
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.oracles import Covariance, GaussianPrior

PUBLISHED = {"lines": "band", "temperature": 1.0, "weight": 0.2, "band": 0.0625}


def case(n=24, diffusion=None, **options):
    """Grainy blobs that jump between blocks of neighbouring lines, seen by two coils, and a prior that knows where they are."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, 2 * n),) * 2, indexing="ij")
    blobs = ((1.0, 0.1, -0.3, 0.02), (0.7, -0.35, 0.2, 0.03), (0.8, 0.3, 0.3, 0.02))
    bright = sum(a * torch.exp(-((y - b) ** 2 + (x - c) ** 2) / w) for a, b, c, w in blobs)
    grain = Streams.of(3, "grain").normal((n, n))[0].repeat_interleave(2, 0).repeat_interleave(2, 1)
    movement = Movement(**{"shots": 9, "order": "linear", "kind": "steps", "still": 0.05, "noise_std": 0.001, "coils": 2, **options})
    scan = movement.scan(bright * grain, "blobs")
    maps, mask = scan.measured.require("sensitivity_maps", "mask")
    A = SenseOperator(maps, mask)
    prior = GaussianPrior(torch.zeros(n, n, dtype=torch.complex64), Covariance.diagonal(A.domain, 0.7 * bright[::2, ::2] ** 2 + 1e-4),
                          diffusion or VE(0.005, 20.0))  # fmt: skip
    return scan, Problem.of(A, scan.measured), prior


@pytest.fixture(scope="module")
def moved():
    return case()


def made(prior, problem, seed=0, samples=1, **options):
    return AnnealedScoreMoco(prior, **options)(problem, Streams.of(seed, "a", samples))


@pytest.mark.parametrize("data", ["clean", "noised"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_all_lines_held_are_the_input(moved, data, temperature):
    scan, problem, prior = moved
    x = made(prior, problem, band=1.0, data=data, temperature=temperature)
    assert (x - input_of(scan)).abs().max() < 1e-5


def test_a_start_at_no_noise_is_the_input(moved):
    scan, problem, prior = moved
    assert (made(prior, problem, level=0.0, last_level=0.0) - input_of(scan)).abs().max() < 1e-5
    assert (made(prior, problem, level=0.006, last_level=0.006, tolerance=1e-3) - input_of(scan)).abs().max() > 1e-4


@pytest.mark.parametrize("n", [24, 22])
@pytest.mark.parametrize(("lines", "data"), [("band", "clean"), ("agreeing", "clean"), ("band", "noised")])
def test_the_band_is_met_exactly_at_the_end_and_what_is_not_held_is_not(n, lines, data):
    scan, problem, prior = case(n)
    k = (torch.arange(n) - n // 2).abs() <= n / 16
    y = input_of(scan)
    x = made(prior, problem, lines=lines, data=data, temperature=1.0, band=1 / 16)
    assert fft(x - y)[..., k].abs().max() < 1e-5 and fft(x - y).abs().max() > 1e-2
    loose = made(prior, problem, lines=lines, data=data, temperature=1.0, band=1 / 16, weight=0.0, last_weight=0.0)
    assert fft(loose - y)[..., k].abs().max() > 1e-2


def test_the_band_lies_along_the_axis_of_the_lines(moved):
    scan, problem, prior = moved
    k = (torch.arange(24) - 12).abs() <= 1
    off = fft(made(prior, problem, lines="band", axis="y", band=0.0625) - input_of(scan))
    assert off[:, k].abs().max() < 1e-5 < off[..., k].abs().max()


@pytest.mark.parametrize(("options", "calls"), [({}, 5 * 8), ({"lines": "band"}, 5 * 6), ({"cycles": 2, "steps": 3}, 2 * 5)])
def test_calls_of_the_prior(moved, options, calls):
    _, problem, prior = moved
    seen = []
    handle = prior.register_forward_hook(lambda _, given, out: seen.append((float(given[1]), torch.is_grad_enabled())))
    with torch.enable_grad():
        x = made(prior, problem, **options)
    handle.remove()
    assert len(seen) == calls and not any(grad for _, grad in seen) and not x.requires_grad


def test_cycles_begin_at_falling_levels(moved):
    _, problem, prior = moved
    steps = list(AnnealedScoreMoco(prior, cycles=3, level=0.4, last_level=0.1).trajectory(problem, Streams.of(0)))
    assert [s.t for s in steps] == pytest.approx([0.4, 0.2, 0.1], rel=1e-6) and [s.index for s in steps] == [0, 1, 2]


def test_the_published_chain_is_that_of_its_equations(moved):
    """One cycle of two steps against the algebra: noise, denoising, lines mixed with lambda, the ancestral step."""
    scan, problem, prior = moved
    rng, y = Streams.of(0, "a"), input_of(scan)
    ladder = (0.3, 0.1, 0.0)
    n = rng.normal_like(y)
    x = y + ladder[0] * n
    k = (torch.arange(24) - 12).abs() <= 1.5
    for t, s in zip(ladder, ladder[1:], strict=False):
        x0 = prior.denoise(x, t)
        x0 = x0 + ifft(0.7 * k * fft(y - x0))
        x = x0 + (s / t) ** 2 * (x - x0)
        if s:
            x = x + s * (1 - (s / t) ** 2) ** 0.5 * rng.normal_like(y)
    found = made(prior, problem, **{**PUBLISHED, "weight": 0.7, "last_weight": 0.7}, cycles=1, steps=2, level=0.3, sigma_min=0.1)
    torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-5)


def test_nothing_is_known_of_shots_and_motion(moved):
    _, problem, prior = moved
    bare = replace(problem, acquisition={}, conditions={})
    assert torch.equal(made(prior, bare), made(prior, problem))


def test_motion_is_taken_off_and_an_object_at_rest_stays():
    """With a prior that knows where the blobs are, and nothing of the grain in them."""
    scan, problem, prior = case(48)
    truth = scan.truth["x"].data
    x, y = made(prior, problem), input_of(scan)
    changed = (x - y).norm()
    assert (x - truth).norm() < 0.95 * (y - truth).norm()
    scan, problem, prior = case(48, rotation=0.0, shift=0.0)
    assert (made(prior, problem) - input_of(scan)).norm() < 0.5 * changed


def test_any_gaussian_diffusion_is_the_same_sampler(moved):
    _, problem, prior = moved
    other = case(diffusion=VP())[2]
    for options in ({}, PUBLISHED):
        torch.testing.assert_close(made(prior, problem, **options), made(other, problem, **options), rtol=1e-2, atol=2e-3)


def test_without_noise_all_seeds_are_near_and_with_it_samples_differ():
    _, problem, prior = case(48)
    a, b = made(prior, problem, seed=0), made(prior, problem, seed=1)
    x = made(prior, problem, samples=2, temperature=1.0)
    assert (a - b).norm() < 0.2 * a.norm() and (a - b).norm() < 0.7 * (x[0] - x[1]).norm()


def test_lines_that_were_left_out_are_filled_before():
    scan, problem, prior = case(acceleration=2, coils=4, rotation=0.0, shift=0.0)
    x, truth = made(prior, problem), scan.truth["x"].data
    assert (x - truth).norm() < 0.5 * (input_of(scan) - truth).norm()


def test_the_recipe_gains_on_the_embedded_head():
    scan = MovingBrain(shots=9, order="linear", kind="steps", still=0.05, coils=2)[0]
    few = {"sampler": {"options": {"cycles": 2, "steps": 3}}, "priors": {"prior": {"options": {"weights": "brain-small"}}}}
    result = mridiff.load("annealed-score-moco", **few)(scan)
    assert result.metrics["x"]["psnr"] > result.metrics["baseline"]["psnr"] + 0.2
    torch.testing.assert_close(result.baseline, input_of(scan), rtol=1e-3, atol=1e-5 * float(result.x.abs().max()))
    assert better(result, scan) == 1.0 and better(replace(result, x=input_of(scan)), scan) == 0.0
    assert change(result, scan) < change(replace(result, x=1.001 * input_of(scan)), scan)


def test_the_low_pass_takes_as_much_off_the_input(moved, monkeypatch):
    scan = moved[0]
    x = input_of(scan)
    result = ifft(fft(x) * torch.rand(24, generator=torch.Generator().manual_seed(0)))
    monkeypatch.setattr(mridiff, "load", lambda name: partial(lambda made, *_, **__: made, type("R", (), {"x": result})))
    filtered = low_pass(scan, 0)
    assert float((filtered - x).norm()) == pytest.approx(float((result - x).norm()), rel=1e-3)
    gain = (fft(filtered).abs().sum((0, 1)) / fft(x).abs().sum((0, 1)))[12:]
    assert (gain.diff() <= 1e-5).all() and gain[0] == pytest.approx(1)


def test_errors_in_the_band_are_of_the_central_lines():
    x = torch.randn(1, 32, 32, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    k = fft(x)
    k[..., 20:] = 0
    assert float(band_error(ifft(k), x)) < 1e-9 < float(band_error(0.9 * x, x)) == pytest.approx(0.01, rel=1e-3)


def test_a_measured_scan_has_what_it_was_as_its_truth():
    scan = case(rotation=0.0, shift=0.0)[0]
    moved = displaced(replace(scan, truth={}))
    assert torch.equal(moved.truth["x"].data, input_of(scan)) and not torch.equal(moved.measured.y, scan.measured.y)
    torch.testing.assert_close(moved.measured.y.abs(), scan.measured.y.abs())


@pytest.mark.parametrize(("axes", "complex_"), [(("t", "y", "x"), True), (("y", "x"), False)])
def test_what_is_not_one_complex_image_is_refused(moved, axes, complex_):
    _, problem, prior = moved
    other = replace(problem, space=Space(axes, (2, 24, 24)[-len(axes) :], complex=complex_))
    with pytest.raises(DataError, match=r"one complex image \(y, x\)"):
        made(prior, other)

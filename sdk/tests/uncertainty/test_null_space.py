from dataclasses import replace

import h5py
import pytest
import torch
from calibrated_parts import CONFIG, NOISE, SIZE, registry
from exact_draws import exact

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Gaussian, Measured, Multiply, Operator, Poisson, Problem, Space, Streams
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.run import run
from mridiff_sdk import fourier
from mridiff_sdk.operators import Stack
from mridiff_sdk.testing.closed_form import closed_form
from mridiff_sdk.testing.reference import Shifted
from mridiff_sdk.uncertainty import limits, null_space, width
from mridiff_sdk.uncertainty.maps import residual
from mridiff_sdk.uncertainty.null_space import share, typical


def problem(coils, std):
    return closed_form("smooth", coils, std).problem


def images(p, n=5):
    return Streams.of(3, "x", n).normal(p.space.shape, torch.complex128)


def by_singular_values(p, x, std):
    """x less what of it the operator, as a matrix with its singular values, sees above the noise."""
    eye = torch.eye(x[0].numel(), dtype=x.dtype).reshape(-1, *p.space.shape)
    _, s, Vh = torch.linalg.svd(p.linear(eye).flatten(1).mT, full_matrices=False)
    V, seen = Vh.mH, s**2 / (s**2 + (std / typical(x)) ** 2)
    return x - ((x.flatten(1) @ V.conj()) * seen @ V.mT).reshape(x.shape)


@pytest.mark.parametrize(("coils", "std"), [(1, 0.1), (1, 1.0), (3, 0.3), (3, 1.0)])
def test_it_is_the_part_that_singular_values_leave(coils, std):
    p = problem(coils, std)
    x = images(p)
    part, known = null_space(p, x), by_singular_values(p, x, std)
    assert float(torch.linalg.vector_norm(part - known)) < 3e-3 * float(torch.linalg.vector_norm(x))
    assert share(x, part) == pytest.approx(share(x, known), abs=1e-3) and 0.02 < share(x, part) < 1
    assert torch.allclose(null_space(p, x[:1], typical(x)), part[:1], atol=5e-3)  # a part of an image, at the level of the whole


@pytest.mark.parametrize("std", [None, 0.0, 1e-6])
def test_one_coil_without_noise_has_the_projector_on_what_was_not_sampled(std):
    p = replace(problem(1, 0.1), noise=Gaussian(std))
    x = images(p)
    gaps = fourier.ifft(torch.where(p.linear.mask > 0, 0, fourier.fft(x)))
    assert torch.allclose(null_space(p, x), gaps, atol=1e-3)


def test_an_image_that_is_zero_has_none():
    p = problem(1, 0.1)
    assert not null_space(p, torch.zeros(2, *p.space.shape)).any() and typical(torch.zeros(3)) == 0 == share(torch.zeros(1), torch.zeros(1))


def test_it_is_refused_with_the_reason_where_it_has_no_meaning():
    class Squares(Operator):
        domain = codomain = Space(("y", "x"), (4, 4))

        def forward(self, x):
            return x.abs() ** 2

    x, linear, shifted = torch.ones(1, 4, 4), problem(1, 0.1), Shifted(torch.ones(1, 4, 4))
    for p, words in (
        (Problem(None, None, Gaussian(), Space(("voxel",), (4,))), "no measurement"),
        (Problem.of(Squares(), Measured(x, Gaussian(0.1))), "Squares is not linear"),
        (Problem.of(shifted, Measured(x + 0j, Gaussian(0.1))), r"unknowns of its own \(shift\)"),
        (Problem(linear.A, linear.y, Poisson(), linear.space), "the noise is Poisson"),
    ):
        with pytest.raises(DataError, match=f"what the data decided cannot be told: .*{words}"):
            null_space(p, x)


def made(**changes):
    return load(CONFIG, registry(), sampler={"options": {"spread": 1.0}}, **changes)


def test_a_reconstruction_has_maps_and_shares_of_it(tmp_path):
    method = made(dataset={"options": {"n": 1}})
    outcome = next(run(method, load_dataset(method.plan), tmp_path))
    found = outcome.record["metrics"]["uncertainty"]
    with h5py.File(next(tmp_path.glob("*/reconstruction.h5"))) as file:
        maps = {name: torch.from_numpy(file[name][()]) for name in ("samples", "lower", "upper", "std", "null_space", "null_space_std")}
    x = maps["samples"]
    # White images at half of k-space: of the variance 1 + v is left, v of it where the data are, with v = 0.2; they keep a share of it.
    seen, v, r = (torch.arange(SIZE) % 2 == 0).float(), 1 / (1 + 1 / NOISE**2), typical(x.mean(0, keepdim=True))
    kept = NOISE**2 / (r**2 + NOISE**2)
    assert found["null_space_std"] == pytest.approx((1 + kept * v) / (1 + v), abs=0.02)
    part = fourier.ifft(torch.where(seen > 0, kept, 1) * fourier.fft(x.mean(0)))
    assert torch.allclose(maps["null_space"], part.abs(), atol=0.01)
    assert found["residual"] == pytest.approx(1.0, abs=0.06)
    assert found["null_space"] == pytest.approx(share(x.mean(0), part), rel=0.01)
    assert maps["null_space_std"].shape == maps["std"].shape == (SIZE, SIZE)
    assert all(torch.equal(m, bound.to(m.dtype)) for m, bound in zip((maps["lower"], maps["upper"]), limits(x), strict=True))
    assert list(made(samples=18)(load_dataset(method.plan)[0]).maps) == ["null_space", "null_space_std"]  # 18 have no interval of 90 %
    alone = made(samples=1)(load_dataset(method.plan)[0])
    assert not alone.maps and "uncertainty" not in alone.metrics


def test_limits_of_exact_draws_hold_what_they_say():
    e = exact(20)
    lower, upper = limits(e.samples)
    inside = (lower <= e.truth[0].abs()) & (e.truth[0].abs() <= upper)
    assert float(inside.double().mean()) == pytest.approx(0.9, abs=0.015)
    assert float((upper - lower).mean()) == pytest.approx(float(width(e.samples)))


def test_the_residual_is_one_for_exact_draws_and_more_where_the_noise_or_the_mask_is_not_as_said():
    known = closed_form("smooth", 1, 0.3, shape=(8, 10))
    root = torch.linalg.cholesky(known.covariance + 1e-12 * torch.eye(80))
    z = Streams.of(0, "z", 50).normal((80,), torch.complex128)
    x = known.mean + (z @ root.mT).reshape(50, 8, 10)
    assert residual(known.problem, x)["residual"] == pytest.approx(1.0, abs=0.35)
    louder = replace(known.problem, noise=Gaussian(0.1))
    assert residual(louder, x)["residual"] == pytest.approx(9 * residual(known.problem, x)["residual"])
    assert residual(replace(known.problem, y=known.problem.y.roll(1, -1)), x)["residual"] > 4
    assert residual(replace(known.problem, noise=Gaussian(None)), x) == {}
    A = Stack([known.problem.operator, Multiply(known.problem.space, 5.0)])  # what is asked besides is no measurement
    asked = Problem.of(A, Measured((known.problem.y, torch.zeros_like(x[:1])), Blocks((known.problem.noise, Gaussian(0.3)))))
    assert residual(asked, x)["residual"] == pytest.approx(residual(known.problem, x)["residual"])

"""Image and unknowns together: what made the data is found, without a prior."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Measured, Problem, Streams
from mridiff_operators.relaxation import RelaxationSense
from mridiff_operators.sense import SenseOperator
from mridiff_operators.smooth_maps import SmoothMapsSense
from mridiff_samplers.variable_projection import VariableProjection
from mridiff_sdk.coils import simulate_maps

SIZE = (12, 10)


def problem(A, y):
    return Problem.of(A, Measured(y, Gaussian(0.01), {}))


def last(sampler, posed, samples=1):
    *_, step = sampler.trajectory(posed, Streams.of(0, "draw", samples))
    return step


@pytest.mark.parametrize("inverted", [False, True])
def test_rates_of_relaxation_are_found_from_half_of_the_lines(inverted):
    rng = torch.Generator().manual_seed(3)
    times = torch.tensor([[5.0, 10, 20, 30, 45, 60]], dtype=torch.float64)
    rate = 0.02 + 0.04 * torch.rand(1, *SIZE, generator=rng, dtype=torch.float64)
    x = torch.randn(1, *SIZE, generator=rng, dtype=torch.complex128)
    maps = simulate_maps(4, SIZE, 0, torch.complex128)[None]
    mask = torch.ones(1, 6, *SIZE, dtype=torch.float64)
    mask[:, ::2, ::2], mask[:, 1::2, 1::2] = 0, 0
    A = RelaxationSense(maps, mask, times, inverted=inverted)
    step = last(VariableProjection(steps=100, iterations=30, l2=0), problem(A, A.at({"rate": rate})(x)))
    assert float((step.nuisance["rate"] - rate).norm() / rate.norm()) < 0.01
    assert float((step.x0 - x).norm() / x.norm()) < 0.01


def test_wrong_maps_are_mended_as_far_as_polynomials_and_the_gauge_go():
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(1, *SIZE, generator=rng, dtype=torch.complex128)
    mask = (torch.rand(1, *SIZE, generator=rng) < 0.7).double()
    A = SmoothMapsSense(simulate_maps(4, SIZE, 0, torch.complex128)[None], mask, 3)
    start = A.start()["coefficients"]
    turned = start + 0.3 * start.abs().mean() * torch.randn(start.shape, generator=rng, dtype=torch.complex128)
    y = A.at({"coefficients": A.nuisance["coefficients"].project(turned)})(x)
    sampler = VariableProjection(steps=100, iterations=30, l2=0)
    misfit = [
        float((A.at(step.nuisance)(step.x0) - y).norm() / y.norm()) for step in sampler.trajectory(problem(A, y), Streams.of(0, "d", 1))
    ]
    assert misfit[-1] < 0.2 * misfit[0]


def test_every_sample_gets_the_one_estimate():
    A = RelaxationSense(simulate_maps(2, SIZE, 0)[None], torch.ones(1, 3, *SIZE), torch.tensor([[5.0, 10, 20]]))
    step = last(VariableProjection(steps=2), problem(A, A(torch.ones(1, *SIZE, dtype=torch.complex64))), samples=3)
    assert step.x0.shape == step.nuisance["rate"].shape == (3, *SIZE)
    torch.testing.assert_close(step.x0[1:], step.x0[:1].expand(2, *SIZE))


def test_an_operator_without_unknowns_is_refused():
    A = SenseOperator(simulate_maps(2, SIZE, 0)[None], torch.ones(1, *SIZE))
    with pytest.raises(DataError, match="has nothing unknown"):
        last(VariableProjection(), problem(A, torch.ones(1, 2, *SIZE, dtype=torch.complex64)))

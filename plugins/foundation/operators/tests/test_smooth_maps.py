"""Coil maps that are polynomials, and their gauge."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff_operators.sense import SenseOperator
from mridiff_operators.smooth_maps import SmoothMapsSense, polynomials
from mridiff_sdk.coils import simulate_maps


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


@pytest.mark.parametrize("size", [(7, 8), (5, 12)])
def test_polynomials_are_orthonormal_over_the_pixels_and_nested(size):
    P = polynomials(size, 3, torch.float64)
    assert len(P) == 10
    torch.testing.assert_close(torch.einsum("kyx,lyx->kl", P, P) / P[0].numel(), torch.eye(10, dtype=torch.float64))
    torch.testing.assert_close(P[0], torch.ones(size, dtype=torch.float64))
    torch.testing.assert_close(P[:6], polynomials(size, 2, torch.float64))
    y = torch.linspace(-1, 1, size[0], dtype=torch.float64)[:, None]
    cubic = (2 * y**3 - y * torch.linspace(-1, 1, size[1], dtype=torch.float64)).flatten()
    torch.testing.assert_close(torch.einsum("k,kp->p", P.flatten(1) @ cubic / cubic.numel(), P.flatten(1)), cubic)


def test_pixels_too_few_for_a_degree_leave_polynomials_out():
    assert len(polynomials((2, 1), 4)) == 2


def test_polynomial_maps_are_those_of_sense_and_smooth_maps_are_near_some():
    mask = (torch.rand(1, 16, 18, generator=torch.Generator().manual_seed(2)) < 0.5).double()
    A = SmoothMapsSense(normal(1, 3, 16, 18), mask, 2)
    a, x = normal(2, 3, 6), normal(2, 16, 18)
    torch.testing.assert_close(A.at({"coefficients": a})(x), SenseOperator(A.maps(a), mask)(x))
    maps = simulate_maps(4, (16, 18), 0, torch.complex128)[None]
    A = SmoothMapsSense(maps, mask, 6)
    assert float((A.maps(A.start()["coefficients"]) - maps).norm() / maps.norm()) < 0.05


def test_the_gauge_keeps_size_and_turn_and_nothing_else():
    A = SmoothMapsSense(normal(1, 3, 6, 7), torch.ones(1, 6, 7, dtype=torch.float64), 2)
    start, project = A.start()["coefficients"], A.nuisance["coefficients"].project
    torch.testing.assert_close(project(start * (2 - 1j)), start)
    other = project(normal(1, *start.shape[1:], seed=7))
    torch.testing.assert_close(other.norm(), start.norm())
    inner = (start.conj() * other).sum()
    assert abs(float(inner.imag)) < 1e-12
    assert float(inner.real) > 0
    torch.testing.assert_close(project(torch.zeros_like(start)), start)


def test_maps_that_do_not_fit_or_are_empty_are_refused():
    mask = torch.ones(1, 6, 7)
    for wrong in (normal(1, 3, 6, 6), normal(1, 3, 6, 7).real, torch.zeros(1, 3, 6, 7, dtype=torch.complex64), normal(3, 6, 7)):
        with pytest.raises(DataError, match="do not fit a mask"):
            SmoothMapsSense(wrong, mask)

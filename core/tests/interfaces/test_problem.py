"""The problem of a scan: its likelihood's gradient against finite differences, and what scaling does."""

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Operator, Problem, Space, Streams

RNG = Streams.of(0, "problem")


class Square(Operator):
    """x^2, curved and not homogeneous."""

    def __init__(self, complex_):
        super().__init__()
        self.domain = self.codomain = Space(("x",), (5,), complex_)

    def forward(self, x):
        return x**2


class Double(LinearOperator):
    """2 x."""

    def __init__(self, complex_):
        super().__init__()
        self.domain = self.codomain = Space(("x",), (5,), complex_)

    def forward(self, x):
        return 2 * x

    def adjoint(self, y):
        return 2 * y


def _case(kind, complex_, noise):
    A = kind(complex_)
    dtype = torch.complex128 if complex_ else torch.float64
    x, y = RNG.child("x").normal((5,), dtype), RNG.child("y").normal((5,), dtype)
    return Problem.of(A, Measured(y, noise)), x


@pytest.mark.parametrize("noise", [Gaussian(), Gaussian(0.3), Gaussian(0.3, torch.tensor([[1.0, 2.0, 0.5, 1.0, 4.0]], dtype=torch.float64))],
                         ids=["unknown", "known", "weighted"])  # fmt: skip
@pytest.mark.parametrize("complex_", [True, False])
@pytest.mark.parametrize("kind", [Square, Double])
def test_the_gradient_is_that_of_finite_differences(kind, complex_, noise):
    problem, x = _case(kind, complex_, noise)
    found, h = problem.grad(x), 1e-6
    for i in range(5):
        for unit in (1, 1j) if complex_ else (1,):
            step = torch.zeros_like(x)
            step[0, i] = h * unit
            slope = float(problem.nll(x + step) - problem.nll(x - step)) / (2 * h)
            part = found[0, i].imag if unit == 1j else found[0, i].real
            assert float(part) == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert not torch.is_grad_enabled() or not found.requires_grad


def test_a_gradient_is_found_where_gradients_are_off():
    problem, x = _case(Square, True, Gaussian(0.3))
    with torch.no_grad():
        assert torch.equal(problem.grad(x), _case(Square, True, Gaussian(0.3))[0].grad(x))


@pytest.mark.parametrize("kind", [Square, Double])
def test_a_scaled_problem_is_the_same_one_in_other_units(kind):
    plain, x = _case(kind, True, Gaussian(0.3))
    A, c = kind(True), 7.0
    scaled = Problem.of(A, Measured(plain.y, Gaussian(0.3)), c)
    assert scaled.scale == c and scaled.space == A.domain
    torch.testing.assert_close(scaled.nll(x / c), plain.nll(x))
    torch.testing.assert_close(scaled.grad(x / c), c * plain.grad(x))
    assert (scaled.A is A) is (kind is Double)  # a homogeneous operator stays, y and its noise are divided


def test_what_a_problem_lacks_is_said():
    y = torch.zeros(1, 5, dtype=torch.complex64)
    with pytest.raises(ValueError, match="space of its unknown"):
        Problem.of(None, Measured(y, Gaussian()))
    alone = Problem.of(None, Measured(y, Gaussian()), space=Space(("x",), (5,)))
    with pytest.raises(TypeError, match="no forward operator"):
        _ = alone.operator
    with pytest.raises(TypeError, match="Square, not a linear one"):
        _ = Problem.of(Square(True), Measured(y, Gaussian())).linear

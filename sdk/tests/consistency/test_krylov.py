import pytest
import torch
from sdk_parts import Matrix

from mridiff.interfaces import Blocks, Gaussian, Problem, Streams
from mridiff_sdk.consistency import function_of, information, noisy
from mridiff_sdk.operators import Stack

FUNCTIONS = {"inverse": lambda h: 1 / (h + 0.1), "root": lambda h: h.sqrt(), "step": lambda h: (h > 1.0).to(h.dtype)}


def system(dtype=torch.complex128, n=9):
    half = Streams.of(3).normal((n, n - 3), dtype)[0]  # three directions are not seen
    return half @ half.mH, Streams.of(4, "", 3).normal((3, n // 3), dtype)


def dense(H, b, f):
    h, U = torch.linalg.eigh(H)
    return ((U * f(h.clamp_min(0))) @ U.mH @ b.flatten(1).mT).mT.reshape(b.shape)


def apply(H):
    return lambda x: (x.flatten(1) @ H.mT).reshape(x.shape)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_is_the_function_of_the_eigenvalues(dtype, f):
    H, b = system(dtype)
    torch.testing.assert_close(function_of(apply(H), b, f, iterations=9), dense(H, b, f), rtol=1e-6, atol=1e-6)


def test_a_polynomial_needs_no_more_iterations_than_its_terms():
    H, b = system()
    square = dense(H, b, lambda h: h**2)
    torch.testing.assert_close(function_of(apply(H), b, lambda h: h**2, iterations=3), square)
    assert (function_of(apply(H), b, lambda h: h**2, iterations=2) - square).abs().max() > 0.1


def test_its_error_falls_with_the_iterations():
    H, b = system(n=60)
    f = {"f": lambda h: 1 / (h + 30)}
    exact = dense(H, b, **f)
    errors = [float((function_of(apply(H), b, **f, iterations=k) - exact).abs().max()) for k in (2, 6, 12)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_an_exhausted_space_and_a_zero_are_exact_in_a_batch_in_single_precision():
    """A projection has two eigenvalues: after two steps nothing is left, and its own rounding is no direction."""
    keep = torch.tensor([1.0, 0, 1, 0, 1, 1, 0])
    b = torch.stack([Streams.of(1).normal((7,))[0], torch.zeros(7), keep]).to(torch.complex64)
    found = function_of(lambda x: keep * x, b, lambda h: 3 - 2 * h, iterations=7)
    torch.testing.assert_close(found, (3 - 2 * keep) * b)


def test_batch_is_a_loop():
    H, b = system()
    b = b * torch.tensor([1e5, 1.0, 1e-5], dtype=torch.float64)[:, None, None]
    together = function_of(apply(H), b, FUNCTIONS["root"], iterations=4)
    for i in range(3):
        torch.testing.assert_close(function_of(apply(H), b[i : i + 1], FUNCTIONS["root"], iterations=4), together[i : i + 1])


@pytest.mark.parametrize("kind", ["plain", "weighted", "blocks"])
@pytest.mark.parametrize("complex_domain", [True, False])
def test_information_is_that_of_the_likelihood(kind, complex_domain):
    """Its gradient is that of autograd, up to the factor of complex numbers, and H how fast it changes."""
    A, B = (Streams.of(i).normal((7, 5), torch.complex128)[0] for i in (1, 2))
    y = Streams.of(5).normal((7,), torch.complex128)
    op, noise, data = Matrix(A, complex_domain), Gaussian(0.3), y
    if kind == "weighted":
        noise = Gaussian(0.3, torch.linspace(0.5, 2, 7, dtype=torch.float64)[None])
    if kind == "blocks":
        op, noise, data = Stack([op, Matrix(B, complex_domain)]), Blocks((noise, Gaussian(2.0))), (y, 2 * y)
    problem = Problem(op, data, noise, op.domain)
    H, g = information(problem)
    x, d = Streams.of(6, "", 2).normal((2, 5), op.domain.dtype(torch.float64))
    torch.testing.assert_close(g(x), problem.grad(x) / (-2 if complex_domain else -1))
    torch.testing.assert_close(H(d), g(x) - g(x + d))


def test_an_unknown_level_is_the_floor_and_no_noise():
    op = Matrix(torch.eye(3, dtype=torch.complex128))
    y = torch.ones(1, 3, dtype=torch.complex128)
    for std in (None, 0.0):
        problem = Problem(op, y, Gaussian(std), op.domain)
        torch.testing.assert_close(information(problem, floor=0.1)[0](y), 100 * y)
        assert not noisy(problem)
    assert noisy(Problem(op, y, Gaussian(0.1), op.domain))

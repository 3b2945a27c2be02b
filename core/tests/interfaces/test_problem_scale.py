"""A problem: where its scale goes, and its gradient."""

import pytest
import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Operator, Poisson, Problem, Space

PLANE = Space(("y", "x"), (3, 4))
REAL = Space(("y", "x"), (3, 4), complex=False)


class Mixing(LinearOperator):
    """x times a fixed full matrix, real or complex."""

    def __init__(self, space=PLANE, seed=0):
        super().__init__()
        self.domain = self.codomain = space
        self.register_buffer("M", torch.randn(4, 4, generator=torch.Generator().manual_seed(seed), dtype=space.dtype(torch.float64)))

    def forward(self, x):
        return x @ self.M

    def adjoint(self, y):
        return y @ self.M.mH


class Squares(Operator):
    """y = x^2, elementwise: neither linear nor homogeneous."""

    domain = codomain = REAL

    def forward(self, x):
        return x * x


def normal(*shape, dtype=torch.complex128, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


EACH = torch.tensor([2.0, 0.25, 30.0], dtype=torch.float64)


@pytest.mark.parametrize("scale", [4.0, torch.tensor(4.0), EACH, EACH[:, None, None], normal(3, 3, 4, dtype=torch.float64).abs()])
@pytest.mark.parametrize(
    "noise", [Gaussian(0.3), Gaussian(None), Gaussian(0.3, torch.rand(1, 3, 4).double()), Gaussian(torch.full((3, 1, 1), 0.3))]
)
def test_the_likelihood_is_that_of_the_unscaled_unknown(scale, noise):
    A, x, y = Mixing(), normal(3, 3, 4), normal(3, 3, 4, seed=2)
    plain, scaled = Problem.of(A, Measured(y, noise)), Problem.of(A, Measured(y, noise), scale)
    c = scaled.scale
    known = noise.std is not None or (isinstance(scale, torch.Tensor) and scale.numel() == 36)
    lost = 1.0 if known else torch.as_tensor(c, dtype=torch.float64).flatten().expand(3) ** 2  # with no level known, nll has the unit of y
    torch.testing.assert_close(scaled.nll(x / c) * lost, plain.nll(x))
    torch.testing.assert_close(scaled.grad(x / c) * torch.as_tensor(lost).reshape(-1, 1, 1), c * plain.grad(x))


@pytest.mark.parametrize("scale", [4.0, EACH])
def test_y_is_divided_and_the_operator_stays_with_all_that_it_does_fast(scale):
    A, y = Mixing(), normal(3, 3, 4)
    problem = Problem.of(A, Measured(y, Gaussian(0.3)), scale)
    c = torch.as_tensor(scale, dtype=torch.float64).reshape(-1, 1, 1)
    assert problem.A is A
    torch.testing.assert_close(problem.y, y / c)
    torch.testing.assert_close(torch.as_tensor(problem.noise.std, dtype=torch.float64).expand(len(c), 1, 1), 0.3 / c)


def test_a_batch_of_images_with_a_scale_each_is_every_image_alone():
    A, x, y = Mixing(), normal(3, 3, 4), normal(3, 3, 4, seed=2)
    together = Problem.of(A, Measured(y, Gaussian(0.3)), EACH)
    assert together.scale.shape == (3, 1, 1) and together.y.dtype == torch.complex128
    assert Problem.of(A, Measured(y.to(torch.complex64), Gaussian(0.3)), EACH).y.dtype == torch.complex64
    for i in range(3):
        alone = Problem.of(A, Measured(y[i : i + 1], Gaussian(0.3)), float(EACH[i]))
        torch.testing.assert_close(together.nll(x)[i : i + 1], alone.nll(x[i : i + 1]))
        torch.testing.assert_close(together.grad(x)[i : i + 1], alone.grad(x[i : i + 1]))


@pytest.mark.parametrize("scale", [2.0, EACH])
def test_counts_are_absorbed_by_the_operator(scale):
    A, x = Mixing(REAL), normal(3, 3, 4, dtype=torch.float64).abs()
    A.M.abs_()
    y = torch.randint(1, 9, (3, 3, 4)).double()
    problem = Problem.of(A, Measured(y, Poisson(1.0)), scale)
    assert torch.equal(problem.y, y) and problem.noise == Poisson(1.0)
    torch.testing.assert_close(problem.nll(x / problem.scale), Problem.of(A, Measured(y, Poisson(1.0))).nll(x))


@pytest.mark.parametrize("scale", [2.0, EACH])
def test_an_operator_that_is_not_homogeneous_absorbs_the_scale(scale):
    x, y = normal(3, 3, 4, dtype=torch.float64), normal(3, 3, 4, dtype=torch.float64, seed=2)
    problem = Problem.of(Squares(), Measured(y, Gaussian(0.3)), scale)
    assert torch.equal(problem.y, y)
    torch.testing.assert_close(problem.nll(x / problem.scale), Problem.of(Squares(), Measured(y, Gaussian(0.3))).nll(x))
    assert torch.equal(problem.A.image(x), x)


def test_the_gradient_of_a_nonlinear_operator_is_that_of_the_likelihood():
    x, y = normal(3, 3, 4, dtype=torch.float64), normal(3, 3, 4, dtype=torch.float64, seed=2)
    problem = Problem(Squares(), y, Gaussian(0.3), REAL)
    torch.testing.assert_close(problem.grad(x), 2 * x * (x * x - y) / 0.3**2)


def test_the_gradient_of_a_linear_operator_is_that_of_the_likelihood():
    A, x, y = Mixing(), normal(3, 3, 4).requires_grad_(), normal(3, 3, 4, seed=2)
    problem = Problem(A, y, Gaussian(0.3), PLANE)
    torch.testing.assert_close(problem.grad(x.detach()), torch.autograd.grad(problem.nll(x).sum(), x)[0])


def test_without_an_operator_the_space_must_be_told():
    measured = Measured(None, Gaussian())
    with pytest.raises(ValueError, match="space of its unknown"):
        Problem.of(None, measured)
    problem = Problem.of(None, measured, 3.0, PLANE)
    assert problem.scale == 3.0 and problem.space == PLANE
    with pytest.raises(TypeError, match="no forward operator"):
        problem.nll(normal(1, 3, 4))

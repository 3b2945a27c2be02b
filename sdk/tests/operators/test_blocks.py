"""Blocks: a first look at each, a scale that leaves them apart, and their problem in other units."""

import pytest
import torch

from mridiff.interfaces import Blocks, Gaussian, LinearOperator, Measured, Multiply, Poisson, Problem, Space
from mridiff_sdk.operators import Block, Stack

PLANE = Space(("y", "x"), (2, 3), complex=False)


class Half(LinearOperator):
    """y = x / 2, with a closed form of its own."""

    rough_name = "doubled"

    def __init__(self):
        super().__init__()
        self.domain = self.codomain = PLANE

    def forward(self, x):
        return x / 2

    def adjoint(self, y):
        return y / 2

    def rough(self, y):
        return 2 * y


def test_a_first_look_of_blocks_is_that_of_each_side_by_side():
    A = Block([Half(), Multiply(PLANE, 1.0)])
    x = torch.randn(4, 2, 2, 3)
    torch.testing.assert_close(A.rough(A(x)), x)
    assert A.rough_name == "doubled, zero-filled"


def test_a_first_look_goes_back_through_a_composition_and_a_scale():
    x = torch.randn(4, 2, 3)
    for c in (3.0, torch.tensor([[2.0, 0.5, -1.0]])):
        A = Half().scaled(c)
        torch.testing.assert_close(A.rough(A(x)), x)
        assert A.rough_name == "doubled"
    lost = Multiply(PLANE, torch.tensor([[0.0, 1.0, 2.0]]))
    torch.testing.assert_close(lost.rough(lost(x)), x * torch.tensor([0.0, 1.0, 1.0]))


def test_a_number_as_scale_keeps_the_blocks():
    A, x = Block([Half(), Multiply(PLANE, 3.0)]), torch.randn(1, 2, 2, 3)
    assert isinstance(A.scaled(2.0), Block) and A.scaled(2.0).domain == A.domain
    for c in (2.0, torch.tensor([2.0, -1.0])[:, None, None]):
        assert all(torch.equal(a, b) for a, b in zip(A.scaled(c)(x), A(c * x), strict=True))


REAL = Space(("y", "x"), (3, 4), complex=False)
EACH = torch.tensor([2.0, 0.25, 30.0], dtype=torch.float64)


class Mixing(LinearOperator):
    """x times a fixed full matrix."""

    def __init__(self, seed=0):
        super().__init__()
        self.domain = self.codomain = REAL
        self.register_buffer("M", torch.randn(4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))

    def forward(self, x):
        return x @ self.M

    def adjoint(self, y):
        return y @ self.M.mT


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_blocks_are_divided_together_or_not_at_all():
    A, B = Mixing(), Mixing(5)
    y = tuple(normal(3, 3, 4, seed=s).abs() for s in (2, 3))
    stack = Stack([A, B])
    both = Problem.of(stack, Measured(y, Blocks((Gaussian(0.3), Gaussian(0.5)))), EACH)
    assert both.A is stack
    torch.testing.assert_close(both.y, tuple(b / EACH[:, None, None] for b in y))
    torch.testing.assert_close(both.noise.parts[1].std, (0.5 / EACH)[:, None, None])
    mixed = Problem.of(stack, Measured(y, Blocks((Gaussian(0.3), Poisson(60.0)))), EACH)
    assert mixed.y is y and mixed.noise == Blocks((Gaussian(0.3), Poisson(60.0)))


@pytest.mark.parametrize("scale", [2.0, EACH, torch.tensor([2.0, 5.0])[:, None, None].double(), torch.rand(3, 2, 1, 1).double() + 1])
def test_modalities_stay_blocks_whatever_the_scale(scale):
    A = Block([Mixing(), Mixing(5)])
    x, y = normal(3, 2, 3, 4), tuple(normal(3, 3, 4, seed=s).abs() for s in (2, 3))
    measured = Measured(y, Blocks((Gaussian(0.3), Poisson(60.0))))
    problem = Problem.of(A, measured, scale)
    assert isinstance(problem.A, Block)
    torch.testing.assert_close(problem.nll(x / problem.scale), Problem.of(A, measured).nll(x))

import pytest
import torch

from mridiff.interfaces import Blocks, Gaussian, Measured, Multiply, Problem, Space
from mridiff_sdk.consistency.blocks import separate
from mridiff_sdk.operators import Block

PLANE = Space(("y", "x"), (2, 3), complex=False)


def test_the_likelihood_is_the_product_of_those_of_the_blocks():
    A = Block([Multiply(PLANE, 2.0), Multiply(PLANE, 3.0)])
    x, y = torch.randn(4, 2, 2, 3), (torch.randn(4, 2, 3), torch.randn(4, 2, 3))
    problem = Problem.of(A, Measured(y, Blocks((Gaussian(0.5), Gaussian(2.0)))))
    parts = separate(problem)
    torch.testing.assert_close(sum(p.nll(x[:, i]) for i, p in enumerate(parts)), problem.nll(x))
    torch.testing.assert_close(torch.stack([p.grad(x[:, i]) for i, p in enumerate(parts)], 1), problem.grad(x))
    assert [p.space for p in parts] == [PLANE, PLANE]


def test_one_block_cannot_be_separated():
    with pytest.raises(TypeError, match="no blocks"):
        separate(Problem.of(Multiply(PLANE, 2.0), Measured(torch.ones(1, 2, 3), Gaussian(1.0))))

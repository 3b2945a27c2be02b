"""Blocks: a first look at each, and a scale that leaves them apart."""

import torch

from mridiff.interfaces import BlockOperator, LinearOperator, Space
from mridiff.interfaces.operator import Multiply

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
    A = BlockOperator([Half(), Multiply(PLANE, 1.0)])
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
    A, x = BlockOperator([Half(), Multiply(PLANE, 3.0)]), torch.randn(1, 2, 2, 3)
    assert isinstance(A.scaled(2.0), BlockOperator) and A.scaled(2.0).domain == A.domain
    for c in (2.0, torch.tensor([2.0, -1.0])[:, None, None]):
        assert all(torch.equal(a, b) for a, b in zip(A.scaled(c)(x), A(c * x), strict=True))

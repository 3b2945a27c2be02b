import pytest
import torch

from mridiff.interfaces import Prior, Streams
from mridiff.pipeline.cost import Counter
from toy import IMAGE, Mask, Shrink


class Twice(Prior):
    """An adaptor that calls its prior once per half of the batch."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.space, self.diffusion = inner, inner.space, inner.diffusion

    def forward(self, x_t, t, conditions=None, rng=None):
        return torch.cat([self.inner(half, t, conditions) for half in x_t.chunk(2)])


def test_calls_items_and_backward_passes_are_counted_where_they_happen():
    A, prior, x = Mask(torch.ones(1, 4, 6)), Shrink(), Streams.of(0, samples=4).normal(IMAGE.shape)
    with Counter() as counter:
        A.H(A(x))
        A.gram(x)
        (A @ A)(x)
        prior(x, 1.0)
        Twice(prior)(x, 1.0)
        with torch.enable_grad():
            z = x.clone().requires_grad_()
            prior(z, 1.0).abs().sum().backward()
    cost = counter.cost
    assert (cost.operator_calls, cost.nfe, cost.items, cost.backward) == (4, 4, 12, 1)
    A(x)
    assert counter.cost.operator_calls == 4  # nothing is counted outside
    assert cost.seconds > 0 and cost.peak_memory_mb > 10


def test_a_call_that_raises_does_not_spoil_the_count():
    A = Mask(torch.ones(1, 4, 6))
    with Counter() as counter:
        with pytest.raises(RuntimeError):
            A(torch.ones(1, 5, 5))
        A(torch.ones(1, 4, 6))
    assert counter.cost.operator_calls == 2

from types import SimpleNamespace

import pytest
import torch

from mridiff.interfaces import Operator, Prior, Streams
from mridiff.pipeline.cost import Counter
from mridiff.pipeline.method import load
from toy import CONFIG, IMAGE, Few, Mask, Shrink, registry


class Twice(Prior):
    """An adaptor that calls its prior once per half of the batch."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.space, self.diffusion = inner, inner.space, inner.diffusion

    def forward(self, x_t, t, conditions=None, rng=None):
        return torch.cat([self.inner(half, t, conditions) for half in x_t.chunk(2)])


@pytest.mark.parametrize("samples", [1, 4])
def test_calls_are_counted_where_they_happen_image_by_image_and_told_per_sample(samples):
    A, prior, x = Mask(torch.ones(1, 4, 6)), Shrink(), Streams.of(0, samples=4).normal(IMAGE.shape)
    with Counter(samples) as counter:
        A.H(A(x))
        A.gram(x)
        (A @ A)(x)
        prior(x, 1.0)
        Twice(prior)(x, 1.0)
        with torch.enable_grad():
            z = x.clone().requires_grad_()
            prior(z, 1.0).abs().sum().backward()
    cost = counter.cost
    assert (cost.operator_calls, cost.nfe, cost.items, cost.backward) == (16 / samples, 12 / samples, 12, 4 / samples)
    A(x)
    assert counter.cost.operator_calls == 16 / samples  # nothing is counted outside
    assert cost.seconds > 0 and cost.peak_memory_mb > 10


def test_a_call_that_raises_counts_nothing_and_spoils_nothing():
    A = Mask(torch.ones(1, 4, 6))
    with Counter() as counter:
        with pytest.raises(RuntimeError):
            A(torch.ones(1, 5, 5))
        A(torch.ones(1, 4, 6))
    assert counter.cost.operator_calls == 1


@pytest.mark.parametrize("batch", [1, 2, 3, 8])
def test_the_cost_of_a_sample_does_not_depend_on_how_many_are_drawn_at_a_time(batch):
    cost = load(CONFIG, registry(), samples=4, batch=batch)(Few()[0]).cost
    assert cost.nfe == 3 and cost.items == 12 and cost.as_dict()["nfe"] == 3
    alone = load(CONFIG, registry(), samples=1)(Few()[0]).cost
    assert (alone.nfe, alone.items) == (3, 3)
    assert cost.operator_calls == pytest.approx(alone.operator_calls, abs=1)  # the scale is found once for all samples


class Both(Operator):
    """x -> (A x, A x), two blocks."""

    def __init__(self):
        super().__init__()
        self.A, self.domain, self.codomain = Mask(torch.ones(1, 4, 6)), IMAGE, (IMAGE, IMAGE)

    def forward(self, x):
        return self.A(x), self.A(x)


def test_blocks_are_counted_as_one_application():
    A = Both()
    with Counter(2) as counter:
        A(torch.ones(2, 4, 6, dtype=torch.complex64))
    assert counter.cost.operator_calls == 1


class Foreign(torch.nn.Module):
    """A network of another library, which answers with an object of its own."""

    def forward(self, x):
        return SimpleNamespace(sample=x)


class Borrowed(Twice):
    def __init__(self, inner):
        super().__init__(inner)
        self.net = Foreign()

    def forward(self, x_t, t, conditions=None, rng=None):
        return self.net(x_t).sample


def test_modules_that_are_neither_prior_nor_operator_may_answer_anything():
    with Counter(4) as counter:
        Borrowed(Shrink())(torch.ones(4, 4, 6, dtype=torch.complex64), 1.0)
    assert counter.cost.nfe == 1

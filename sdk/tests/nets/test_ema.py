import torch
from torch import nn

from mridiff_sdk.nets.ema import EMA


def model(value: float) -> nn.Linear:
    out = nn.Linear(1, 1, bias=False)
    nn.init.constant_(out.weight, value)
    return out


def run(values: list[float], share: float, longest: float = 1e9) -> float:
    m = model(1000.0)
    ema = EMA(m, share, longest)
    for v in values:
        nn.init.constant_(m.weight, v)
        ema.update(m)
    return float(ema.model(m).weight)


def test_the_start_is_forgotten() -> None:
    """A fixed decay of 0.999 would still hold 37 % of the initial 1000 after 1000 updates."""
    assert abs(run([1.0] * 1000, share=0.1) - 1.0) < 1e-3


def test_the_window_grows_with_training() -> None:
    """The weight of the last update after n updates is 1 / (1 + share n), until the longest window is reached."""
    assert abs(run([0.0] * 99 + [1.0], share=0.1) - 1 / 11) < 1e-3
    assert abs(run([0.0] * 999 + [1.0], share=0.1) - 1 / 101) < 1e-3
    assert abs(run([0.0] * 999 + [1.0], share=0.1, longest=20) - 1 / 20) < 1e-3


def test_the_average_is_a_copy_that_needs_no_gradient() -> None:
    m = model(1.0)
    ema = EMA(m)
    average = ema.model(m)
    nn.init.constant_(m.weight, 5.0)
    assert float(average.weight) == 1.0
    assert not average.weight.requires_grad and m.weight.requires_grad
    assert torch.equal(ema.average["weight"], torch.ones(1, 1))

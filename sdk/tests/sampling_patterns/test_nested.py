from itertools import pairwise

import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces.streams import Streams
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.sampling_patterns.nested import mask_at, removal_times

UNITS = ["column", "row", "patch", "pixel"]
ORDERS = ["random", "centre_out", "edge_in"]


def target(pattern="random", shape=(18, 15), seed=0):
    return mask(pattern, shape, 3, 0.1, seed)[None]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pattern", ["random", "gaussian-2d"])
def test_from_all_to_the_target_nested_and_each_once(unit, order, pattern):
    goal = target(pattern)
    removed_at = removal_times(goal, Streams.of(0, samples=2), unit=unit, order=order)
    steps = [mask_at(removed_at, i / 50) for i in range(51)]
    assert steps[0].all()
    assert torch.equal(steps[-1], goal.expand(2, -1, -1))
    for before, after in pairwise(steps):
        assert not (after & ~before).any()
    written = sum((before & ~after).int() for before, after in pairwise(steps))
    assert torch.equal(written, (~goal).int().expand(2, -1, -1))


@pytest.mark.parametrize("steps", [7, 20, 270])
def test_floor_of_t_times_the_number_of_units_is_gone(steps):
    goal = target()
    removed_at = removal_times(goal, Streams.of(1), unit="pixel")
    units = int((~goal).sum())
    for i in range(steps + 1):
        assert int((~mask_at(removed_at, i / steps)).sum()) == i * units // steps


def test_a_unit_goes_as_one():
    removed_at = removal_times(torch.zeros(1, 10, 9, dtype=torch.bool), Streams.of(0), unit="patch", patch=4)[0]
    assert (removed_at[:4, :4] == removed_at[0, 0]).all()
    assert (removed_at[8:, 8:] == removed_at[9, 8]).all()
    assert len(removed_at.unique()) == 9
    assert len(removal_times(torch.zeros(1, 10, 9, dtype=torch.bool), Streams.of(0), unit="row").unique()) == 10


def test_orders_are_named_by_the_way_back():
    nothing = torch.zeros(1, 16, 16, dtype=torch.bool)
    out = removal_times(nothing, Streams.of(0), unit="pixel", order="centre_out")[0]
    assert out[8, 8] == 1
    assert out[0, 0] == out.min()
    back = removal_times(nothing, Streams.of(0), unit="pixel", order="edge_in")[0]
    assert back[8, 8] == back.min()
    assert back[0, 0] == 1


def test_each_sample_has_its_own_order_whatever_the_batch():
    goal = target()
    together = removal_times(goal, Streams.of(3, samples=3))
    assert not torch.equal(together[0], together[1])
    assert torch.equal(together[2:], removal_times(goal, Streams.of(3, samples=[2])))
    assert torch.equal(together, removal_times(goal.expand(3, -1, -1), Streams.of(3, samples=3)))


def test_a_time_per_sample():
    removed_at = removal_times(target(), Streams.of(0, samples=2))
    both = mask_at(removed_at, torch.tensor([0.0, 0.5]))
    assert both[0].all()
    assert torch.equal(both[1], mask_at(removed_at, 0.5)[1])


def test_full_target_is_never_removed():
    assert removal_times(torch.ones(1, 4, 4, dtype=torch.bool), Streams.of(0)).isinf().all()


def test_faults():
    with pytest.raises(ConfigError) as caught:
        removal_times(target(), Streams.of(0), unit="ring", order="none", patch=0)
    assert [p.path for p in caught.value.problems] == ["unit", "order", "patch"]
    with pytest.raises(DataError, match="target mask"):
        removal_times(target().expand(3, -1, -1), Streams.of(0, samples=2))

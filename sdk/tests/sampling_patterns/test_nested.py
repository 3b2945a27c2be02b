from itertools import pairwise

import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Streams
from mridiff_sdk.sampling_patterns import mask
from mridiff_sdk.sampling_patterns.nested import mask_at, removal_times, unit_of

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


def test_each_sample_comes_down_to_its_own_target():
    goals = torch.cat([target(), target(seed=5)])
    assert not torch.equal(goals[0], goals[1])
    together = removal_times(goals, Streams.of(3, samples=2))
    assert torch.equal(mask_at(together, 1.0), goals)
    for i in (0, 1):
        assert torch.equal(together[i : i + 1], removal_times(goals[i : i + 1], Streams.of(3, samples=[i])))


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
    assert [p.path for p in caught.value.mistakes] == ["unit", "order", "patch"]
    with pytest.raises(DataError, match="target mask"):
        removal_times(target().expand(3, -1, -1), Streams.of(0, samples=2))


def test_auto_finds_the_largest_unit_that_a_mask_is_made_of():
    columns = target()
    patches = (
        (torch.rand(1, 5, 4, generator=torch.Generator().manual_seed(0)) < 0.5).repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :18, :15]
    )
    masks = {"column": columns, "row": columns.mT, "patch": patches, "pixel": target("gaussian-2d")}
    for unit, goal in masks.items():
        assert unit_of(goal) == unit
        automatic, named = (removal_times(goal, Streams.of(0), unit=u) for u in ("auto", unit))
        assert torch.equal(automatic, named)


@pytest.mark.parametrize("unit", UNITS)
def test_with_a_weight_equal_steps_take_equal_shares_of_it(unit):
    goal = target("gaussian-2d", (40, 40))
    y, x = torch.meshgrid(torch.arange(40.0) - 20, torch.arange(40.0) - 20, indexing="ij")
    weight = 1 / (1 + torch.hypot(y, x))
    removed_at = removal_times(goal, Streams.of(0), unit=unit, order="centre_out", weight=weight)
    total = float((weight * ~goal[0]).sum())
    for t in (0.2, 0.5, 0.8):
        assert abs(float((weight * ~mask_at(removed_at, t)[0]).sum()) / total - t) < 0.1
    assert torch.equal(mask_at(removed_at, 1.0), goal)
    early = mask_at(removed_at, 0.5)[0]
    plain = mask_at(removal_times(goal, Streams.of(0), unit=unit, order="centre_out"), 0.5)[0]
    assert unit != "pixel" or early.sum() < plain.sum()  # a sample at the edge holds little: more of them go at once

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.diffusions import VE, VP, Box, Cosine, FourierDiffusion
from mridiff_sdk.diffusions.ladders import geometric, karras, karras_times, respaced, spanning, time_travel, uniform

DIFFUSIONS = [VP(), VP(levels=1000), VE(0.002, 80.0), Cosine()]


@pytest.mark.parametrize("d", DIFFUSIONS, ids=lambda d: f"{type(d).__name__}-{d.levels}")
@pytest.mark.parametrize("make", [uniform, lambda d, n: karras(d, n, 20.0, 0.02), lambda d, n: geometric(d, n, 20.0, 0.02)])
def test_ladders_fall_from_the_noisiest_time_to_zero(d, make):
    times = make(d, 20)
    assert times.shape == (21,) and times.dtype == torch.float64
    assert (times.diff() < 0).all() and times[-1] == 0 and times[0] <= d.t_range[1]


def test_uniform_starts_at_the_end_of_the_range_or_where_it_is_told():
    torch.testing.assert_close(uniform(VP(t_range=(0.0, 0.8)), 4), torch.tensor([0.8, 0.6, 0.4, 0.2, 0.0], dtype=torch.float64))
    torch.testing.assert_close(uniform(VP(), 2, start=0.5), torch.tensor([0.5, 0.25, 0.0], dtype=torch.float64))
    torch.testing.assert_close(uniform(FourierDiffusion(Box((4, 4))), 2), torch.tensor([1.0, 0.5, 0.0], dtype=torch.float64))


def test_a_discrete_chain_is_visited_at_its_levels():
    times = uniform(VP(levels=10, beta_max=5.0), 3) * 10
    assert times.tolist() == [10, 7, 3, 0]
    with pytest.raises(DataError, match="do not fit"):
        uniform(VP(levels=10, beta_max=5.0), 11)


def test_spanning_visits_both_ends_of_the_range_and_then_zero():
    levels = (1000 * spanning(VP(levels=1000), 4)).round().tolist()
    assert levels == [1000, 667, 334, 1, 0]
    d = VP()
    assert spanning(d, 7).tolist()[0] == d.t_range[1] and spanning(d, 7).tolist()[-2] == d.t_range[0]
    with pytest.raises(DataError, match="do not fit"):
        spanning(VP(levels=20, beta_max=10.0), 25)


def test_karras_ratios_are_even_in_their_root_on_every_diffusion():
    for d in (VP(), VE(), Cosine()):
        roots = d.ratio(karras(d, 9, 10.0, 0.01)[:-1]) ** (1 / 7)
        torch.testing.assert_close(roots.diff(), roots.diff().mean().expand(8), rtol=1e-6, atol=0)
        ends = d.ratio(karras(d, 9, 10.0, 0.01)[[0, 8]])
        torch.testing.assert_close(ends, torch.tensor([10.0, 0.01], dtype=torch.float64), rtol=1e-6, atol=0)


def test_geometric_ratios_fall_by_equal_factors():
    ratios = VP().ratio(geometric(VP(), 6, 5.0, 0.05)[:-1])
    torch.testing.assert_close(ratios[1:] / ratios[:-1], torch.full((5,), 0.01 ** (1 / 5), dtype=torch.float64))


def test_sections_have_their_own_density():
    times = respaced(VP(), (4, 1))
    torch.testing.assert_close(times, torch.tensor([1.0, 0.5, 0.375, 0.25, 0.125, 0.0], dtype=torch.float64))
    with pytest.raises(ValueError, match="at least one"):
        respaced(VP(), (0, 3))


def test_a_range_too_narrow_for_a_ladder_is_refused():
    with pytest.raises(DataError, match="do not fit"):
        karras(VE(0.1, 1.0), 5, 10.0, 0.1)


@pytest.mark.parametrize(("steps", "last", "repeats"), [(5, 2, 2), (20, 4, 2), (3, 3, 1), (4, 0, 3), (4, 2, 0)])
def test_time_travel_costs_last_times_repeats_estimates(steps, last, repeats):
    times = uniform(VP(), steps)
    visits = time_travel(times, last, repeats)
    down = [(float(t), float(s)) for t, s in pairwise(visits) if s < t]
    assert len(down) == steps + last * repeats
    for i, pair in enumerate(pairwise(times.tolist())):
        assert down.count(pair) == (1 + repeats if i >= steps - last else 1)
    assert all((float(t), float(s)) in down for s, t in pairwise(visits) if t > s)
    with pytest.raises(ValueError, match="repeat"):
        time_travel(times, steps + 1, 1)


def test_a_low_start_on_a_discrete_chain_visits_each_of_its_levels_once():
    times = karras_times(VP(levels=1000), 40, 0.2, 0.01)
    assert 20 < len(times) < 41 and all(a > b for a, b in pairwise(times)) and times[-1] == 0
    assert {round(1000 * t) / 1000 for t in times} == set(times)

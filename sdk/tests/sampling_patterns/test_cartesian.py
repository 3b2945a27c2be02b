from collections import Counter

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.sampling_patterns import PATTERNS, mask
from mridiff_sdk.sampling_patterns.cartesian import LINES, PLANES
from mridiff_sdk.sampling_patterns.centre import centre

BUDGET = [p for p in PATTERNS if p != "equispaced"]
EXACT = [p for p in BUDGET if p != "equispaced-fraction"]


@pytest.mark.parametrize("pattern", EXACT)
@pytest.mark.parametrize("shape", [(64, 64), (45, 63)])
@pytest.mark.parametrize("acceleration", [1, 2, 3.5, 8])
def test_acceleration_is_met(pattern, shape, acceleration):
    for seed in range(3):
        m = mask(pattern, shape, acceleration, 0.06, seed)
        assert m.shape == shape
        assert m.dtype == torch.bool
        lines = m[0].sum() if pattern in LINES else m.sum()
        full = shape[1] if pattern in LINES else shape[0] * shape[1]
        assert int(lines) == round(full / acceleration)


@pytest.mark.parametrize("n", [*range(24, 64), 128, 320, 368, 372])
def test_an_equispaced_fraction_has_its_acceleration_to_a_line_and_on_average(n):
    lines = torch.tensor([int(mask("equispaced-fraction", (1, n), 4, 0.08, seed).sum()) for seed in range(100)])
    assert (lines - round(n / 4)).abs().max() <= 1
    assert abs(float(lines.double().mean()) - round(n / 4)) < 0.3


# Where fastMRI's mask functions put the centre: pad = (n - count + 1) // 2 columns before it.
CENTRES = {
    (8, 2): [3, 4],
    (8, 3): [3, 4, 5],
    (7, 2): [3, 4],
    (7, 3): [2, 3, 4],
    (9, 4): [3, 4, 5, 6],
    (10, 4): [3, 4, 5, 6],
    (5, 5): [0, 1, 2, 3, 4],
}


@pytest.mark.parametrize(("n", "count"), CENTRES)
def test_the_centre_lies_where_fastmri_has_it(n, count):
    assert list(range(n))[centre(n, count)] == CENTRES[n, count]
    assert n // 2 in CENTRES[n, count]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("shape", "rows", "columns"), [((48, 40), (20, 28), (17, 23)), ((45, 39), (19, 26), (17, 23)), ((39, 51), (17, 23), (22, 30))]
)
def test_the_centre_is_full(pattern, shape, rows, columns):
    for seed in range(3):
        m = mask(pattern, shape, 4, 0.16, seed)
        assert m[slice(*rows) if pattern in PLANES else slice(None), slice(*columns)].all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_seed_decides(pattern):
    masks = [mask(pattern, (40, 40), 4, 0.1, seed) for seed in range(6)]
    assert torch.equal(masks[0], mask(pattern, (40, 40), 4, 0.1, 0))
    assert torch.equal(masks[3], mask(pattern, (40, 40), 4, 0.1, torch.Generator().manual_seed(3)))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(("n", "acceleration", "fraction"), [(368, 4, 0.08), (372, 4, 0.08), (58, 4, 0.06), (53, 5, 0.16), (64, 8, 0.04)])
def test_no_mask_is_that_of_most_seeds(pattern, n, acceleration, fraction):
    seeds = 100 if pattern in LINES else 5
    rows = 1 if pattern in LINES else 16
    found = Counter(mask(pattern, (rows, n), acceleration, fraction, seed).numpy().tobytes() for seed in range(seeds))
    assert max(found.values()) <= seeds * (0.35 if pattern in LINES else 0.2)


@pytest.mark.parametrize("pattern", LINES)
def test_lines_run_along_the_other_axis(pattern):
    m = mask(pattern, (40, 40), 4, 0.1, 0)
    assert (m == m[:1]).all()
    assert torch.equal(mask(pattern, (40, 40), 4, 0.1, 0, axis=-2), m.T)
    assert torch.equal(mask(pattern, (40, 40), 4, 0.1, 0, axis=0), m.T)


def test_equispaced_keeps_its_step():
    offsets = set()
    for seed in range(20):
        lines = torch.nonzero(mask("equispaced", (4, 64), 4, 0, seed)[0])[:, 0]
        assert (lines.diff() == 4).all()
        offsets.add(int(lines[0]))
    assert offsets == {0, 1, 2, 3}


def test_equispaced_fraction_is_even_outside_the_centre():
    n, low = 96, round(96 * 0.08)
    spacing = (n - low) / (n / 4 - low)
    for seed in range(10):
        taken = mask("equispaced-fraction", (1, n), 4, 0.08, seed)[0]
        for side in (taken[:44], taken[52:]):
            gaps = torch.nonzero(side)[:, 0].diff()
            assert ((gaps - spacing).abs() < 1).all()


def test_gaussian_lines_crowd_the_centre_and_random_ones_do_not():
    def spread(pattern):
        lines = torch.cat([torch.nonzero(mask(pattern, (1, 96), 4, 0, s)[0])[:, 0] for s in range(20)])
        return float((lines - 48.0).std())

    assert spread("gaussian") < 20
    assert spread("random") > 24


@pytest.mark.parametrize("acceleration", [2, 4])
def test_partial_fourier_lacks_one_half_of_k_space(acceleration):
    for seed in range(10):
        taken = mask("partial-fourier", (1, 96), acceleration, 0.08, seed)[0]
        assert not taken[:44].any() and taken[44:52].all() and int(taken.sum()) == 96 / acceleration
    assert len({int(mask("partial-fourier", (1, 96), 4, 0.08, seed)[0].nonzero().max()) for seed in range(20)}) > 3


def test_every_fault_is_reported_at_once():
    with pytest.raises(ConfigError) as caught:
        mask("spiral", (8, 0), 0.5, 1.5, 0, axis=3)
    assert {p.path for p in caught.value.mistakes} == {"pattern", "shape", "acceleration", "center_fraction", "axis"}


@pytest.mark.parametrize("pattern", BUDGET)
def test_a_centre_beyond_the_budget_is_refused(pattern):
    with pytest.raises(ConfigError, match="the centre takes"):
        mask(pattern, (32, 32), 8, 0.6, 0)


@pytest.mark.parametrize(("acceleration", "word"), [(float("nan"), "at least 1"), (float("inf"), "at least 1"), (1e5, "leaves none")])
def test_impossible_accelerations(acceleration, word):
    with pytest.raises(ConfigError, match=word):
        mask("random", (32, 32), acceleration, 0, 0)

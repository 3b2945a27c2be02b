import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.sampling_patterns import PATTERNS, mask
from mridiff_sdk.sampling_patterns.cartesian import LINES, PLANES, centre

EXACT = [p for p in PATTERNS if p != "equispaced"]


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


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("shape", [(48, 40), (45, 39)])
def test_the_centre_is_full(pattern, shape):
    m = mask(pattern, shape, 4, 0.16, 0)
    rows = centre(shape[0], round(0.16 * shape[0])) if pattern in PLANES else slice(None)
    assert m[rows, centre(shape[1], round(0.16 * shape[1]))].all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_seed_decides(pattern):
    masks = [mask(pattern, (40, 40), 4, 0.1, seed) for seed in range(6)]
    assert torch.equal(masks[0], mask(pattern, (40, 40), 4, 0.1, 0))
    assert any(not torch.equal(masks[0], m) for m in masks[1:])
    assert torch.equal(masks[3], mask(pattern, (40, 40), 4, 0.1, torch.Generator().manual_seed(3)))


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
        for side in (taken[: centre(n, low).start], taken[centre(n, low).stop :]):
            gaps = torch.nonzero(side)[:, 0].diff()
            assert ((gaps - spacing).abs() < 1).all()


def test_gaussian_lines_crowd_the_centre_and_random_ones_do_not():
    def spread(pattern):
        lines = torch.cat([torch.nonzero(mask(pattern, (1, 96), 4, 0, s)[0])[:, 0] for s in range(20)])
        return float((lines - 48.0).std())

    assert spread("gaussian") < 20
    assert spread("random") > 24


def test_every_fault_is_reported_at_once():
    with pytest.raises(ConfigError) as caught:
        mask("spiral", (8, 0), 0.5, 1.5, 0, axis=3)
    assert {p.path for p in caught.value.problems} == {"pattern", "shape", "acceleration", "center_fraction", "axis"}


@pytest.mark.parametrize("pattern", EXACT)
def test_a_centre_beyond_the_budget_is_refused(pattern):
    with pytest.raises(ConfigError, match="the centre takes"):
        mask(pattern, (32, 32), 8, 0.6, 0)


@pytest.mark.parametrize(("acceleration", "word"), [(float("nan"), "at least 1"), (float("inf"), "at least 1"), (1e5, "leaves none")])
def test_impossible_accelerations(acceleration, word):
    with pytest.raises(ConfigError, match=word):
        mask("random", (32, 32), acceleration, 0, 0)

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.sampling_patterns.kt import interleaved, spokes


@pytest.mark.parametrize("acceleration", [2, 3, 4])
@pytest.mark.parametrize("n", [12, 17])
def test_any_r_frames_hit_each_outer_line_once(n, acceleration):
    m = interleaved((9, n, 5), acceleration, 3)
    assert m.shape == (9, n, 5)
    outer = torch.ones(n, dtype=torch.bool)
    outer[n // 2 - 1 : n // 2 + 2] = False
    for start in range(9 - acceleration + 1):
        hits = m[start : start + acceleration, :, 0].sum(0)
        assert (hits[outer] == 1).all()
        assert (hits[~outer] == acceleration).all()


def test_axis_and_first_frame():
    m = interleaved((6, 8, 8), 4, 2)
    assert torch.equal(interleaved((6, 8, 8), 4, 2, axis=-1), m.transpose(-1, -2))
    assert torch.equal(interleaved((4, 8, 8), 4, 2, first=2), m[2:])


@pytest.mark.parametrize(("n", "count", "lines"), [(8, 3, [3, 4, 5]), (9, 2, [4, 5]), (9, 3, [3, 4, 5]), (10, 4, [3, 4, 5, 6])])
def test_the_centre_is_that_of_the_other_patterns(n, count, lines):
    m = interleaved((n, n, 4), n, count)[..., 0]
    assert torch.nonzero(m.all(0))[:, 0].tolist() == lines


def test_faults():
    with pytest.raises(ConfigError) as caught:
        interleaved((4, 8, 8), 9, 10)
    assert [p.path for p in caught.value.mistakes] == ["acceleration", "center_lines"]
    with pytest.raises(ConfigError, match="axis"):
        interleaved((4, 8), 2, 2, axis=0)


def test_spokes_pass_the_origin_and_turn_from_frame_to_frame():
    m = spokes((6, 33, 33), 5)
    assert m.shape == (6, 33, 33) and m[:, 16, 16].all() and m.any(2).any(1).all()
    assert torch.equal(m.flip(1, 2), m)  # diameters, on a grid whose centre is a sample
    shared = [(int((m[0] & m[f]).sum()) - 1) / int(m[0].sum()) for f in range(1, 6)]
    assert max(shared) < 0.5 and 0.12 < float(m.float().mean()) < 0.18
    assert torch.equal(spokes((4, 33, 33), 5, first=10), m[2:])
    assert spokes((1, 8, 8), 200).float().mean() > 0.7 and spokes((2, 9, 12), 3).shape == (2, 9, 12)


@pytest.mark.parametrize(("shape", "count"), [((8, 8), 3), ((2, 8, 8), 0), ((0, 8, 8), 2)])
def test_spokes_refuse_what_is_no_series(shape, count):
    with pytest.raises(ConfigError, match="spokes"):
        spokes(shape, count)

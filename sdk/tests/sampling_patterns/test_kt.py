import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.sampling_patterns.kt import interleaved


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


def test_faults():
    with pytest.raises(ConfigError) as caught:
        interleaved((4, 8, 8), 9, 10)
    assert [p.path for p in caught.value.problems] == ["acceleration", "center_lines"]
    with pytest.raises(ConfigError, match="axis"):
        interleaved((4, 8), 2, 2, axis=0)

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.coils import calibration_region
from mridiff_sdk.sampling_patterns import mask


def boxes(m):
    ny, nx = m.shape
    for h in range(1, ny + 1):
        for w in range(1, nx + 1):
            top, left = (ny - h + 1) // 2, (nx - w + 1) // 2
            region = slice(top, top + h), slice(left, left + w)
            if m[region].all():
                yield h * w


@pytest.mark.parametrize("shape", [(12, 10), (11, 13)])
@pytest.mark.parametrize("seed", range(8))
def test_no_centred_full_box_is_larger(shape, seed):
    m = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.85
    m[shape[0] // 2, shape[1] // 2] = True
    region = calibration_region(m)
    assert m[region].all()
    assert m[region].numel() == max(boxes(m))


def test_lines_give_a_band_and_a_full_mask_all():
    m = mask("equispaced", (20, 40), 4, 0.2, 0)
    rows, columns = calibration_region(m)
    assert rows == slice(0, 20)
    assert columns.start <= 16
    assert columns.stop >= 24
    assert calibration_region(torch.ones(5, 6, dtype=torch.bool)) == (slice(0, 5), slice(0, 6))


@pytest.mark.parametrize(("n", "count"), [(40, 7), (40, 8), (41, 7), (41, 8)])
def test_the_whole_centre_of_a_mask_is_found(n, count):
    m = mask("random", (20, n), 5, count / n, 0)
    columns = calibration_region(m)[1]
    assert columns.stop - columns.start >= count


def test_no_centre_is_an_error():
    with pytest.raises(DataError, match="origin"):
        calibration_region(torch.zeros(4, 4, dtype=torch.bool))
    with pytest.raises(DataError, match="bool"):
        calibration_region(torch.ones(4, 4))

import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.plots.planes import flatten


def test_two_axes_are_shown_as_they_are():
    x = np.arange(15.0).reshape(3, 5)
    assert np.array_equal(flatten(x, ("y", "x")), x)


def test_complex_values_are_shown_by_magnitude_and_real_ones_keep_their_sign():
    assert np.array_equal(flatten(np.array([[3 + 4j]]), ("y", "x")), [[5.0]])
    assert np.array_equal(flatten(np.array([[-2.0]]), ("y", "x")), [[-2.0]])


def test_rows_are_y_whatever_the_order_of_the_axes():
    x = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(flatten(x.T, ("x", "y")), x)


def test_the_middle_of_other_axes_is_taken():
    x = np.arange(5 * 2 * 3 * 4.0).reshape(5, 2, 3, 4)
    assert np.array_equal(flatten(x, ("t", "echo", "y", "x")), x[2, 1])


def test_a_volume_shows_its_three_middle_planes_with_z_rising():
    v = np.arange(3 * 5 * 7.0).reshape(3, 5, 7)
    sheet = flatten(v, ("z", "y", "x"))
    gap = sheet.shape[0] - 3 - 5
    assert gap >= 2
    assert sheet.shape[1] == 7 + gap + 5
    assert np.array_equal(sheet[:3, :7], v[::-1, 2, :])
    assert np.array_equal(sheet[:3, 7 + gap :], v[::-1, :, 3])
    assert np.array_equal(sheet[3 + gap :, :7], v[1])
    assert np.isnan(sheet[3 : 3 + gap]).all()
    assert np.isnan(sheet[3 + gap :, 7:]).all()


def test_a_single_slice_is_no_volume():
    x = np.arange(6.0).reshape(1, 2, 3)
    assert np.array_equal(flatten(x, ("z", "y", "x")), x[0])


def test_voxel_size_makes_pixels_square_and_keeps_constants():
    assert np.allclose(flatten(np.ones((10, 20)), ("y", "x"), (3.0, 1.5)), np.ones((20, 20)))
    sheet = flatten(np.ones((4, 10, 10)), ("z", "y", "x"), (5.0, 1.0, 1.0))
    assert np.isfinite(sheet[:20, :10]).all()
    assert np.isnan(sheet[20]).all()


def test_one_axis_becomes_a_strip():
    strip = flatten(np.arange(9), ("voxel",))
    assert strip.shape == (2, 9)
    assert np.array_equal(strip[1], np.arange(9))


@pytest.mark.parametrize(("shape", "axes", "size"), [((3, 4), ("x",), None), ((0, 4), ("y", "x"), None), ((3, 4), ("y", "x"), (1.0,))])
def test_arrays_that_do_not_fit_their_axes_are_refused(shape, axes, size):
    with pytest.raises(DataError, match="cannot draw"):
        flatten(np.zeros(shape), axes, size)


def test_modalities_stand_side_by_side():
    pair = np.stack([np.full((4, 3), 1.0), np.full((4, 3), 2.0)])
    sheet = flatten(pair, ("modality", "y", "x"))
    assert sheet.shape[0] == 4 and np.array_equal(sheet[:, :3], pair[0]) and np.array_equal(sheet[:, -3:], pair[1])
    assert np.isnan(sheet[:, 3:-3]).all() and sheet.shape[1] > 6
    assert np.isfinite(flatten(pair[None], ("t", "modality", "y", "x"))[:, :3]).all()

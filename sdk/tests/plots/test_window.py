import numpy as np
import pytest

from mridiff_sdk.plots.detail import busiest
from mridiff_sdk.plots.window import Window, error_of, factor_for, window_of


def test_white_is_the_percentile_and_black_is_zero():
    picture = np.arange(1001.0).reshape(7, 143)
    assert window_of(picture) == Window(0.0, 995.0)


def test_signed_data_have_a_symmetric_window():
    window = window_of(np.linspace(-1, 3, 401)[None])
    assert window.signed
    assert window.low == -window.high


def test_stray_negative_values_do_not_make_a_picture_signed():
    picture = np.ones((20, 20))
    picture[0, 0] = -0.5
    assert not window_of(picture).signed


@pytest.mark.parametrize("picture", [np.zeros((3, 3)), np.full((3, 3), np.nan)])
def test_empty_pictures_have_a_window_too(picture):
    assert window_of(picture) == Window(0.0, 1.0)


def test_one_bright_pixel_in_the_dark_is_not_lost():
    picture = np.zeros((100, 100))
    picture[50, 50] = 4.0
    assert window_of(picture).high == 4.0


def test_the_factor_is_round_and_brings_errors_into_the_window():
    assert factor_for([np.full((4, 4), 0.03)], Window(0.0, 1.0)) == 20
    assert factor_for([np.full((4, 4), 3.0)], Window(0.0, 1.0)) == 1
    assert factor_for([np.zeros((4, 4))], Window(0.0, 1.0)) == factor_for([], Window(0.0, 1.0)) == 1


def test_an_almost_perfect_picture_does_not_decide_the_factor():
    bad, perfect = np.full((4, 4), 0.3), np.full((4, 4), 1e-9)
    assert factor_for([bad, perfect], Window(0.0, 1.0)) == factor_for([bad, bad / 10], Window(0.0, 1.0)) == 10


def test_errors_are_magnitudes():
    assert np.array_equal(error_of(np.array([[1.0, -1.0]]), np.array([[2.0, 1.0]])), [[1.0, 2.0]])


def test_the_detail_is_where_the_structure_is():
    picture = np.ones((60, 48))
    picture[30:50, 6:22] += np.indices((20, 16)).sum(0) % 4 > 1
    box = busiest(picture, 3)
    assert (box.height, box.width) == (20, 16)
    assert abs(box.top - 30) <= 4
    assert abs(box.left - 6) <= 4
    assert box.of(picture).shape == (20, 16)


def test_the_detail_never_straddles_the_gaps_of_a_mosaic():
    picture = np.random.default_rng(0).random((40, 40))
    picture[18:22] = np.nan
    picture[:, 18:22] = np.nan
    assert np.isfinite(busiest(picture, 3).of(picture)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (2, 7)])
def test_tiny_pictures_have_a_detail(shape):
    assert busiest(np.ones(shape), 3).of(np.ones(shape)).size

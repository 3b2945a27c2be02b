import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.plots.panels import panels

rng = np.random.default_rng(0)
TRUTH = rng.random((12, 9)) + 1j * rng.random((12, 9))


def test_all_pictures_share_the_window_of_the_reference():
    view = panels({"bright": 100 * TRUTH, "dark": TRUTH / 100}, TRUTH, ("y", "x"))
    assert view.window.high == pytest.approx(np.percentile(np.abs(TRUTH), 99.5))
    assert np.array_equal(view.pictures["bright"], np.abs(100 * TRUTH))


def test_without_a_reference_the_last_result_gives_the_window_and_there_are_no_errors():
    view = panels({"baseline": 100 * TRUTH, "result": TRUTH}, None, ("y", "x"))
    assert view.window.high == pytest.approx(np.percentile(np.abs(TRUTH), 99.5))
    assert view.errors == {}
    assert view.reference is None


def test_errors_are_differences_of_magnitudes_on_one_scale():
    view = panels({"a": -1.1 * TRUTH, "b": 1j * TRUTH}, TRUTH, ("y", "x"), std=np.abs(TRUTH))
    assert np.allclose(view.errors["a"], 0.1 * np.abs(TRUTH))
    assert np.allclose(view.errors["b"], 0)
    assert view.scale.high == view.window.high / view.factor


def test_without_a_reference_the_spread_gives_the_factor():
    view = panels({"result": np.ones((5, 5))}, None, ("y", "x"), std=np.full((5, 5), 0.04))
    assert view.factor == 20


def test_signed_data_have_their_own_colours():
    signed = rng.standard_normal((12, 9))
    assert panels({"result": signed}, signed, ("y", "x")).cmap == "signed"
    assert panels({"result": TRUTH}, TRUTH, ("y", "x")).cmap == "gray"


def test_different_shapes_are_all_named():
    with pytest.raises(DataError, match=r"\(2, 3\).*\(3, 2\)"):
        panels({"a": np.zeros((2, 3)), "b": np.zeros((3, 2))}, None, ("y", "x"))
    with pytest.raises(DataError, match="nothing"):
        panels({}, None, ("y", "x"))


def test_nothing_given_is_changed():
    before = TRUTH.copy()
    panels({"a": TRUTH}, TRUTH, ("y", "x"), std=np.abs(TRUTH))
    assert np.array_equal(before, TRUTH)

import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.plots.comparison import columns, draw_comparison, wrapped
from mridiff_sdk.plots.panels import panels

rng = np.random.default_rng(1)
X = rng.random((20, 15)) + 1j * rng.random((20, 15))
RESULTS = {"zero-filled": 0.8 * X, "dps": 0.99 * X}
METRICS = {"zero-filled": {"psnr": 20.0, "ssim": 0.5}, "dps": {"psnr": 30.0}}
COST = {"dps": {"nfe": 100, "operator_calls": 200, "seconds": 12.0, "items": 400}}


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def test_columns_say_scores_and_cost_and_who_is_best():
    reference, zero, dps = columns(panels(RESULTS, X, ("y", "x")), METRICS, COST)
    assert (reference.name, reference.error, reference.scores) == ("reference", None, "")
    assert zero.scores == "PSNR 20.00 dB · SSIM 0.500"
    assert zero.cost == ""
    assert dps.cost == "NFE 100 · A-count 200 · 12.0 s"
    assert (zero.best, dps.best) == (False, True)
    assert np.allclose(dps.error, 0.01 * np.abs(X))


@pytest.mark.parametrize("reference", [None, X])
def test_rows_of_pictures_errors_and_details(tmp_path, reference):
    draw_comparison(tmp_path / "a.png", title="<t> $", axes=("y", "x"), reference=reference, results=RESULTS, metrics=METRICS, cost=COST)
    width, height = png_size(tmp_path / "a.png")
    rows, count = (3, 3) if reference is not None else (2, 2)
    assert height > rows * 20 * 27
    assert width > count * 15 * 27


def test_many_methods_go_on_in_bands_of_like_length():
    assert [len(band) for band in wrapped(list(range(7)), 6)] == [4, 3]
    assert [len(band) for band in wrapped(list(range(6)), 6)] == [6]
    assert [item for band in wrapped(list(range(41)), 6) for item in band] == list(range(41))


def test_many_methods_are_drawn_below_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("mridiff_sdk.plots.comparison.COLUMNS", 4)
    for name, count in (("few", 3), ("many", 6)):
        results = {f"method {i}": X for i in range(count)}
        draw_comparison(tmp_path / name, title="t", axes=("y", "x"), reference=X, results=results, metrics={}, cost={})
    few, many = png_size(tmp_path / "few"), png_size(tmp_path / "many")
    assert many[0] == few[0]
    assert many[1] > 1.8 * few[1]


@pytest.mark.parametrize(
    ("shape", "axes", "size"), [((4, 9, 7), ("z", "y", "x"), (3, 1, 1)), ((1, 1), ("y", "x"), None), ((7,), ("voxel",), None)]
)
def test_every_shape_can_be_compared(tmp_path, shape, axes, size):
    x = rng.standard_normal(shape)
    draw_comparison(tmp_path / "a.png", title="t", axes=axes, reference=x, results={"a": x}, metrics={}, cost={}, voxel_size=size)
    assert png_size(tmp_path / "a.png")[0] > 300


def test_nothing_to_compare_is_an_error(tmp_path):
    with pytest.raises(DataError, match="nothing"):
        draw_comparison(tmp_path / "a.png", title="t", axes=("y", "x"), reference=None, results={}, metrics={}, cost={})

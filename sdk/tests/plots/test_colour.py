import numpy as np

from mridiff_sdk.plots.comparison import draw_comparison
from mridiff_sdk.plots.overview import draw_overview
from mridiff_sdk.plots.panels import panels
from mridiff_sdk.plots.planes import flatten

AXES = ("channel", "y", "x")


def colours(width=9):
    """Red on the left, green in the middle, blue on the right."""
    picture = np.zeros((3, 6, width))
    for channel, columns in enumerate(np.array_split(np.arange(width), 3)):
        picture[channel, :, columns] = 1
    return picture


def test_three_channels_are_one_picture_in_colour_and_two_are_not():
    picture = flatten(colours(), AXES)
    assert picture.shape == (6, 9, 3) and picture[0, 0].tolist() == [1, 0, 0] and picture[0, -1].tolist() == [0, 0, 1]
    assert flatten(colours()[:2], AXES).shape == (6, 9)


def test_errors_and_spread_are_grey():
    truth = colours()
    view = panels({"result": truth * 0.7}, truth, AXES, std=0.1 * np.ones_like(truth))
    assert view.shape == (6, 9) and view.errors["result"].shape == view.std.shape == (6, 9)
    np.testing.assert_allclose(view.errors["result"], 0.1)  # a third of the channels differ by 0.3
    np.testing.assert_allclose(view.std, 0.1)


def test_pictures_are_drawn_in_their_colours(tmp_path):
    from matplotlib.image import imread

    truth = colours()
    draw_overview(tmp_path / "a.png", title="t", axes=AXES, result=truth, reference=truth, baseline=0 * truth, baseline_name="first guess",
                  std=None, metrics={"x": {"pixcorr": 1.0}}, sampling=None)  # fmt: skip
    draw_comparison(
        tmp_path / "b.png", title="t", axes=AXES, reference=truth, results={"one": truth, "two": 0.5 * truth}, metrics={}, cost={}
    )
    for name in ("a.png", "b.png"):
        drawn = imread(tmp_path / name)[..., :3].reshape(-1, 3)
        for pure in np.eye(3):
            assert int((np.abs(drawn - pure).max(1) < 0.02).sum()) > 1000, (name, pure)

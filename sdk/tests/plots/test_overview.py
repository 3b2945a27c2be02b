import subprocess
import sys

import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.plots.overview import cells, draw_overview, sampled
from mridiff_sdk.plots.panels import panels
from mridiff_sdk.plots.sheet import Sheet, enlarged, printable

rng = np.random.default_rng(0)
BARE = {"title": "t", "axes": ("y", "x"), "metrics": {}, "baseline_name": ""}
BARE |= dict.fromkeys(("reference", "baseline", "std", "sampling"))


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def test_a_full_overview_holds_two_rows_of_enlarged_pictures(tmp_path):
    x = rng.random((32, 24)) + 0j
    metrics = {"x": {"psnr": 31.2, "ssim": 0.9, "nmse": 0.01}, "baseline": {"psnr": 20.0}}
    draw_overview(tmp_path / "a.png", title="scan", axes=("y", "x"), result=x, reference=x + 0.1, baseline=x * 0.9, baseline_name="zero",
                  std=np.abs(x), metrics=metrics, sampling=rng.random((32, 24)) > 0.5)  # fmt: skip
    width, height = png_size(tmp_path / "a.png")
    assert width > 3 * 24 * 17
    assert 2 * 32 * 17 < height < 3 * 32 * 17
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("missing", ["reference", "baseline", "std", "sampling"])
def test_each_missing_piece_is_left_out(tmp_path, missing):
    x = rng.random((9, 7))
    given = {"reference": x, "baseline": x + 0.1, "std": x, "sampling": x > 0.5, missing: None}
    draw_overview(tmp_path / "a.png", **{**BARE, **given}, result=x)
    assert min(png_size(tmp_path / "a.png")) > 300


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((1, 1), ("y", "x")), ((3, 41), ("y", "x")), ((5, 8, 7), ("z", "y", "x")), ((3, 8, 7), ("t", "y", "x")), ((11,), ("voxel",))],
)
def test_every_shape_can_be_drawn(tmp_path, shape, axes):
    x = rng.standard_normal(shape)
    draw_overview(tmp_path / "a.png", **{**BARE, "axes": axes, "reference": x}, result=x + 0.1)
    assert png_size(tmp_path / "a.png")[0] > 300


def test_bad_values_and_hostile_names_are_drawn_without_a_warning(tmp_path):
    x = np.full((8, 8), np.nan)
    title = "$\\frac{ \x00 \n 中文 \ud800 " + "long " * 100
    given = {"title": title, "baseline": x, "baseline_name": "$$ _^ %", "reference": np.zeros((8, 8))}
    draw_overview(tmp_path / "a.png", **{**BARE, **given}, result=np.full((8, 8), np.inf))
    assert png_size(tmp_path / "a.png")[0] > 300
    assert printable("a\nb\x00 中") == "a b□ □"


def test_errors_stand_under_their_pictures_and_say_their_factor():
    x = np.ones((4, 4))
    rows = cells(panels({"baseline": 0.9 * x, "result": x}, x, ("y", "x")), {"baseline": "zero", "result": "result"}, {"result": "PSNR"})
    assert [c.name for c in rows[0]] == ["reference", "zero", "result"]
    assert rows[1][0] is None
    assert [c.name for c in rows[1][1:]] == ["error × 20 · zero", "error × 20 · result"]
    assert [c.below for c in rows[0]] == ["", "", "PSNR"]


def test_further_maps_stand_in_a_row_of_their_own(tmp_path):
    x = np.ones((4, 4))
    for reference in (x, None):
        view = panels({"baseline": 0.9 * x, "result": x}, reference, ("y", "x"), std=0.1 * x, maps={"null space": 0.01 * x})
        last = cells(view, {"baseline": "zero", "result": "result"}, {"null space": "3 %"})[-1]
        assert [(c.name, c.below, c.window) for c in last] == [(f"null space × {view.factor}", "3 %", view.scale)]
    with pytest.raises(DataError, match="one shape"):
        panels({"result": x}, None, ("y", "x"), maps={"null space": x[:2]})
    maps = dict.fromkeys(("interval", "null space", "uncertainty there"), (0.1 * x, "below"))
    draw_overview(tmp_path / "a.png", **BARE | {"std": x}, result=x, maps=maps)
    draw_overview(tmp_path / "b.png", **BARE | {"std": x}, result=x)
    (wide, tall), (narrow, flat) = (png_size(tmp_path / f"{name}.png") for name in "ab")
    assert wide > narrow and tall > flat


def test_what_was_found_besides_has_a_window_of_its_own(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(Sheet, "picture", lambda self, picture, left, top, size, window, *more: drawn.setdefault((left, top), window))
    x = np.ones((4, 4))
    found = {"lesion": (7 * x, "thresholds"), "phase": (-x, "")}
    draw_overview(tmp_path / "a.png", **BARE | {"reference": x, "baseline": 0.9 * x}, result=x, found=found)
    windows = [(w.low, w.high) for w in drawn.values()]
    assert {(0, 7), (-1, 1)} <= set(windows) and len(windows) == 7 + 2  # and two bars
    (lesion,) = (place for place, w in drawn.items() if w.high == 7)
    assert lesion[0] == min(drawn)[0] < lesion[1], "the free cell under the reference"


def test_sampling_is_summed_up_over_all_axes():
    mask = np.zeros((3, 4, 8))
    mask[1, :, ::2] = 1
    picture, words = sampled(mask)
    assert np.array_equal(picture, mask[1])
    assert words == "16.7% of k-space, R = 6.00"
    assert sampled(np.ones(5))[0].shape == (5, 5)
    assert sampled(np.zeros((2, 2)))[1] == "0.0% of k-space"


def test_pictures_are_enlarged_by_whole_numbers_and_keep_their_aspect():
    assert enlarged((64, 48), 540) == (64 * 9, 48 * 9, 9)
    assert enlarged((320, 320), 540) == (640, 640, 2)
    height, width, scale = enlarged((2000, 1000), 540)
    assert (height, width) == (540, 270)
    assert scale < 1


def test_shapes_that_differ_are_refused_and_leave_no_file(tmp_path):
    with pytest.raises(DataError, match="one shape"):
        draw_overview(tmp_path / "a.png", **{**BARE, "reference": np.ones((3, 3))}, result=np.ones((4, 3)))
    assert not list(tmp_path.iterdir())


def test_drawing_leaves_the_global_plotting_state_alone(tmp_path):
    code = (
        "import sys, pathlib, numpy as np\n"
        "from mridiff_sdk.plots import comparison, overview, page\n"
        "assert 'matplotlib' not in sys.modules\n"
        "overview.draw_overview(pathlib.Path(sys.argv[1]), title='t', axes=('y', 'x'), result=np.ones((4, 4)), reference=None,\n"
        "    baseline=None, baseline_name='', std=None, metrics={}, sampling=None)\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_legend_of_wide_pictures_is_on_the_page(tmp_path, monkeypatch):
    lowest = []
    draw = Sheet.bar
    monkeypatch.setattr(
        Sheet, "bar", lambda self, label, left, top, *rest: lowest.append((top + 60, self.height)) or draw(self, label, left, top, *rest)
    )
    x = rng.random((2, 16, 16))
    draw_overview(tmp_path / "a.png", **{**BARE, "axes": ("modality", "y", "x"), "reference": x, "sampling": x[0] > 0.5}, result=x + 0.1)
    assert len(lowest) == 2 and all(bottom <= height for bottom, height in lowest)

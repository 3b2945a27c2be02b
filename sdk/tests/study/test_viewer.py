import base64
import hashlib
import json
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff.pipeline.method import Reconstruction
from mridiff.plugins.registry import Registry
from mridiff_sdk.plots.frames import frames, kept, names, save
from mridiff_sdk.study import Altered, Study, measure

HOSTILE = "<script>alert('x')</script>\"' onerror=x() & ünï \u202e $title " + "long " * 40


class Heads(Dataset):
    """Three slices of `shape`; the last has no reference."""

    def __init__(self, shape=(16, 12), axes=("y", "x")):
        self.shape, self.axes = shape, axes

    def __len__(self):
        return 3

    def __getitem__(self, index):
        x = Streams.of(0, f"s{index}").normal(self.shape).abs() + 0.5
        truth = {"x": Field(x, self.axes)} if index < 2 else {}
        return Scan(f"{HOSTILE}/{index}", Measured(x, Gaussian(0.1)), truth)


def drawn(scan, std, samples):
    return scan.measured.y + std * Streams.of(0, scan.id, list(range(samples))).normal(scan.measured.y.shape[1:]).real


def noisy(scan, seed, std=0.1, samples=1):
    if std < 0:
        raise ValueError(HOSTILE)
    x = drawn(scan, std, samples)
    return Reconstruction(scan.id, x.mean(0, keepdim=True), x, ("y", "x"), 1.0)


ROWS = {HOSTILE: partial(noisy, std=0.2), "sampled": partial(noisy, samples=3), "broken": partial(noisy, std=-1)}


def study(rows=ROWS, scans=Heads, **more):
    more = {"metrics": ("psnr", "nfe"), "against": ("sampled",), "notes": (HOSTILE,), **more}
    return Study(title=HOSTILE, rows=rows, scans={HOSTILE: lambda data: scans()}, **more)


def made(out, found=None, **options):
    """Measure; gives the page and what it shows."""
    measure("pages", found or study(**options), Registry.of([]), out)
    page = (out / "index.html").read_text(encoding="utf-8")
    return page, json.loads(re.search('<script type="application/json" id="data">(.*?)</script>', page)[1])


def grey(path):
    return np.asarray(Image.open(path)).astype(float)


def test_pictures_are_what_the_cells_hold_to_a_step_of_grey(tmp_path):
    _, data = made(tmp_path)
    scan = data["sets"][0]["scans"][0]
    reference = Heads()[0].truth["x"].data[0].numpy()
    assert scan["peak"] == pytest.approx(reference.max()) and scan["known"] and scan["size"] == [16, 12]
    (shared,) = scan["shared"]
    assert shared["range"] == [0, pytest.approx(reference.max())] and shared["name"] == "reference"
    assert np.abs(grey(tmp_path / scan["folder"] / shared["file"]) / 255 * reference.max() - reference).max() < reference.max() / 500
    cell = next(c for c in scan["cells"] if c["row"] == 1)
    x = drawn(Heads()[0], 0.1, 3).numpy()
    for kind, values in (("x", x.mean(0)), ("error", np.abs(x.mean(0) - reference)), ("std", x.std(0, ddof=1))):
        black, white = cell["kinds"][kind]["range"]
        assert (
            np.abs(grey(tmp_path / cell["folder"] / f"{kind}.png") / 255 * (white - black) + black - values).max() < (white - black) / 500
        )
    assert cell["kinds"]["samples"] | {"range": 0} == {"range": 0, "count": 3, "of": 3}
    assert (tmp_path / cell["record"]).exists() and cell["numbers"][0][1] == pytest.approx(json.loads((tmp_path / cell["record"]).read_text())["metrics"]["x"]["psnr"], rel=1e-5)  # fmt: skip


def test_without_a_reference_there_are_no_errors_and_the_brightest_result_is_the_measure(tmp_path):
    _, data = made(tmp_path)
    scan = data["sets"][0]["scans"][2]
    brightest = max(float(drawn(Heads()[2], *how).mean(0).abs().max()) for how in ((0.2, 1), (0.1, 3)))
    assert not scan["known"] and scan["shared"] == [] and scan["peak"] == pytest.approx(brightest)
    assert [sorted(c.get("kinds", {})) for c in scan["cells"]] == [["x"], ["samples", "std", "x"], []]


def test_no_text_of_others_is_markup_and_nothing_but_the_pages_own_script_runs(tmp_path):
    page, data = made(tmp_path)
    assert data["rows"][0] == HOSTILE and data["sets"][0]["scans"][0]["cells"][2]["error"].startswith(
        "failed: cannot reconstruct <script>alert("
    )
    assert "[95 % interval" not in page, "three slices are of one subject"
    assert "<script>alert" not in page and page.count("<script") == 2 and "http:" not in page.replace("http://www.w3.org/2000/svg", "")
    policy = re.search('Content-Security-Policy" content="(.*?)"', page)[1]
    for tag in ("style", "script"):
        text = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        allowed = f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}';"
        assert allowed in policy and "unsafe" not in policy and policy.startswith("default-src 'none'")


def test_pictures_are_drawn_when_missing_or_out_of_date_and_else_kept(tmp_path):
    """Also those of cells that were made before: whoever deletes the pictures gets them again."""
    _, data = made(tmp_path)
    folder = tmp_path / data["sets"][0]["scans"][0]["cells"][1]["folder"]
    picture = folder / "x.png"
    before = picture.read_bytes(), picture.stat().st_mtime_ns
    made(tmp_path)
    assert picture.stat().st_mtime_ns == before[1]
    for harm in (lambda: picture.unlink(), lambda: picture.write_bytes(b"short"), lambda: (folder / "pictures.json").write_text("{}"),
                 lambda: [f.unlink() for f in folder.parent.glob("reference*")]):  # fmt: skip
        harm()
        made(tmp_path)
        assert picture.read_bytes() == before[0] and list(folder.parent.glob("reference*"))
    made(tmp_path, study({"sampled": partial(noisy, std=0.3, samples=3)}, against=()))
    assert picture.read_bytes() != before[0] and not list(tmp_path.rglob(".partial*"))


def test_a_picture_that_cannot_be_drawn_costs_no_number(tmp_path, monkeypatch):
    monkeypatch.setattr("mridiff_sdk.study.pictures.save", lambda *args: 1 / 0)
    _, data = made(tmp_path)
    cell = data["sets"][0]["scans"][0]["cells"][0]
    assert "cannot be drawn" in cell["error"] and cell["numbers"][0] and cell["record"] and not list(tmp_path.glob("pictures/**/*.png"))


def test_a_row_that_alters_scans_is_set_against_the_altered_reference(run, tmp_path):
    """Of which the page has both, and tells whose they are."""

    def doubled(scan):
        return replace(scan, truth={"x": replace(scan.truth["x"], data=2 * scan.truth["x"].data)})

    declared = Study(
        title="t", rows={"plain": "filled", "other": Altered("filled", scan=doubled)}, scans={"a": {"use": "scans"}}, metrics=("mae",)
    )
    measure("altered", declared, Registry.discover(), tmp_path / "altered")
    page = (tmp_path / "altered" / "index.html").read_text()
    scan = json.loads(re.search('id="data">(.*?)</script>', page)[1])["sets"][0]["scans"][0]
    first, second, look = scan["shared"]
    assert [first["name"], second["name"]] == ["reference of plain", "reference of other"] and second["range"][1] == pytest.approx(
        2 * first["range"][1]
    )
    assert look["name"] == "first look: zero-filled" and (tmp_path / "altered" / scan["folder"] / look["file"]).exists()


def test_intervals_beside_a_result_are_shown(tmp_path):
    import h5py

    _, data = made(tmp_path)
    cell = data["sets"][0]["scans"][0]["cells"][1]
    assert "lower" not in cell["kinds"]
    with h5py.File((tmp_path / cell["record"]).with_name("intervals.h5"), "w") as file:
        file["lower"], file["upper"] = np.full((16, 12), 0.25), np.full((16, 12), 0.75)
    _, data = made(tmp_path)
    cell = data["sets"][0]["scans"][0]["cells"][1]
    for kind, value in (("lower", 0.25), ("upper", 0.75)):
        shown = grey(tmp_path / cell["folder"] / f"{kind}.png") / 255 * cell["kinds"][kind]["range"][1]
        assert np.allclose(shown, value, atol=0.01)


def test_what_samples_say_of_themselves_is_shown_and_a_calibration_goes_before_it(tmp_path):
    import h5py

    maps = {"null_space": torch.full((16, 12), 0.125), "lower": torch.full((16, 12), 0.5), "upper": torch.ones(16, 12)}

    def row(scan, seed):
        return replace(noisy(scan, seed, samples=2), maps=maps)

    declared = study({"one": row}, against=())
    _, data = made(tmp_path, declared)
    cell = data["sets"][0]["scans"][0]["cells"][0]
    assert cell["kinds"]["null_space"] == {"range": [0, 0.125], "top": 0.125} and "null_space_std" not in cell["kinds"]
    with h5py.File((tmp_path / cell["record"]).with_name("intervals.h5"), "w") as file:
        file["lower"], file["upper"] = np.full((16, 12), 0.25), np.full((16, 12), 0.75)
    seen = [grey(tmp_path / cell["folder"] / "lower.png").max()]
    made(tmp_path, declared)
    assert grey(tmp_path / cell["folder"] / "lower.png").max() == pytest.approx(seen[0] / 2, abs=1)


def test_a_page_of_what_is_there_comes_after_the_first_scan(tmp_path, monkeypatch):
    seen = []
    declared = study({"sampled": partial(noisy, samples=2)}, against=())

    def report(progress, result):
        page = tmp_path / "index.html"
        seen.append(page.read_text() if page.exists() else "")

    measure("pages", declared, Registry.of([]), tmp_path, report=report)
    assert seen[1] == "" and "2 cells are to come" in seen[2] and "are to come" not in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize(("shape", "axes", "count", "size", "last"), [
    ((4, 6), ("y", "x"), 1, (4, 6), ""), ((3, 4, 6), ("z", "y", "x"), 3, (4, 6), "z 2"), ((2, 3, 4, 6), ("t", "z", "y", "x"), 6, (4, 6), "t 1, z 2"),
    ((4, 6, 2), ("y", "x", "echo"), 2, (4, 6), "echo 1"), ((3, 4, 6), ("channel", "y", "x"), 1, (4, 6, 3), ""), ((2, 4, 6), ("channel", "y", "x"), 2, (4, 6), "channel 1"),
    ((9,), ("voxel",), 1, (2, 9), ""), ((6, 4), ("x", "y"), 1, (4, 6), ""), ((1, 1), ("y", "x"), 1, (1, 1), ""),
])  # fmt: skip
def test_arrays_of_any_axes_have_frames(tmp_path, shape, axes, count, size, last):
    x = np.arange(np.prod(shape), dtype=float).reshape(shape) * np.exp(1j)
    found = frames(x, axes)
    assert found.shape == (count, *size) and names(axes, shape)[-1] == last and len(names(axes, shape)) == count
    assert np.isclose(found.max(), x.size - 1)
    save(tmp_path / "a.png", found, 0, x.size)
    sheet = grey(tmp_path / "a.png")
    assert sheet.shape[0] % size[0] == sheet.shape[1] % size[1] == 0 and sheet.shape[0] * sheet.shape[1] >= count * size[0] * size[1]
    n = count - 1
    columns = sheet.shape[1] // size[1]
    top, left = n // columns * size[0], n % columns * size[1]
    assert np.abs(sheet[top : top + size[0], left : left + size[1]] - found[n] * 255 / x.size).max() <= 0.51


def test_of_too_many_frames_some_are_left_out_at_regular_intervals():
    assert kept(5, 100) == [0, 1, 2, 3, 4]
    few = kept(1000, 512 * 512)
    assert len(few) * 512 * 512 <= 2**25 and {b - a for a, b in zip(few, few[1:], strict=False)} == {few[1]}

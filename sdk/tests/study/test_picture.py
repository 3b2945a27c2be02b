from copy import deepcopy

import pytest
from test_tables import RESULTS

from mridiff_sdk.study.picture import accelerated, bands_of, draw, front
from mridiff_sdk.study.tables import subjects


def _front(metric, results=RESULTS):
    points = front(subjects(results, results["scans"]["heads"]), metric, "seconds", results)
    return {p.row for p in points if p.front}


def test_on_the_front_nothing_is_better_for_less():
    assert _front("psnr") == {"more"} and _front("nmse") == {"mixed | up"}
    slower = deepcopy(RESULTS)
    slower["scans"]["heads"]["values"]["mixed | up"]["seconds"] = [9.0] * 8
    assert _front("nmse", slower) == {"more", "base", "mixed | up"}


def test_points_are_means_with_their_intervals():
    ((title, (panel,)),) = bands_of(RESULTS)
    base = next(p for p in panel.points if p.row == "base")
    assert (title, base.x, base.quality.mean) == ("heads", 2.0, 33.5) and base.quality.low < 33.5 < base.quality.high


def test_sets_that_differ_by_acceleration_alone_are_joined():
    def scans(R, **more):
        return {"dataset": {"use": "heads", "options": {"acceleration": R, **more}}}

    sets = {"R = 8": scans(8), "R = 4": scans(4), "spirals": scans(4, pattern="spiral"), "by function": {"dataset": "a:b"}}
    assert accelerated(sets) == [{4.0: "R = 4", 8.0: "R = 8"}]
    assert accelerated({"alone": scans(4), "other": scans(8, pattern="spiral")}) == []


@pytest.mark.parametrize("rows", [3, 40])
def test_the_picture_has_room_for_every_row(tmp_path, rows):
    many = deepcopy(RESULTS)
    values = many["scans"]["heads"]["values"]
    values |= {f"row {i} $x_": {**values["more"], "seconds": [3.0 + i] * 8} for i in range(rows - 3)}
    many["rows"] = dict.fromkeys(values)
    assert draw(tmp_path / "quality.png", many)
    data = (tmp_path / "quality.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[20:24]) > 28 * rows


@pytest.mark.parametrize("without", ["psnr", "seconds"])
def test_without_quality_or_cost_no_picture_is_left(tmp_path, without):
    bare = deepcopy(RESULTS)
    for metric in {"psnr": ("psnr", "nmse"), "seconds": ("seconds",)}[without]:
        del bare["metrics"][metric]
        for values in bare["scans"]["heads"]["values"].values():
            del values[metric]
    (tmp_path / "quality.png").write_bytes(b"old")
    assert not draw(tmp_path / "quality.png", bare) and not (tmp_path / "quality.png").exists()

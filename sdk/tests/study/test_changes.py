from copy import deepcopy

import pytest
from test_tables import RESULTS

from mridiff_sdk.study.changes import changes_text, draw_changes, panels
from mridiff_sdk.study.statistics import change

HEADS = [f"p{i}/1" for i in range(8)]


def _set(ids, by):
    rows = RESULTS["scans"]["heads"]["values"]
    values = {row: {m: [v + by * (row == "more") for v in vs][: len(ids)] for m, vs in metrics.items()} for row, metrics in rows.items()}
    for metrics in values.values():
        metrics["ssim"] = [0.9 - 0.01 * by * i for i in range(len(ids))]
    return {"dataset": {}, "ids": ids, "values": values}


@pytest.fixture
def sheet():
    results = deepcopy(RESULTS)
    results["metrics"]["ssim"] = {"label": "SSIM", "unit": "", "better": 1, "meaning": ""}
    others = [f"q{i}/1" for i in range(8)]
    results["scans"] = {"first": _set(HEADS, 0), "rate": _set(HEADS, -3), "heart": _set(others, -3), "patient": _set(["z/1"], 1)}
    return results


def test_a_change_is_paired_where_subjects_are_the_same(sheet):
    psnr, ssim, lead = panels(sheet, "more")
    rate, heart, patient = (psnr.numbers["more"][t] for t in ("rate", "heart", "patient"))
    assert (rate.mean, rate.low, rate.high, rate.n) == (-3, -3, -3, 8)
    assert heart.mean == -3 and heart.low < -4 and heart.high > -2 and patient.n == 1
    assert psnr.numbers["base"]["rate"].mean == 0 and ssim.numbers["more"]["rate"].mean == pytest.approx(0.03 * 3.5)
    assert lead.numbers["base"]["first"].mean == 1 and lead.numbers["base"]["rate"].mean == -2 and "more" not in lead.numbers
    assert "first" not in psnr.numbers["more"]


def test_groups_without_a_common_subject_are_drawn_each_for_itself():
    x, y = {f"a{i}": float(i) for i in range(10)}, {f"b{i}": float(i) + 5 for i in range(10)}
    found = change(x, y)
    assert found.mean == -5 and 2.2 < found.high - found.low < 5.6
    assert change(x, {}) is None and change(x, x).low == change(x, x).high == 0


def test_the_sheet_says_of_how_many_subjects_it_is(sheet, tmp_path):
    text = changes_text(sheet, "more")
    assert "| rate | 0.00 [0.00, 0.00] | −3.00 [−3.00, −3.00] |" in text and "Subjects: 8, but 1 in patient" in text
    assert "| patient | −3.50 | −2.50 |" in text
    draw_changes(tmp_path / "sheet.png", sheet, "more")
    assert (tmp_path / "sheet.png").read_bytes()[:4] == b"\x89PNG"


def test_a_row_that_failed_is_left_out(sheet, tmp_path):
    for table in sheet["scans"].values():
        table["values"]["base"] = {m: [None] * len(table["ids"]) for m in table["values"]["base"]}
    assert panels(sheet, "more")[0].numbers["base"] == {}
    draw_changes(tmp_path / "sheet.png", sheet, "more")

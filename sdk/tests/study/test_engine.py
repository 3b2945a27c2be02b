import csv
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
import torch

import mridiff
from mridiff.errors import ConfigError, DataError
from mridiff.plugins.registry import Registry
from mridiff_sdk.rerun import records, rerun
from mridiff_sdk.study import Altered, Part, Study, measure
from mridiff_sdk.study.progress import Progress
from mridiff_sdk.study.tables import text_of

COSTS = {"seconds", "peak_memory_mb"}


def _numbers(folder):
    """Everything in the table that is no matter of time or place."""
    with (folder / "table.csv").open() as file:
        return [tuple(row.items()) for row in csv.DictReader(file) if row["metric"] not in COSTS]


def _made(run, *args, **options):
    """How many cells of each row are made by a run, and not found made."""
    made = Counter()

    def report(progress, result):
        if result is not None and not result.kept:
            made[result.cell.row] += 1

    run(*args, report=report, **options)
    return dict(made)


def test_numbers_are_those_that_users_get(run, tmp_path):
    results = run()
    registry = Registry.discover()
    method = mridiff.load("filled", registry, sampler={"options": {"steps": 2}})
    from mridiff.pipeline.method import load_dataset

    for i, scan in enumerate(load_dataset(method.plan)):
        for j, seed in enumerate((0, 1)):
            found = method(scan, seed=seed)
            values = {m: v[2 * i + j] for m, v in results["scans"]["few scans"]["values"]["twice"].items()}
            assert values == pytest.approx(
                {"mae": found.metrics["x"]["mae"], "nfe": 2, "error": float((found.x - scan.truth["x"].data).abs().max())}, rel=1e-5
            )
    noisy = results["scans"]["few scans"]["values"]["noisy"]["mae"]
    assert all(first != second for first, second in zip(noisy[::2], noisy[1::2], strict=True))  # a seed each
    halved = results["scans"]["few scans"]["values"]["halved"]["mae"]
    assert halved != results["scans"]["few scans"]["values"]["filled"]["mae"] and results["failed"] == []
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    assert (tmp_path / "out" / "table.md").read_text() == text_of(results)
    assert (tmp_path / "out" / "quality.png").read_bytes()[:4] == b"\x89PNG"


def test_the_tidy_table_has_every_number_of_every_cell(run, tmp_path):
    run()
    rows = [dict(row) for row in _numbers(tmp_path / "out")]
    cells = {(r["scans"], r["row"], r["scan"], r["seed"]) for r in rows}
    assert len(cells) == 3 * 4 * 2 and {r["study"] for r in rows} == {"toy"} and all(r["subject"] == r["scan"] for r in rows)
    by_metric = Counter(r["metric"] for r in rows)
    assert by_metric["mae"] == by_metric["error"] == by_metric["nfe"] == 24 and by_metric["baseline.mae"] == 18


def test_parquet_has_the_rows_of_the_csv_with_types(run, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs mridiff-sdk[parquet]")
    run(part=Part(scans=2))
    with (tmp_path / "out" / "table.csv").open() as file:
        rows = [row | {"seed": int(row["seed"]), "value": float(row["value"])} for row in csv.DictReader(file)]
    table = parquet.read_table(tmp_path / "out" / "table.parquet")
    assert table.to_pylist() == rows and len(rows) > 50 and {row["seed"] for row in rows} == {0, 1}
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {**dict.fromkeys(rows[0], "string"), "seed": "int64", "value": "double"}
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    run(part=Part(scans=1))
    assert not (tmp_path / "out" / "table.parquet").exists()


def test_a_cell_is_repeated_by_its_study_and_its_seed(run, tmp_path):
    """Rows that are recipes, altered methods and functions alike."""
    run(part=Part(scans=1))
    found = [rerun(record, Registry.discover()) for record in records(tmp_path / "out")]
    assert [(r.verdict, r.deviation, r.changed) for r in found] == [("identical", 0.0, ())] * 8


def test_a_function_that_is_another_now_is_told(run, package, tmp_path):
    import acme_package

    run(part=Part(("halved", "noisy"), scans=1, seeds=1))
    for file, old, new in (("rows.py", "0.1 *", "0.2 *"), ("studies.py", ".max()", ".max() + 1")):
        (package / file).write_text((package / file).read_text().replace(old, new))
    acme_package.forget()
    found = {record.parts[-4]: rerun(record, Registry.discover()) for record in records(tmp_path / "out")}
    assert found["noisy"].verdict == "different" and "the configuration with its defaults" in found["noisy"].changed
    assert found["halved"].verdict == "identical"
    assert {"a function that alters it, or its file", "an extra metric, or its file"} <= {*found["halved"].changed}
    assert any(c.startswith("extra.error") for c in found["halved"].changed)


def test_a_cell_without_its_folder_or_whose_row_is_gone_says_so(run, package, tmp_path):
    import acme_package

    run(part=Part(("noisy",), scans=1, seeds=1))
    (record,) = records(tmp_path / "out")
    (package / "studies.py").write_text((package / "studies.py").read_text().replace('"noisy": noisy', '"loud": noisy'))
    acme_package.forget()
    with pytest.raises(DataError, match="has no row 'noisy' any more"):
        rerun(record, Registry.discover())
    record.parent.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="does not lie in the folder"):
        rerun(tmp_path / "elsewhere" / "record.json", Registry.discover())


def test_what_readers_noted_and_what_was_made_again_is_told(run, package, monkeypatch):
    import sdk_parts

    whole = sdk_parts.Scans.__getitem__
    monkeypatch.setattr(sdk_parts.Scans, "__getitem__", lambda self, i: replace(whole(self, i), notes=("the mask was guessed",)))
    assert run(part=Part(("filled", "noisy"), scans=2))["noted"] == ["the mask was guessed"]
    (package / "rows.py").write_text((package / "rows.py").read_text().replace("0.1 *", "0.2 *"))
    noted = run(part=Part(("filled", "noisy"), scans=2, seeds=1))["noted"]
    assert noted[0] == "the mask was guessed" and [n.partition(" was there")[0] for n in noted[1:]] == ["s0, noisy", "s1, noisy"]


def test_without_a_metric_all_numbers_are_columns_and_those_that_no_scan_has_are_none(package, tmp_path):
    study = Study(title="t", rows={"filled": "filled"}, scans={"a": {"use": "scans"}}, metrics=(), extra={"one": lambda r, s: 1.0})
    results = measure("all", study, Registry.discover(), tmp_path / "out")
    assert list(results["metrics"]) == ["mae", "rmse", "nfe", "operator_calls", "seconds", "one"] and not results["failed"]


def test_the_rows_stand_side_by_side_in_a_picture(run, tmp_path):
    from matplotlib.image import imread

    run(part=Part(("filled",), scans=1))
    one = imread(tmp_path / "out" / "rows.png").shape[1]
    run(part=Part(("filled", "twice", "noisy"), scans=1))
    assert imread(tmp_path / "out" / "rows.png").shape[1] > 1.5 * one


def test_nothing_is_made_twice(run):
    assert _made(run) == dict.fromkeys(("filled", "twice", "halved", "noisy"), 6)
    assert _made(run) == {}


@pytest.mark.unsalted  # the other processes draw without salt
def test_a_run_that_was_killed_goes_on(run, package, tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_DEATHS", str(tmp_path))
    code = "import sys; from mridiff.cli.app import application; application()(sys.argv[1:])"
    path = os.pathsep.join(p for p in sys.path if p)
    command = [sys.executable, "-c", code, "measure", "deadly", "--only", "filled,once", "-o", str(tmp_path / "out")]
    assert subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False).returncode == 9
    done = list((tmp_path / "out" / "cells").rglob("record.json"))
    mark = ".partial-" + json.loads((tmp_path / "out" / "run.json").read_text())["token"] + "-"
    torn = done[0].parent.with_name(mark + "s1")
    torn.mkdir()
    assert len(done) == 3 and not (tmp_path / "out" / "table.csv").exists()
    assert _made(run, "deadly", Part(("filled", "once"))) == {"filled": 1, "once": 2} and not torn.exists()


@pytest.mark.unsalted  # the other processes draw without salt
def test_two_workers_give_the_numbers_of_one_to_the_bit(run, tmp_path):
    run()
    (tmp_path / "out").rename(tmp_path / "one")
    run(workers=2)
    assert _numbers(tmp_path / "out") == _numbers(tmp_path / "one")
    assert _made(run) == {}


@pytest.mark.unsalted  # the other processes draw without salt
def test_a_worker_that_dies_costs_its_cell_alone(run, tmp_path, monkeypatch):
    """It is made once more; a cell that kills its worker again is reported, and made by the next run."""
    monkeypatch.setenv("ACME_DEATHS", str(tmp_path))
    results = run("deadly", workers=2)
    values = {row: v["mae"] for row, v in results["scans"]["few scans"]["values"].items()}
    assert None not in values["filled"] + values["once"] and values["twice"] == [0, None, 0]
    assert [f["cell"] for f in results["failed"]] == ["few scans, scan 1, twice, seed 0"] and "died" in results["failed"][0]["message"]
    assert "twice (2 of 3)" in text_of(results)
    assert _made(run, "deadly") == {"twice": 1}


CHANGES = {
    "function of a row": ("rows.py", "0.1 *", "0.2 *", {"noisy": 6}),
    "metric": ("studies.py", ".abs().max()", ".abs().max() + 1", {"filled": 6, "twice": 6, "halved": 6, "noisy": 6}),
    "configuration": ("recipe.yaml", "{use: filled}", "{use: filled, options: {steps: 1}}", {"filled": 6, "halved": 6}),
    "data": ("parts.py", "Masked\n", "Masked\n_get = Scans.__getitem__\nclass Scans(Scans):\n    def __getitem__(self, i):\n"
             "        from dataclasses import replace\n        s = _get(self, i)\n"
             "        return replace(s, measured=replace(s.measured, y=s.measured.y * 2)) if i == 1 else s\n",
             {"filled": 2, "twice": 2, "halved": 2, "noisy": 2}),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "made"), CHANGES.values(), ids=CHANGES)
def test_what_was_made_from_something_else_is_made_again(run, package, file, old, new, made):
    run()
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert _made(run) == made


def test_a_part_of_a_study(run):
    results = run(part=Part(("noisy", "twice"), scans=1, seeds=1))
    table = results["scans"]["few scans"]
    assert list(table["values"]) == ["twice", "noisy"] and table["ids"] == ["s0"] and results["seeds"] == [0]
    assert _made(run) == {"filled": 6, "halved": 6, "twice": 5, "noisy": 5}
    with pytest.raises(ConfigError, match="no row 'none'"):
        run(part=Part(("none",)))


def test_what_fails_is_noted_and_the_rest_is_made(package, tmp_path):
    def broken(scan, seed):
        if scan.id == "s1":
            raise ValueError("no such luck")
        return scan.truth["x"].data

    rows = {"broken": broken, "wrong": lambda scan, seed: 7, "filled": "filled",
            "unbuilt": Altered("filled", lambda method: method.nothing)}  # fmt: skip
    study = Study(title="Faults", rows=rows, scans={"a": {"use": "scans"}}, metrics=("mae", "nope"))
    results = measure("faults", study, Registry.discover(), tmp_path / "out")
    messages = [f"{f['cell']}: {f['message']}" for f in results["failed"]]
    assert sum("no such luck" in m for m in messages) == 1 and sum("not int" in m for m in messages) == 3
    assert sum("unbuilt" in m for m in messages) == 3 and sum("column nope" in m for m in messages) == 1 and len(messages) == 8
    assert None not in results["scans"]["a"]["values"]["filled"]["mae"]


def test_where_memory_is_a_column_each_cell_has_a_process_of_its_own(run):
    values = run("apart", Part(scans=2))["scans"]["its own"]["values"]["filled"]
    assert len({*values["process"], os.getpid()}) == 3 and all(mb > 10 for mb in values["peak_memory_mb"])


def test_a_folder_holds_one_study(run, tmp_path):
    run(part=Part(scans=1))
    with pytest.raises(ConfigError, match="another"):
        run("deadly")


def test_time_left_is_known_by_row():
    from mridiff_sdk.study.bench import Cell, Result

    cells = [Cell("a", i, row, 0) for i in range(3) for row in ("fast", "slow")]
    progress = Progress(cells, workers=2)
    assert progress.left() is None
    for cell, seconds in zip(cells[:2], (1, 9), strict=True):
        progress.done[cell] = Result(cell, {"cost": {"seconds": seconds}})
    assert progress.left() == (2 * 1 + 2 * 9) / 2
    progress.done |= {cell: Result(cell, {"cost": {"seconds": 9 if cell.row == "slow" else 1}}) for cell in cells[2:5]}
    assert progress.left() == 9  # one worker has nothing to do
    progress.done[cells[5]] = Result(cells[5])
    assert progress.left() == 0


def test_time_left_is_known_within_a_cell():
    from mridiff.interfaces import Step
    from mridiff_sdk.study.bench import Cell, Result

    cells, told = [Cell("a", i, "slow", 0) for i in range(3)], []
    progress = Progress(cells)
    watch = progress.step(cells[0], lambda p, result: told.append((p.share, p.left())))
    progress._began -= 10  # as if it had begun then
    for i in range(4):
        watch("s0", Step(i, 4, torch.zeros(1, 2), 1.0), 0, 1)
    shares, left = zip(*told, strict=True)
    assert shares == (0.25, 0.5, 0.75, 1.0) and left == pytest.approx((40 * 2.75, 20 * 2.5, 13.3 * 2.25, 10 * 2), rel=0.05)
    progress.add(Result(cells[0], {"cost": {"seconds": 10}}))
    assert progress.left() == 20 and progress.now is None

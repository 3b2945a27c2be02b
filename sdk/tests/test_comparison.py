import json
from dataclasses import replace

import pytest
import sdk_parts
from sdk_parts import CONFIG, registry

from mridiff.errors import ConfigError, DataError, MridiffError
from mridiff_sdk.comparison import comparison, prepared, title_of
from mridiff_sdk.rerun import records, rerun
from mridiff_sdk.study import measure


def _yaml(path, steps=2, **more):
    config = {**CONFIG, **more, "sampler": {**CONFIG["sampler"], "options": {"steps": steps, **more.pop("options", {})}}}
    config.pop("options", None)
    path.write_text(json.dumps(config))  # JSON is YAML
    return str(path)


def compare(names, out, **options):
    """What the command does; gives the results."""
    return measure("compare", comparison(names, registry(), {}), registry(), out, flat=True, before=prepared, **options)


def _values(results, row, metric):
    return next(iter(results["scans"].values()))["values"][row][metric]


def test_a_comparison_is_a_study_of_methods_as_they_were_resolved(tmp_path):
    names = [_yaml(tmp_path / "short.yaml", 1), _yaml(tmp_path / "long.yaml", 3)]
    study = comparison(names, registry(), {"seed": 4}, ["long"], "mridiff compare short.yaml,long.yaml")
    assert list(study.rows) == ["short", "long"] and study.seeds == (4,) and study.against == ("long",)
    assert study.rows["long"]["sampler"]["options"] == {"steps": 3, "broken": ""} and "dataset" not in study.rows["long"]
    results = compare(names, tmp_path / "out")
    assert _values(results, "short", "nfe") == [1] * 3 and _values(results, "long", "nfe") == [3] * 3
    assert results["rows"]["long"]["sampler"]["options"]["steps"] == 3 and results["scans"]["scans"]["ids"] == ["s0", "s1", "s2"]
    assert "mridiff compare" not in (tmp_path / "out" / "table.md").read_text()
    told = measure("compare", study, registry(), tmp_path / "other", flat=True)
    assert "`mridiff compare short.yaml,long.yaml`, " in (tmp_path / "other" / "table.md").read_text() and told["command"] == study.command


def test_every_method_leaves_what_recon_leaves_and_is_not_made_again(tmp_path):
    names, out = [_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "b.yaml", 4)], tmp_path / "out"
    compare(names, out)
    for name in ("a", "b"):
        for scan in ("s0", "s1", "s2"):
            assert {f.name for f in (out / name / scan).iterdir()} == {"reconstruction.h5", "overview.png", "record.json"}
    assert {"index.html", "table.md", "table.csv", "results.json", "rows.png"} <= {f.name for f in out.iterdir()}
    made = {f: f.stat().st_mtime_ns for f in out.rglob("reconstruction.h5")}
    compare(names, out)
    assert made == {f: f.stat().st_mtime_ns for f in out.rglob("reconstruction.h5")}
    assert [rerun(r, registry()).verdict for r in records(out / "b")] == ["identical"] * 3


def test_slices_that_belong_together_are_one_file_for_each_method(tmp_path, monkeypatch):
    asked = {}

    def volumes(folder, files, mark):
        asked[folder.name] = [f.parent.name for f in files]
        return [f"{folder.name}: no geometry"]

    monkeypatch.setattr("mridiff_sdk.study.engine.service", lambda name: volumes if name == "volumes" else None)
    results = compare([_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "b.yaml")], tmp_path / "out")
    assert asked == {"a": ["s0", "s1", "s2"], "b": ["s0", "s1", "s2"]} and "a: no geometry" in results["noted"]


@pytest.mark.parametrize(("names", "changes", "words"), [
    ([], {}, "nothing to compare"), (["a.yaml", "bad.yaml"], {}, "steps"), (["a.yaml", "other/a.yaml"], {}, "a: two of this name"),
    (["a.yaml", "seeded.yaml"], {}, "--seed|a comparison has one"), (["a.yaml"], {"dataset": None}, "nothing to compare"),
])  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_built(tmp_path, names, changes, words):
    (tmp_path / "other").mkdir()
    for name, more in (("a", {}), ("other/a", {}), ("bad", {"steps": -1}), ("seeded", {"seed": 7})):
        _yaml(tmp_path / f"{name}.yaml", **more)
    with pytest.raises(ConfigError, match=words):
        comparison([str(tmp_path / name) for name in names], registry(), changes)


def test_who_is_paired_with_has_to_take_part(tmp_path):
    with pytest.raises(ConfigError, match="'b' is not among a"):
        comparison([_yaml(tmp_path / "a.yaml")], registry(), {}, ["b"])


def test_who_stops_it_keeps_what_was_done_and_goes_on(tmp_path):
    names, out = [_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "b.yaml")], tmp_path / "out"
    seen = []

    def report(progress, result):
        cell = progress.now
        if cell is not None:
            seen.append((cell.row, cell.scan))
            if (cell.row, cell.scan) == ("b", 1):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(names, out, report=report)
    page = (out / "index.html").read_text()
    assert '"s0"' in page and '"s1"' not in page and "so far: 4 cells are to come" in page
    assert (out / "a" / "s1" / "record.json").exists() and not list(out.glob("b/.*-s1"))
    seen.clear()
    results = compare(names, out, report=lambda progress, result: seen.append(progress.now and (progress.now.row, progress.now.scan)))
    assert results["scans"]["scans"]["ids"] == ["s0", "s1", "s2"] and set(seen) - {None} == {("b", 1), ("a", 2), ("b", 2)}


def test_a_method_that_does_not_fit_the_scan_is_named_before_anything_is_computed(tmp_path):
    bad = {"dataset": {"use": "scans", "options": {"coils": 0}}}
    names = [_yaml(tmp_path / "a.yaml", **bad), _yaml(tmp_path / "b.yaml", **bad)]
    with pytest.raises(DataError, match=r"(?s)a: scan .* does not fit operator local/masked: .*wanted.*\nb: ") as caught:
        compare(names, tmp_path / "out")
    assert "Nothing was computed" in caught.value.hint and not (tmp_path / "out").exists()


def test_a_method_that_fails_on_a_scan_is_noted_and_the_rest_go_on(tmp_path):
    results = compare([_yaml(tmp_path / "good.yaml"), _yaml(tmp_path / "bad.yaml", options={"broken": "data"})], tmp_path / "out")
    assert _values(results, "good", "nfe") == [2] * 3 and _values(results, "bad", "nfe") == [None] * 3
    assert [f["cell"] for f in results["failed"]] == [f"scans, scan {i}, bad, seed 0" for i in range(3)]
    assert "does not like these data" in (tmp_path / "out" / "index.html").read_text()


def test_a_scan_that_one_method_cannot_take_does_not_stop_the_later_ones(tmp_path):
    results = compare([_yaml(tmp_path / "a.yaml", dataset={"use": "scans", "options": {"coils": 1}})], tmp_path / "out")
    assert _values(results, "a", "nfe") == [2, None, 2] and results["failed"][0]["cell"] == "scans, scan 1, a, seed 0"


@pytest.mark.parametrize("where", ["file", "file/below", "link"])
def test_a_folder_that_cannot_be_written_is_an_error_of_the_family_before_anything_is_computed(tmp_path, where):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(MridiffError, match="cannot write"):
        compare([_yaml(tmp_path / "a.yaml")], tmp_path / where)
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_of_another_run_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text('{"token": "0123456789abcdef", "config": {}}')
    with pytest.raises(ConfigError, match="another configuration"):
        compare([_yaml(tmp_path / "a.yaml")], tmp_path / "out")


def test_scans_are_read_once_for_all_methods(tmp_path, monkeypatch):
    read, get = [], sdk_parts.Scans.__getitem__
    monkeypatch.setattr(sdk_parts.Scans, "__getitem__", lambda self, i: (read.append(i), get(self, i))[1])
    compare([_yaml(tmp_path / f"{n}.yaml") for n in "abc"], tmp_path / "out")
    assert read == [0, 1, 2, 0]  # the first once more for the picture of all rows


def test_a_number_that_one_scan_lacks_is_missing_and_the_mean_is_over_the_others(tmp_path, monkeypatch):
    whole = sdk_parts.Scans.__getitem__
    monkeypatch.setattr(sdk_parts.Scans, "__getitem__", lambda self, i: replace(whole(self, i), truth={}) if i == 1 else whole(self, i))
    results = compare([_yaml(tmp_path / "a.yaml")], tmp_path / "out")
    assert [v is None for v in _values(results, "a", "mae")] == [False, True, False] and results["failed"] == []
    assert "a (2 of 3)" in (tmp_path / "out" / "table.md").read_text()


def test_a_set_of_scans_is_called_after_its_file_and_acceleration():
    assert title_of({"use": "mridiff-datasets/arrays", "options": {"path": "/data/scan.h5", "acceleration": 4.0}}) == "scan.h5, R = 4"
    assert title_of({"use": "mridiff-datasets/brain"}) == "brain"

import json

import pytest
import sdk_parts
from sdk_parts import CONFIG, registry

from mridiff.errors import ConfigError, DataError, MridiffError
from mridiff.pipeline.method import load
from mridiff.pipeline.services import providers
from mridiff_sdk.comparison import compare


def _yaml(path, steps=2, **more):
    config = {**CONFIG, **more, "sampler": {**CONFIG["sampler"], "options": {"steps": steps, **more.pop("options", {})}}}
    config.pop("options", None)
    path.write_text(json.dumps(config))  # JSON is YAML
    return str(path)


def test_methods_meet_on_the_same_scans_and_their_numbers_are_averaged(tmp_path):
    names = [_yaml(tmp_path / "short.yaml", 1), _yaml(tmp_path / "long.yaml", 3)]
    record = compare(names, registry(), {}, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "record.json").read_text())["mean"] == record["mean"]
    assert [scan["id"] for scan in record["scans"]] == ["s0", "s1", "s2"]
    for name, steps in (("short", 1), ("long", 3)):
        found = [scan["methods"][name] for scan in record["scans"]]
        assert [f["cost"]["nfe"] for f in found] == [steps] * 3 and record["mean"][name]["cost"]["nfe"] == steps
        seconds = [f["cost"]["seconds"] for f in found]
        assert record["mean"][name]["cost"]["seconds"] == pytest.approx(sum(seconds) / 3)
        for metric, value in record["mean"][name]["metrics"].items():
            assert value == pytest.approx(sum(f["metrics"][metric] for f in found) / 3)
    one = load(names[1], registry())
    assert record["config"]["long"]["sampler"]["options"]["steps"] == one.plan.config.sampler.options["steps"] == 3


def test_nothing_runs_before_all_methods_are_known_to_be_sound(tmp_path):
    with pytest.raises(ConfigError):
        compare([_yaml(tmp_path / "good.yaml", 1), _yaml(tmp_path / "bad.yaml", -1)], registry(), {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_to_compare_is_said():
    with pytest.raises(ConfigError, match="nothing to compare"):
        compare([], registry(), {}, None)


def test_every_method_leaves_what_recon_leaves_and_is_not_made_again(tmp_path):
    names, out = [_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "b.yaml", 4)], tmp_path / "out"
    record = compare(names, registry(), {}, out)
    for name in ("a", "b"):
        for scan in ("s0", "s1", "s2"):
            assert (out / name / scan / "reconstruction.h5").exists()
        assert [s["id"] for s in json.loads((out / name / "record.json").read_text())["scans"]] == ["s0", "s1", "s2"]
    made = (out / "a" / "s1" / "reconstruction.h5").stat().st_mtime_ns
    again = compare(names, registry(), {}, out)
    assert again["scans"] == record["scans"] and (out / "a" / "s1" / "reconstruction.h5").stat().st_mtime_ns == made
    assert record["versions"]["mridiff"] and record["services"] == providers() and len(record["scans"][0]["data_sha256"]) == 64


def test_who_stops_it_keeps_what_was_done_and_goes_on(tmp_path):
    names, out = [_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "b.yaml")], tmp_path / "out"
    seen = []

    def bars(label, scans):
        def watch(scan, *step):
            seen.append((label, scan))
            if (label, scan) == ("b", "s1"):
                raise KeyboardInterrupt

        return watch

    with pytest.raises(KeyboardInterrupt):
        compare(names, registry(), {}, out, bars)
    assert [s["id"] for s in json.loads((out / "record.json").read_text())["scans"]] == ["s0"]
    assert (out / "s0.png").exists() and "s0" in (out / "index.html").read_text()
    assert (out / "a" / "s1" / "record.json").exists() and not list(out.glob("b/.*-s1"))
    seen.clear()
    record = compare(names, registry(), {}, out, lambda label, scans: lambda scan, *step: seen.append((label, scan)))
    assert [s["id"] for s in record["scans"]] == ["s0", "s1", "s2"] and set(seen) == {("b", "s1"), ("a", "s2"), ("b", "s2")}


def test_a_method_that_does_not_fit_the_scan_is_named_before_anything_is_computed(tmp_path):
    bad = {"dataset": {"use": "scans", "options": {"coils": 0}}}
    names = [_yaml(tmp_path / "a.yaml", **bad), _yaml(tmp_path / "b.yaml", **bad)]
    with pytest.raises(DataError, match=r"(?s)a: scan .* does not fit operator local/masked: .*wanted.*\nb: ") as caught:
        compare(names, registry(), {}, tmp_path / "out")
    assert "Nothing was computed" in caught.value.hint and not (tmp_path / "out").exists()


def test_a_method_that_fails_on_a_scan_is_noted_and_the_rest_go_on(tmp_path):
    good, bad = _yaml(tmp_path / "good.yaml"), _yaml(tmp_path / "bad.yaml", options={"broken": "data"})
    failed = []
    record = compare([good, bad], registry(), {}, tmp_path / "out", failed=failed)
    assert [list(s["methods"]) for s in record["scans"]] == [["good"]] * 3 and list(record["mean"]) == ["good"]
    assert [f["id"] for f in record["failed"]] == ["s0, bad", "s1, bad", "s2, bad"] and len(failed) == 3
    assert "does not like these data" in (tmp_path / "out" / "index.html").read_text()


def test_a_scan_that_one_method_cannot_take_does_not_stop_the_later_ones(tmp_path):
    several = {"dataset": {"use": "scans", "options": {"coils": 1}}}
    record = compare([_yaml(tmp_path / "a.yaml", **several)], registry(), {}, tmp_path / "out")
    assert [s["id"] for s in record["scans"]] == ["s0", "s2"] and record["failed"][0]["id"] == "s1, a"


@pytest.mark.parametrize("where", ["file", "file/below", "link"])
def test_a_folder_that_cannot_be_written_is_an_error_of_the_family_before_anything_is_computed(tmp_path, where):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(MridiffError, match="cannot write"):
        compare([_yaml(tmp_path / "a.yaml")], registry(), {}, tmp_path / where)
    assert (tmp_path / "file").read_text() == "x"


def test_names_that_would_share_a_folder_and_folders_of_one_method_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    names = [_yaml(tmp_path / "a.yaml"), _yaml(tmp_path / "other" / "a.yaml")]
    with pytest.raises(ConfigError, match="a: two of this name"):
        compare(names, registry(), {}, tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    with pytest.raises(ConfigError, match="results of one method"):
        compare(names[:1], registry(), {}, tmp_path / "out")


def test_scans_are_read_once_for_all_methods(tmp_path, monkeypatch):
    read, get = [], sdk_parts.Scans.__getitem__
    monkeypatch.setattr(sdk_parts.Scans, "__getitem__", lambda self, i: (read.append(i), get(self, i))[1])
    compare([_yaml(tmp_path / f"{n}.yaml") for n in "abc"], registry(), {}, tmp_path / "out")
    assert read == [0, 1, 2]


def test_a_number_that_one_scan_lacks_is_not_averaged(tmp_path, monkeypatch):
    whole = sdk_parts.Scans.__getitem__
    monkeypatch.setattr(sdk_parts.Scans, "__getitem__", lambda self, i: whole(self, i).blind() if i == 1 else whole(self, i))
    record = compare([_yaml(tmp_path / "a.yaml")], registry(), {}, tmp_path / "out")
    assert [bool(scan["methods"]["a"]["metrics"]) for scan in record["scans"]] == [True, False, True]
    assert record["mean"]["a"]["metrics"] == {} and record["mean"]["a"]["cost"]["nfe"] == 2

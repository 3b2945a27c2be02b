import json

import pytest
from sdk_parts import CONFIG, registry

from mridiff.errors import ConfigError
from mridiff.pipeline.method import load
from mridiff_sdk.comparison import compare


def _yaml(path, steps):
    config = {**CONFIG, "sampler": {**CONFIG["sampler"], "options": {**CONFIG["sampler"].get("options", {}), "steps": steps}}}
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

import json
from dataclasses import replace

import h5py
import pytest
import torch
from calibrated_parts import CONFIG, White, registry
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import ConfigError, DataError
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.record import describe
from mridiff.pipeline.run import run
from mridiff.plugins.registry import Registry
from mridiff_sdk.uncertainty import Calibration, calibrate, intervals


def method(**changes):
    return load(CONFIG, registry(), **changes)


def people(**options):
    """Scans of subjects who are not those of the calibration."""
    return load_dataset(method(dataset={"options": {"first": 100, **options}}).plan)


@pytest.fixture(scope="module")
def done():
    """A calibration of the sampler with half of its spread, on nine subjects."""
    made = method()
    return calibrate(made, load_dataset(made.plan))


def share(made, calibration, scans):
    """The share of pixels inside, by scan."""
    found = []
    for scan in scans:
        lower, upper = intervals(made, made(scan), calibration)
        truth = scan.truth["x"].data[0].abs()
        found.append(float(((lower <= truth) & (truth <= upper)).double().mean()))
    return torch.tensor(found)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_whatever_the_spread_of_a_sampler_unseen_subjects_are_covered_as_asked(spread):
    made = method(sampler={"options": {"spread": spread}})
    calibration = calibrate(made, load_dataset(made.plan))
    assert float(share(made, calibration, people(n=20)).mean()) == pytest.approx(0.9, abs=0.012)
    before = sum(s["before"] for s in calibration.subjects.values()) / 9
    low, high = {0.5: (0.6, 0.8), 1.0: (0.88, 0.95), 2.0: (0.95, 1.0)}[spread]  # of magnitudes, which are not quite Gaussian
    assert low < before < high


def test_another_level_and_confidence():
    made = method()
    calibration = calibrate(made, load_dataset(made.plan), 0.7, 0.9)
    assert calibration.factor == max(s["score"] for s in calibration.subjects.values())
    assert float(share(made, calibration, people(n=10)).mean()) == pytest.approx(0.71, abs=0.02)


def test_what_it_holds_is_what_it_was_made_from(done, tmp_path):
    assert len(done.subjects) == 9 and len(done.scans["data_sha256"]) == 18 and done.scans["dataset"]["use"].endswith("people")
    assert done.made_from["samples"] == 20 and done.made_from["sampler"]["options"] == {"spread": 0.5}
    assert done.factor == sorted(s["score"] for s in done.subjects.values())[4]
    after = [s["after"] for s in done.subjects.values()]
    assert sum(after) / 9 == pytest.approx(0.9, abs=0.015)
    assert "probability 0.50" in done.promise and "these 9" in done.promise
    done.write(tmp_path / "c.json")
    assert Calibration.read(tmp_path / "c.json") == done
    assert "probability" in json.loads((tmp_path / "c.json").read_text())["promise"]


def test_who_is_covered_after_is_so_by_the_others_alone(done):
    ordered = sorted(done.subjects, key=lambda who: done.subjects[who]["score"])
    middle, next_one = ordered[4], ordered[5]  # without the middle of nine, the fifth of eight is the next one
    made = method()
    mine = [scan for scan in load_dataset(made.plan) if scan.id.startswith(f"{middle}/")]
    by_others = share(made, replace(done, factor=done.subjects[next_one]["score"]), mine).mean()
    assert done.subjects[middle]["after"] == pytest.approx(float(by_others), abs=1e-6) and float(by_others) > 0.9 + 2 / 2048


def test_bounds_of_magnitudes_are_not_below_zero_and_of_real_maps_may_be(done):
    x = torch.complex(torch.tensor([[0.0], [0.1]]), torch.zeros(2, 1))
    assert float(done.bounds(x)[0]) == 0 and float(done.bounds(x.real)[0]) < 0
    assert float(done.bounds(x)[1]) == pytest.approx(0.05 + done.factor * 0.1 / 2**0.5)


@pytest.mark.parametrize(("changes", "reason"), [
    ({"sampler": {"options": {"spread": 0.6}}}, "sampler.options.spread was 0.5 and is 0.6"),
    ({"samples": 8}, "samples was 20 and is 8"),
])  # fmt: skip
def test_a_method_with_other_options_is_refused(done, changes, reason):
    made = method(**changes)
    with pytest.raises(DataError, match=f"of another method: {reason}"):
        intervals(made, made(people(n=1)[0]), done)
    done.check(describe(method(seed=7, batch=3)))


def test_other_weights_and_versions_are_refused(done, monkeypatch):
    original = White.__init__

    def init(self):
        original(self)
        self.offset.add_(1e-7)

    monkeypatch.setattr(White, "__init__", init)
    record = describe(method())
    with pytest.raises(DataError, match=r"the weights\.prior are others"):
        done.check(record)
    monkeypatch.undo()
    record = describe(method())
    with pytest.raises(DataError, match=r"versions\.mridiff was .* and is '9'"):
        done.check({**record, "versions": {**record["versions"], "mridiff": "9", "torch": "1"}})
    done.check({**record, "versions": {**record["versions"], "reader-of-another": "1"}})  # scans come from whoever reads them


def test_too_few_subjects_a_point_and_a_scan_without_truth_are_refused():
    for options, words in (({"n": 4}, "4 subjects are too few"), ({"truth": False}, "p0/0 has no truth")):
        made = method(dataset={"options": options})
        with pytest.raises(DataError, match=words):
            calibrate(made, load_dataset(made.plan))
    made = method()
    with pytest.raises(DataError, match=r"9 subjects promise no more than 0.90, less than 0.95"):
        calibrate(made, load_dataset(made.plan), confidence=0.95)
    for point in (method(samples=1), method(sampler={"use": "point", "options": {}})):
        with pytest.raises(ConfigError, match=r"(?s)--level: a number between.*samples: intervals need two samples"):
            calibrate(point, load_dataset(made.plan), level=1.5)


def test_samples_that_agree_where_they_are_wrong_are_refused():
    made = method(sampler={"options": {"spread": 0.0}})
    with pytest.raises(DataError, match="no factor makes intervals"):
        calibrate(made, load_dataset(made.plan))


def test_a_changed_file_and_one_that_is_none_are_refused(done, tmp_path):
    path = tmp_path / "c.json"
    done.write(path)
    path.write_text(path.read_text().replace('"level": 0.9', '"level": 0.99'))
    with pytest.raises(DataError, match="was changed"):
        Calibration.read(path)
    for text in ("[]", "{", '{"factor": 1}'):
        path.write_text(text)
        with pytest.raises(DataError, match="is no calibration"):
            Calibration.read(path)
    with pytest.raises(DataError, match="cannot be read"):
        Calibration.read(tmp_path / "none.json")


def test_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: registry()))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text(json.dumps(CONFIG))
    cli = lambda *args: CliRunner().invoke(application(), [*map(str, args)])
    found = cli("calibrate", "m.yaml", "-o", "c.json", "--set", "dataset.options.n=5", "--samples", 6)
    assert found.exit_code == 0 and "p4" in found.output and "probability 0.50" in found.output, found.output
    made = method(samples=6, dataset={"options": {"n": 2, "first": 50}})
    list(run(made, load_dataset(made.plan), tmp_path / "out"))
    before = (tmp_path / "out").rglob("record.json")
    texts = {p: p.read_text() for p in before}
    found = cli("intervals", "out", "c.json")
    assert found.output.count("of 10 scans calibrated on") == 4
    assert found.exit_code == 0 and found.output.count("intervals.h5") == 4 and "promised" in found.output, found.output
    place = next(p.parent for p in texts if p.parent.name != "out")
    assert (place / "intervals.png").read_bytes()[:4] == b"\x89PNG"
    with h5py.File(place / "intervals.h5") as file, h5py.File(place / "reconstruction.h5") as whole:
        lower, upper = Calibration.read(tmp_path / "c.json").bounds(torch.from_numpy(whole["samples"][()]))
        assert torch.equal(torch.from_numpy(file["lower"][()]), lower) and torch.equal(torch.from_numpy(file["upper"][()]), upper)
        assert list(file.attrs["axes"]) == ["y", "x"] and file.attrs["level"] == 0.9
        assert file.attrs["misfit"] > 1 and 0 <= file.attrs["misfit_above"] <= 1
    assert all(o.kept for o in run(made, load_dataset(made.plan), tmp_path / "out"))  # results are still what their records say
    other = method(samples=7, dataset={"options": {"n": 1}})
    list(run(other, load_dataset(other.plan), tmp_path / "other"))
    found = cli("intervals", "other", "c.json")
    assert found.exit_code == 2 and "samples was 6 and is 7" in found.output and not list((tmp_path / "other").rglob("intervals.h5"))

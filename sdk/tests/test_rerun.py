import json
import os
import shutil
from dataclasses import replace

import h5py
import pytest
import torch
from sdk_parts import CONFIG, SPECS, Filled, Keep
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import DataError
from mridiff.pipeline.method import load, load_dataset
from mridiff.pipeline.record import sealed
from mridiff.pipeline.run import run
from mridiff.plugins.registry import Registry
from mridiff_sdk.rerun import records, rerun


class Drawn(Filled):
    """The zero-filled image and noise, so that seed and number of samples matter."""

    def trajectory(self, problem, rng):
        for step in super().trajectory(problem, rng):
            x = step.x0.expand(len(rng), *step.x0.shape[1:])
            yield replace(step, x0=x + rng.normal_like(x))


def registry():
    drawn = replace(next(s for s in SPECS if s.name == "filled"), name="drawn", target="test_rerun:Drawn")
    return Registry.of([*SPECS, drawn])


@pytest.fixture
def done(tmp_path):
    """The record of a scan, as a run leaves it."""
    method = load({**CONFIG, "sampler": {"use": "drawn"}, "samples": 3, "seed": 5}, registry())
    list(run(method, load_dataset(method.plan), tmp_path / "out"))
    return tmp_path / "out" / "s1" / "record.json"


def reseal(path, change):
    """Change a record and its files as somebody would who hides it: the seal is right again."""
    record = json.loads(path.read_text())
    record.pop("sha256"), record.pop("files")
    change(record)
    path.write_text(json.dumps(sealed(record, [f for f in path.parent.iterdir() if f.name != "record.json"])))


def test_a_record_repeats_its_result_to_the_bit(done):
    found = rerun(done, registry())
    assert (found.scan, found.verdict, found.deviation, found.changed) == ("s1", "identical", 0.0, ())


def test_the_seed_and_the_samples_are_those_of_the_record(done):
    def change(record):
        record["samples"] = 2

    reseal(done, change)
    assert rerun(done, registry()).verdict == "different"


@pytest.mark.parametrize(("by", "verdict"), [(1e-6, "equal"), (1e-2, "different")])
def test_what_is_near_is_equal_and_what_is_far_is_different(done, by, verdict):
    with h5py.File(done.parent / "reconstruction.h5", "r+") as file:
        file["samples"][...] = file["samples"][...] * (1 + by)
    reseal(done, lambda record: None)
    found = rerun(done, registry())
    assert found.verdict == verdict and found.deviation == pytest.approx(by, rel=0.1)


def test_one_changed_byte_of_the_weights_is_refused(done, monkeypatch):
    original = Keep.__init__

    def init(self):
        original(self)
        self.register_buffer("weight", torch.ones(1))

    monkeypatch.setattr(Keep, "__init__", init)
    with pytest.raises(DataError, match="weights of prior here are not those"):
        rerun(done, registry())


def test_other_data_of_the_same_name_are_refused(done):
    reseal(done, lambda record: record.update(data_sha256="0" * 64))
    with pytest.raises(DataError, match="the data here are not those"):
        rerun(done, registry())


def test_a_changed_record_a_changed_file_and_a_scan_that_is_gone_are_refused(done):
    whole = done.read_bytes()
    done.write_bytes(whole.replace(b'"seed": 5', b'"seed": 6'))
    with pytest.raises(DataError, match=r"its record.json was changed"):
        rerun(done, registry())
    done.write_bytes(whole)
    reseal(done, lambda record: record.update(id="s9"))
    with pytest.raises(DataError, match="no scan 's9'"):
        rerun(done, registry())
    with h5py.File(done.parent / "reconstruction.h5", "r+") as file:
        file["samples"][0, 0, 0] = 9
    with pytest.raises(DataError, match=r"reconstruction\.h5 is missing or changed"):
        rerun(done, registry())


def test_what_changed_since_is_told(done):
    def change(record):
        record["versions"]["torch"] = "1.0"
        record["machine"] = "an abacus"
        name = next(iter(record["metrics"]["x"]))
        record["metrics"]["x"][name] *= 2

    reseal(done, change)
    found = rerun(done, registry())
    assert found.verdict == "identical" and len(found.changed) == 3
    assert f"torch 1.0 -> {torch.__version__}" in found.changed and any("an abacus ->" in c for c in found.changed)


def test_the_threads_are_those_of_the_record_and_are_given_back(done):
    before = torch.get_num_threads()
    reseal(done, lambda record: record.update(threads=before + 1))
    assert not any("threads" in c for c in rerun(done, registry()).changed) and torch.get_num_threads() == before


def test_the_command_takes_a_folder_and_says_what_failed(done, monkeypatch):
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: registry()))
    out = done.parents[1]
    assert len(records(out)) == 3
    result = CliRunner().invoke(application(), ["rerun", str(out)])
    assert result.exit_code == 0 and result.output.count("identical") == 3, result.output
    reseal(done, lambda record: record.update(samples=2))
    assert CliRunner().invoke(application(), ["rerun", str(done)]).exit_code == 3
    shutil.rmtree(out / "s1"), shutil.rmtree(out / "s0"), shutil.rmtree(out / "s2")
    result = CliRunner().invoke(application(), ["rerun", str(out)])
    assert result.exit_code == 2 and "mridiff recon" in result.output


def test_a_pipe_in_place_of_a_record_does_not_hang(done):
    done.unlink()
    os.mkfifo(done)
    with pytest.raises(DataError, match="missing or damaged"):
        rerun(done, registry())

import json

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.plugins.registry import Registry
from toy import SPECS


@pytest.fixture
def cli(monkeypatch):
    monkeypatch.setattr(Registry, "discover", classmethod(lambda cls, **_: Registry.of(SPECS)))
    return lambda *args: CliRunner().invoke(application(), list(args))


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("dataset: {use: few}\noperator: {use: mask}\npriors: {prior: {use: shrink}}\nsampler: {use: walk}\n")
    return path


def test_recon_writes_its_folder_and_says_what_it_made(cli, config, tmp_path):
    result = cli("recon", str(config), "-o", str(tmp_path / "out"), "--samples", "2", "--set", "sampler.options.steps=2")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "s2" / "reconstruction.h5").exists() and "s1" in result.output
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["config"]["samples"] == 2 and record["config"]["sampler"]["options"]["steps"] == 2


@pytest.mark.parametrize(("arguments", "words"), [
    (["recon", "no-such-method"], "no recipe is called"),
    (["recon", "CONFIG", "--set", "sampler.options.steps=0"], "sampler.options.steps"),
    (["recon", "CONFIG", "--set", "nonsense"], "KEY=VALUE"),
    (["recon", "CONFIG", "missing.h5"], "does not exist"),
    (["recon", "CONFIG", "--set", "operator.use=real"], "complex"),
    (["recon", "CONFIG", "--set", "sampler.options.fail=true"], "diverged"),
    (["recon", "missing.yaml"], "cannot be read"),
    (["list", "sandwiches"], "no kind"),
])  # fmt: skip
def test_every_user_error_is_one_message_exit_code_2_and_nothing_written(cli, config, tmp_path, arguments, words):
    arguments = [str(config) if a == "CONFIG" else a for a in arguments]
    if arguments[0] == "recon":
        arguments += ["-o", str(tmp_path / "out")]
    result = cli(*arguments)
    assert result.exit_code == 2, result.output
    assert words in result.output and "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_reading_commands_speak_json(cli, config):
    assert {e["name"] for e in json.loads(cli("list", "samplers", "--json").stdout)} == {"walk", "cold"}
    assert json.loads(cli("doctor", "--json").stdout)["failed"] == []


def test_debug_shows_the_traceback(cli):
    assert cli("--debug", "recon", "no-such-method").exception.__class__.__name__ == "NotFound"

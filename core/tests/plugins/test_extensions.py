"""Commands and services stand under the rules that plugins stand under: choosing, blocking, names, faults."""

from __future__ import annotations

import json
import sys
import threading

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import PluginConflict, PluginContractError, PluginError, PluginImportError
from mridiff.pipeline import services
from mridiff.pipeline.services import providers, service
from mridiff.plugins import importing
from mridiff.plugins.sources import COMMANDS, CORE, GROUP, SERVICES, Survey

RUN = "import typer\ndef run(): typer.echo('it ran')\n"


@pytest.fixture
def cli(site, monkeypatch):
    """The command line with the packages of the site alone."""

    def call(*args):
        monkeypatch.setenv("MRIDIFF_PLUGINS", ",".join(site.plugins))
        services._survey.cache_clear()
        services._loaded.cache_clear()
        return CliRunner().invoke(application(), list(args))

    yield call
    services._survey.cache_clear()
    services._loaded.cache_clear()


@pytest.mark.parametrize("group", [GROUP, COMMANDS, SERVICES])
@pytest.mark.parametrize("env", [{"MRIDIFF_BLOCK": "x,bad"}, {"MRIDIFF_BLOCK": "dist:Acme.Bad"}, {"MRIDIFF_PLUGINS": ""},
                                 {"MRIDIFF_PLUGINS": "dist:acme-good"}])  # fmt: skip
def test_what_is_left_out_is_not_imported_whatever_its_group(site, cli, monkeypatch, group, env):
    site.add("bad", RUN, group=group)
    assert cli("doctor").exit_code == 0 and "acme_bad.plugin" in sys.modules
    del sys.modules["acme_bad.plugin"]
    monkeypatch.setenv("MRIDIFF_BLOCK", "")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for arguments in (["doctor"], ["list"], ["bad"], ["--help"]):
        CliRunner().invoke(application(), arguments)
        assert service("bad") is None if group != SERVICES else "bad" not in providers()
    assert "acme_bad.plugin" not in sys.modules


@pytest.mark.parametrize("group", [GROUP, COMMANDS, SERVICES])
@pytest.mark.parametrize("words", [["-p", "no:bad"], ["-pno:bad"], ["-p", "no:other", "-p", "no:dist:acme-bad"]])
@pytest.mark.parametrize("first", [True, False])
def test_no_on_the_command_line_reaches_every_group(site, cli, group, words, first):
    site.add("bad", RUN, group=group)
    result = cli(*([*words, "doctor", "--json"] if first else ["doctor", "--json", *words]))
    assert result.exit_code == 0, result.output
    (found,) = [item for item in json.loads(result.stdout)["blocked"] if item["distribution"] == "acme-bad"]
    assert found["rule"].startswith("blocked by") and "acme_bad.plugin" not in sys.modules
    assert cli("doctor").exit_code == 0 and "acme_bad.plugin" in sys.modules, "the rule holds for one command"


def test_a_blocked_command_says_that_it_is_blocked(site, cli):
    site.add("bad", RUN, group=COMMANDS)
    assert cli("bad").stdout == "it ran\n"
    result = cli("bad", "-p", "no:bad")
    assert result.exit_code == 2 and "command 'bad' (acme-bad) is installed but blocked by 'bad'" in result.output


@pytest.mark.parametrize("words", [["-p", "bad"], ["-p", "no:"], ["-p"]])
def test_a_misspelt_rule_is_refused_before_anything_is_imported(site, cli, words):
    site.add("bad", RUN, group=COMMANDS)
    result = cli("bad", *words)
    assert result.exit_code == 2 and "expected no:NAME" in result.output and "acme_bad.plugin" not in sys.modules


@pytest.mark.parametrize("source", CORE, ids=lambda source: source.plugin)
def test_a_command_of_the_core_cannot_be_taken(site, cli, source):
    site.add(source.plugin, RUN, dist="acme-bad", group=COMMANDS)
    assert "it ran" not in cli(source.plugin, "--help").output
    found = cli("doctor", "--json")
    assert found.exit_code == 3
    (failed,) = json.loads(found.stdout)["failed"]
    assert failed["distribution"] == "acme-bad" and f"only {source.module} is used" in failed["message"]
    assert "acme_bad.plugin" not in sys.modules


@pytest.mark.parametrize("group", [GROUP, COMMANDS, SERVICES])
def test_a_name_of_the_house_cannot_be_taken_by_who_comes_first_in_the_alphabet(site, group):
    site.add("metrics", RUN, dist="acme-bad", group=group)
    site.add("metrics", RUN, dist="mridiff-sdk", package="acme_sdk", group=group)
    survey = Survey.take({"MRIDIFF_PLUGINS": "metrics,dist:acme-bad"})
    assert survey.of(group)["metrics"].module.startswith("acme_sdk")
    (failure,) = [error for error in survey.failures if error.distribution == "acme-bad"]
    assert isinstance(failure, PluginConflict) and "mridiff-sdk 1.2.3" in str(failure) and "acme-bad 1.2.3" in str(failure)


def test_two_claims_are_an_error_that_names_both_when_the_command_is_used_and_only_then(site, cli):
    site.add("twin", RUN, dist="acme-one", group=COMMANDS)
    site.add("twin", RUN, dist="acme-two", group=COMMANDS)
    assert cli("list").exit_code == 0
    result = cli("twin", "--anything", "else")
    assert result.exit_code == PluginConflict.exit_code
    assert "acme-one 1.2.3" in result.output and "acme-two 1.2.3" in result.output
    assert not {"acme_one.plugin", "acme_two.plugin"} & set(sys.modules)


def test_two_claims_to_a_service_are_an_error_when_it_is_used(site, cli):
    site.add("flight", RUN, dist="acme-one", group=SERVICES)
    site.add("flight", RUN, dist="acme-two", group=SERVICES)
    assert cli("list").exit_code == 0 and "flight" not in providers()
    with pytest.raises(PluginConflict, match=r"acme-one 1\.2\.3.*acme-two 1\.2\.3"):
        service("flight")


BROKEN = {
    "import error": ("import no_such_module_at_all", ["force-reinstall acme-bad"]),
    "exception": ("1 / 0", ["ZeroDivisionError"]),
    "exit": ("raise SystemExit(7)", ["SystemExit: 7"]),
    "no Exception": ("import asyncio; raise asyncio.CancelledError", ["CancelledError"]),
    "no such function": ("def other(): pass", ["has no 'run'"]),
    "module that answers with an error": ("def __getattr__(name): raise RuntimeError('no')", ["RuntimeError: no"]),
}


@pytest.mark.parametrize(("source", "texts"), BROKEN.values(), ids=BROKEN)
def test_a_broken_command_stops_no_other_and_is_named(site, cli, source, texts):
    site.add("bad", source, group=COMMANDS)
    site.add("good", RUN, group=COMMANDS)
    assert cli("good").stdout == "it ran\n" and cli("list").exit_code == 0
    assert "bad" in cli("--help").output and cli("--help").exit_code == 0
    for arguments in (["bad"], ["bad", "--help"], ["doctor"]):
        result = cli(*arguments)
        assert result.exit_code == PluginError.exit_code
        assert all(text in result.output for text in ["command 'bad' (acme-bad 1.2.3)", *texts]) and "Traceback" not in result.output


@pytest.mark.parametrize("source", ["run = 3", "def run(x: object()): pass", "def run(x: 'Unknown'): pass"])
def test_a_command_that_cannot_be_called_is_an_error_of_its_package(site, cli, source):
    site.add("bad", source, group=COMMANDS)
    result = cli("bad")
    assert result.exit_code == PluginContractError.exit_code and "acme-bad 1.2.3" in result.output


@pytest.mark.parametrize(("source", "texts"), BROKEN.values(), ids=BROKEN)
def test_a_broken_service_is_an_error_where_it_is_used(site, cli, source, texts):
    site.add("bad", source, group=SERVICES)
    assert cli("list").exit_code == 0 and cli("doctor").exit_code == 3
    with pytest.raises(PluginImportError) as caught:
        service("bad")
    assert all(text in str(caught.value) for text in ["service 'bad' (acme-bad 1.2.3)", *texts])


@pytest.mark.parametrize("value", ["acme_bad.plugin", "acme_bad.plugin:run [extra]", "acme_bad.plugin:run.more", "../evil:run"])
@pytest.mark.parametrize("group", [COMMANDS, SERVICES])
def test_a_malformed_entry_point_is_told_and_not_imported(site, cli, group, value):
    site.add("bad", RUN, group=group, value=value)
    result = cli("doctor")
    assert result.exit_code == 3 and "must name a function" in result.output and "acme_bad.plugin" not in sys.modules


def test_who_provides_what_is_known(site, cli):
    site.add("flight", RUN, group=SERVICES)
    cli("list")
    assert providers() == {"flight": "acme-flight 1.2.3"}


@pytest.mark.parametrize("group", [GROUP, COMMANDS, SERVICES])
def test_while_a_plugin_hangs_its_name_is_shown(site, cli, monkeypatch, group):
    monkeypatch.setattr(importing, "PATIENCE", 0.05)
    before = threading.active_count()
    site.add("slow", "import time; time.sleep(0.5)\ndef run(): pass\n", group=group)
    site.add("quick", RUN, group=group)
    said = cli({GROUP: "list", COMMANDS: "slow", SERVICES: "doctor"}[group]).stderr
    assert "'slow' (acme-slow 1.2.3)" in said and "quick" not in said and threading.active_count() == before


def test_an_interrupt_while_a_plugin_hangs_names_it(site, cli):
    site.add("slow", "raise KeyboardInterrupt", group=COMMANDS)
    result = cli("slow")
    assert result.exit_code == 130 and "while waiting for command 'slow' (acme-slow 1.2.3)" in result.output

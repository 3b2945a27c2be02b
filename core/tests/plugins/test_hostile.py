"""The matrix of broken plugins: each fault stays with its plugin and is named; the healthy one beside it works."""

from __future__ import annotations

import os
import sys

import pytest

from mridiff.errors import PluginConflict


def names(registry):
    return [entry.qualified for entry in registry.entries()]


HEAD = """
from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec
def sampler(name="dds", target="acme_bad.impl:Sampler", **more):
    return SamplerSpec(name=name, summary="A sampler", target=target, **more)
"""


def hook(body: str, name: str = "mridiff_samplers", arguments: str = "") -> str:
    return f"{HEAD}\n@hookimpl\ndef {name}({arguments}):\n    {body}\n"


ROWS = {
    "import error": ("import no_such_module_at_all", "PluginImportError", ["no_such_module_at_all", "force-reinstall acme-bad"]),
    "exception at import": ("1 / 0", "PluginImportError", ["ZeroDivisionError"]),
    "syntax error": ("def (", "PluginImportError", ["SyntaxError"]),
    "exit at import": ("import sys; sys.exit(3)", "PluginImportError", ["SystemExit: 3"]),
    "cancelled at import": ("import asyncio; raise asyncio.CancelledError", "PluginImportError", ["CancelledError"]),
    "generator's end at import": ("raise GeneratorExit", "PluginImportError", ["GeneratorExit"]),
    "iterator's end at import": ("raise StopIteration", "PluginImportError", ["StopIteration"]),
    "no Exception at import": ("class E(BaseException): pass\nraise E('own')", "PluginImportError", ["E: own"]),
    "error that cannot say what it is": (
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "PluginImportError",
        ["plugin failed: E"],
    ),
    "warning at import": ("import warnings; warnings.warn('old', DeprecationWarning)", "PluginImportError", ["DeprecationWarning"]),
    "hook raises half-way": (hook("yield sampler(); 1 / 0"), "PluginContractError", ["mridiff_samplers raised ZeroDivisionError"]),
    "hook exits": (hook("raise SystemExit(3)"), "PluginContractError", ["mridiff_samplers raised SystemExit: 3"]),
    "hook is cancelled": (hook("import asyncio; raise asyncio.CancelledError"), "PluginContractError", ["raised CancelledError"]),
    "item that cannot be shown": (
        f"{HEAD}\nclass X:\n    def __repr__(self): raise SystemExit\n@hookimpl\ndef mridiff_samplers(): return [X()]\n",
        "PluginContractError",
        ["calling its hooks failed: SystemExit"],
    ),
    "hook returns None": (hook("sampler()"), "PluginContractError", ["mridiff_samplers", "returned None"]),
    "hook returns no iterable": (hook("return sampler()"), "PluginContractError", ["mridiff_samplers", "not iterable"]),
    "hook does not end": (hook("while True: yield sampler()"), "PluginContractError", ["more than 1000"]),
    "spec of another kind": (hook("yield sampler()", "mridiff_priors"), "PluginContractError", ["mridiff_priors", "not a PriorSpec"]),
    "spec is text": (hook("return 'dds'"), "PluginContractError", ["not a SamplerSpec"]),
    "malformed spec": (hook("yield sampler(name='Not A Name')"), "PluginContractError", ["SpecError", "Not A Name"]),
    "foreign target": (hook("yield sampler(target='mridiff_samplers.dds:DDS')"), "PluginContractError", ["outside its package 'acme_bad'"]),
    "target beside": (hook("yield sampler(target='acme_bad_too.impl:S')"), "PluginContractError", ["outside its package 'acme_bad'"]),
    "misspelt hook": (hook("yield sampler()", "mridiff_sampler"), "PluginContractError", ["mridiff_sampler"]),
    "unknown argument": (hook("yield sampler()", arguments="registry"), "PluginContractError", ["registry"]),
    "one name twice": (hook("yield sampler(); yield sampler()"), "PluginContractError", ["sampler 'dds' is declared 2 times"]),
    "interface too new": (hook("yield sampler(api=2)"), "PluginApiMismatch", ["interface 2", "--upgrade mridiff"]),
    "interface too old": (hook("yield sampler(api=0)"), "PluginApiMismatch", ["interface 0", "--upgrade acme-bad"]),
}


@pytest.mark.parametrize(("source", "kind", "texts"), ROWS.values(), ids=ROWS)
def test_fault_stays_with_its_plugin(site, source, kind, texts):
    site.add("bad", source)
    site.add("good")
    report = site.discover()
    assert names(report) == ["good/good-sampler"]
    (failure,) = report.failures
    assert (type(failure).__name__, failure.plugin, failure.distribution, failure.version) == (kind, "bad", "acme-bad", "1.2.3")
    for text in texts:
        assert text in str(failure)


def test_all_problems_of_a_plugin_are_told_at_once(site):
    site.add("bad", hook("raise ValueError('one')") + "\n@hookimpl\ndef mridiff_priors():\n    return [3]\n")
    (failure,) = site.discover().failures
    assert "ValueError: one" in str(failure)
    assert "3, not a PriorSpec" in str(failure)


def test_fitting_specs_survive_beside_one_for_another_interface(site):
    site.add("bad", hook("yield sampler('new', api=2); yield sampler('now')"))
    report = site.discover()
    assert names(report) == ["bad/now"]
    assert [type(error).__name__ for error in report.failures] == ["PluginApiMismatch"]


@pytest.mark.parametrize("value", ["acme_bad.nothing", "no_such_package.plugin"])
def test_entry_point_to_nothing(site, value):
    site.add("bad", value=value)
    site.add("good")
    report = site.discover()
    assert names(report) == ["good/good-sampler"]
    (failure,) = report.failures
    assert type(failure).__name__ == "PluginImportError"
    assert f"importing {value} failed" in str(failure)


@pytest.mark.parametrize(("plugin", "value"), [("Not_A_Slug", ""), ("bad", "acme_bad.plugin:thing")])
def test_malformed_entry_point_is_not_imported(site, plugin, value):
    site.add(plugin, "", dist="acme-bad", value=value)
    site.add("good")
    report = site.discover()
    assert names(report) == ["good/good-sampler"]
    assert [error.code for error in report.failures] == ["DR102"]
    assert "acme_bad.plugin" not in sys.modules


def test_two_plugins_with_one_name_are_both_left_out(site):
    site.add("twin", dist="acme-one")
    site.add("twin", dist="acme-two")
    site.add("good")
    report = site.discover()
    assert names(report) == ["good/good-sampler"]
    assert [(type(error), error.distribution) for error in report.failures] == [(PluginConflict, "acme-one"), (PluginConflict, "acme-two")]
    assert all("acme-one 1.2.3" in str(error) and "acme-two 1.2.3" in str(error) for error in report.failures)


def test_blocking_one_distribution_settles_the_clash(site):
    site.add("twin", dist="acme-one")
    site.add("twin", dist="acme-two")
    report = site.discover(MRIDIFF_BLOCK="dist:Acme_Two")
    assert (names(report), report.failures) == (["twin/twin-sampler"], ())


def test_one_plugin_installed_twice_is_one_plugin(site):
    site.add("good")
    info = site.folder / "acme_good_copy-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-good-copy\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text("[mridiff]\ngood = acme_good.plugin\n")
    report = site.discover()
    assert (names(report), report.failures) == (["good/good-sampler"], ())


def test_missing_version_and_missing_metadata(site):
    site.add("alpha", version=None)
    site.add("beta", version="9.9")
    (site.folder / "acme_beta-9.9.dist-info" / "METADATA").unlink()
    assert [(e.plugin, e.version) for e in site.discover().entries()] == [("alpha", "unknown"), ("beta", "unknown")]


DAMAGE = {
    "no equals sign": ("entry_points.txt", b"[mridiff]\nno equals sign\n"),
    "not UTF-8": ("entry_points.txt", b"[mridiff]\nbad = \xff\xfe\n"),
    "not UTF-8, about something else": ("entry_points.txt", b"[console_scripts]\n\xff = x:y\n"),
    "metadata not UTF-8": ("METADATA", b"Name: acme-bad\nVersion: \xff\xfe\n"),
}


@pytest.mark.parametrize(("file", "content"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_metadata_are_named_and_stop_nothing(site, file, content):
    site.add("bad")
    site.add("good")
    (site.folder / "acme_bad-1.2.3.dist-info" / file).write_bytes(content)
    report = site.discover()
    assert names(report) == ["good/good-sampler"]
    (failure,) = report.failures
    assert str(site.folder / "acme_bad-1.2.3.dist-info") in str(failure)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("old", ["0.9", "0.10.1"])
def test_an_upgrade_that_was_broken_off_is_told_and_the_newer_version_taken(site, monkeypatch, reverse, old):
    """In whatever order the file system lists the two folders."""
    listed = os.listdir
    monkeypatch.setattr("os.listdir", lambda *path: sorted(listed(*path), reverse=reverse))
    site.add("gone", dist="acme-good", version=old, value="acme_good.gone")
    site.add("good", version="0.20")
    report = site.discover()
    assert [(entry.qualified, entry.version) for entry in report.entries()] == [("good/good-sampler", "0.20")]
    (failure,) = report.failures
    assert f"versions 0.20, {old} of acme-good" in str(failure) and str(site.folder) in str(failure)


def test_interrupt_is_not_swallowed(site):
    site.add("bad", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        site.discover()


def test_what_a_plugin_prints_does_not_reach_stdout(site, capsys):
    site.add("loud", "print('hello')\n" + hook("print('again'); return []"))
    assert site.discover().failures == ()
    assert capsys.readouterr() == ("", "hello\nagain\n")

"""Looking components up: short and full names, conflicts on use, and what "not found" says."""

from __future__ import annotations

import pytest

from mridiff.errors import NotFound, PluginConflict, PluginImportError
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.plugins.sources import Blocked, Source
from mridiff.spec import DatasetSpec, SamplerSpec


def entry(plugin: str, name: str, version: str = "1.0") -> Entry:
    spec = SamplerSpec(name=name, summary="A sampler", target=f"acme_{plugin}.impl:S")
    return Entry(spec, Source(f"acme-{plugin}", plugin, f"acme_{plugin}.plugin", version), f"acme_{plugin}")


def test_short_and_full_name_find_the_same_entry():
    registry = Registry.of([entry("one", "dds"), entry("two", "dps")])
    assert registry.find("sampler", "dds") is registry.find("sampler", "one/dds")
    assert registry.find("sampler", "dds").qualified == "one/dds"


def test_ambiguous_short_name_fails_on_use_and_only_then():
    registry = Registry.of([entry("two", "dds", "2.0"), entry("one", "dds"), entry("two", "dps")])
    assert registry.find("sampler", "dps").plugin == "two"
    assert registry.find("sampler", "two/dds").version == "2.0"
    assert {key: len(group) for key, group in registry.conflicts.items()} == {("sampler", "dds"): 2}
    with pytest.raises(PluginConflict) as caught:
        registry.find("sampler", "dds")
    assert "one/dds (acme-one 1.0), two/dds (acme-two 2.0)" in str(caught.value)


def test_one_name_may_serve_two_kinds():
    registry = Registry.of([entry("one", "dds"), DatasetSpec(name="dds", summary="Data", target="acme.data:D")])
    assert registry.conflicts == {}
    assert registry.find("dataset", "dds").plugin == "local"


def test_order_does_not_depend_on_the_order_of_installation():
    items = [entry("b", "x"), entry("a", "x"), entry("a", "w"), DatasetSpec(name="a", summary="Data", target="acme.data:D")]
    names = [e.qualified for e in Registry.of(items).entries()]
    assert names == [e.qualified for e in Registry.of(reversed(items)).entries()] == ["a/w", "a/x", "b/x", "local/a"]


def test_not_found_names_near_names():
    with pytest.raises(NotFound, match="did you mean 'predictor-corrector'") as caught:
        Registry.of([entry("one", "predictor-corrector")]).find("sampler", "predictor-corector")
    assert caught.value.details["near"] == ["predictor-corrector"]


def test_not_found_points_to_another_kind():
    with pytest.raises(NotFound, match="there is a sampler of that name"):
        Registry.of([entry("one", "dds")]).find("prior", "dds")


def test_not_found_tells_of_the_plugin_that_failed():
    failure = PluginImportError("No module named 'foo'", plugin="dps-mri", distribution="acme-dps")
    registry = Registry(failures=(failure,))
    for name in ("dps-mri", "dps-mri/dps"):
        with pytest.raises(NotFound, match="installed but failed: No module named 'foo'"):
            registry.find("sampler", name)
    with pytest.raises(NotFound, match="a plugin that failed may bring it: acme-dps"):
        registry.find("sampler", "dds")


def test_not_found_tells_of_the_plugin_that_is_blocked():
    registry = Registry(blocked=(Blocked(Source("acme-dps", "dps-mri", "m"), "blocked by 'dps-mri'"),))
    with pytest.raises(NotFound, match="'dps-mri' \\(acme-dps\\) is installed but blocked by 'dps-mri'"):
        registry.find("sampler", "dps-mri/dps")
    with pytest.raises(NotFound, match="left out may bring it: dps-mri"):
        registry.find("sampler", "dds")


def test_unknown_kind():
    with pytest.raises(NotFound, match="kinds: operator, prior, sampler, dataset, recipe"):
        Registry.of([]).find("method", "dds")


def test_two_plugins_sharing_a_short_name_are_discovered(site):
    source = "from mridiff.plugins.hookspecs import hookimpl\nfrom mridiff.spec import SamplerSpec\n"
    for plugin in ("one", "two"):
        spec = f"SamplerSpec(name='dds', summary='A', target='acme_{plugin}.impl:S')"
        site.add(plugin, f"{source}@hookimpl\ndef mridiff_samplers(): return [{spec}]\n")
    found = site.discover()
    assert found.failures == ()
    assert [entry.qualified for entry in found.conflicts["sampler", "dds"]] == ["one/dds", "two/dds"]

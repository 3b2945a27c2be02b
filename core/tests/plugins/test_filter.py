"""Allow-list and block-list act before a plugin is imported."""

from __future__ import annotations

import sys

import pytest

from mridiff.plugins.sources import Source, select

CASES = {
    "blocked by name": ({"MRIDIFF_BLOCK": "bad"}, "blocked by 'bad'"),
    "blocked by distribution": ({"MRIDIFF_BLOCK": " other , dist:ACME.bad"}, "blocked by 'dist:acme-bad'"),
    "allow-list excludes it": ({"MRIDIFF_PLUGINS": "good"}, "not among MRIDIFF_PLUGINS"),
}


@pytest.mark.parametrize(("env", "rule"), CASES.values(), ids=CASES)
def test_left_out_before_import(site, env, rule):
    site.add("bad")
    site.add("good")
    found = site.discover(**env)
    assert [entry.plugin for entry in found.entries()] == ["good"]
    assert found.failures == ()
    assert [(b.source.plugin, b.rule) for b in found.blocked] == [("bad", rule)]
    assert "acme_good.plugin" in sys.modules
    assert "acme_bad" not in sys.modules


def test_empty_allow_list_lets_nothing_in(site):
    site.add("good")
    found = site.discover(MRIDIFF_PLUGINS="")
    assert found.entries() == ()
    assert [b.rule for b in found.blocked] == ["not among MRIDIFF_PLUGINS"]


def test_no_allow_list_lets_everything_in():
    sources = [Source("acme-a", "a", "acme_a.plugin"), Source("acme-b", "b", "acme_b.plugin")]
    assert select(sources, {}) == (sources, [])


def test_the_allow_list_may_name_a_distribution():
    sources = [Source("acme-a", "a", "m"), Source("acme-b", "b", "m", group="mridiff.services"), Source("acme-c", "c", "m")]
    kept, blocked = select(sources, {"MRIDIFF_PLUGINS": "c,dist:Acme_B"})
    assert [s.plugin for s in kept] == ["b", "c"]
    assert [b.source.plugin for b in blocked] == ["a"]


def test_names_are_compared_whole():
    sources = [Source("acme-dps", "dps", "m"), Source("acme-dps-mri", "dps-mri", "m")]
    kept, _ = select(sources, {"MRIDIFF_BLOCK": "dps,dist:acme"})
    assert [s.plugin for s in kept] == ["dps-mri"]

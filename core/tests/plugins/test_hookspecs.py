"""Every hook, through discovery; and that the five hooks and the five kinds are the same."""

from __future__ import annotations

import inspect

import pytest

from mridiff.plugins import hookspecs
from mridiff.spec import KINDS

HOOKS = [name for name in vars(hookspecs) if name.startswith("mridiff_")]
DECLARED = {
    "mridiff_operators": "OperatorSpec(name='it', summary='A', target='acme_p.impl:C', axes=('y', 'x'))",
    "mridiff_priors": "PriorSpec(name='it', summary='A', target='acme_p.impl:C', axes=('y', 'x'))",
    "mridiff_samplers": "SamplerSpec(name='it', summary='A', target='acme_p.impl:C')",
    "mridiff_datasets": "DatasetSpec(name='it', summary='A', target='acme_p.impl:C', reads=('.h5',))",
    "mridiff_recipes": "RecipeSpec(name='it', summary='A', file='recipe.yaml', family=Family.COLD, application='a', domain='d')",
}


def test_one_hook_per_kind():
    assert [f"mridiff_{kind}s" for kind in KINDS] == HOOKS == list(DECLARED)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_documented_and_takes_no_argument(hook):
    function = getattr(hookspecs, hook)
    assert "called once per discovery, returns declarations" in inspect.getdoc(function)
    assert not inspect.signature(function).parameters


def test_each_hook_is_called(site):
    head = "from mridiff.plugins.hookspecs import hookimpl\nfrom mridiff.spec import *\n"
    hooks = "".join(f"@hookimpl\ndef {hook}(): return [{spec}]\n" for hook, spec in DECLARED.items())
    site.add("p", head + hooks)
    assert [entry.spec.kind for entry in site.discover().entries()] == list(KINDS)

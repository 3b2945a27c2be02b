"""What imports and discovery load, exactly, and how much processor time discovery takes (wall time would measure the neighbours)."""

from __future__ import annotations

import json

import pytest

HEAVY = {"torch", "numpy", "pydantic", "yaml", "h5py", "pluggy", "importlib_metadata", "safetensors", "typer", "rich"}
LOADED = """
import sys
before = set(sys.modules)
{statement}
added = set(sys.modules) - before
import json
print(json.dumps(sorted(added)))
"""


def loaded(site, statement: str) -> set[str]:
    child = site.python(LOADED.format(statement=statement))
    assert child.returncode == 0, child.stderr
    return set(json.loads(child.stdout))


@pytest.mark.parametrize("statement", ["import mridiff", "import mridiff.spec, mridiff.errors"])
def test_importing_the_package_loads_nothing_heavy(site, statement):
    added = loaded(site, statement)
    assert "mridiff" in added
    assert {name.partition(".")[0] for name in added} & HEAVY == set()
    assert "importlib.metadata" not in added


def test_importing_the_hooks_loads_pluggy_alone(site):
    tops = {name.partition(".")[0] for name in loaded(site, "import mridiff.plugins.hookspecs")}
    assert tops & HEAVY == {"pluggy"}


def test_importing_the_registry_loads_nothing_heavy(site):
    added = loaded(site, "import mridiff.plugins.registry")
    assert {name.partition(".")[0] for name in added} & HEAVY == set()
    assert "importlib.metadata" not in added


def test_discovery_of_45_plugins(site):
    for i in range(45):
        site.add(f"p{i}", files={"impl.py": "import torch, numpy, pydantic, h5py\n"})
    timed = """
import time, sys
start = time.process_time()
from mridiff.plugins.registry import Registry
registry = Registry.discover()
elapsed = time.process_time() - start
assert len(registry.entries("sampler")) == 45, registry.failures
sys.modules[f"elapsed {elapsed}"] = None
"""
    added = loaded(site, timed)
    elapsed = next(float(name.split()[1]) for name in added if name.startswith("elapsed"))
    tops = {name.partition(".")[0] for name in added if not name.startswith("elapsed")}
    assert tops & HEAVY == {"pluggy", "importlib_metadata"}
    assert {name for name in added if name.startswith("acme_p7.")} == {"acme_p7.plugin"}
    assert elapsed <= 3 * 0.5

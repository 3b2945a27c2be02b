import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import acme_package

from mridiff.plugins.registry import Registry
from mridiff_sdk.study import measure
from mridiff_sdk.study.finding import find


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of an installed package that declares studies; its modules are compiled anew each time they are imported.

    Compiled ones that lie beside it would stand for a source of the same length that was written within the same second.
    """
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("MRIDIFF_PLUGINS", "acme,mridiff,dist:mridiff-sdk")
    acme_package.forget()
    yield acme_package.install(site)
    acme_package.forget()


@pytest.fixture
def run(package, tmp_path):
    """Measure a declared study, as it is declared now; gives the results."""

    def run(name="toy", part=None, out="out", **options):
        acme_package.forget()
        registry = Registry.discover()
        return measure(name, find(name, registry).study, registry, tmp_path / out, None, part, **options)

    return run

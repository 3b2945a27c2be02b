"""Installed plugins that are only folders on the import path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mridiff.plugins.registry import Registry

SAMPLER = """
from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import SamplerSpec

@hookimpl
def mridiff_samplers():
    yield SamplerSpec(name={name!r}, summary="A sampler", target={target!r})
"""


class Site:
    """A folder on the import path, with fake distributions in it; their packages are called `acme_...`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.plugins: list[str] = []

    def add(self, plugin: str, source: str | None = None, *, dist: str = "", package: str = "", value: str = "",
            version: str | None = "1.2.3", files: Mapping[str, str] | None = None, group: str = "mridiff") -> str:  # fmt: skip
        """Installs a distribution with one plugin; without `source` a healthy one with the sampler `<plugin>-sampler`.

        In another `group` the entry point names the function `run` of the plugin's module.
        """
        dist = dist or f"acme-{plugin}"
        package = package or dist.replace("-", "_")
        text = SAMPLER.format(name=f"{plugin}-sampler", target=f"{package}.impl:Sampler") if source is None else source
        root = self.folder / package
        for name, content in {"__init__.py": "", "plugin.py": text, **(files or {})}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        info = self.folder / f"{dist.replace('-', '_')}-{version or '0'}.dist-info"
        info.mkdir()
        stated = f"Version: {version}\n" if version else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\n{stated}")
        function = "" if group == "mridiff" else ":run"
        (info / "entry_points.txt").write_text(f"[{group}]\n{plugin} = {value or package + '.plugin' + function}\n")
        self.plugins.append(plugin)
        return package

    def python(self, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs code in a child that sees this folder; only the plugins of this folder are let in unless `env` says otherwise."""
        source = Path(__file__).parents[2] / "src"
        variables = {"MRIDIFF_PLUGINS": ",".join(self.plugins), **env}
        plain = {key: value for key, value in os.environ.items() if not key.startswith("MRIDIFF_")}
        path = os.pathsep.join([str(self.folder), str(source)])
        return subprocess.run([sys.executable, "-W", "error", "-c", code], env={**plain, "PYTHONPATH": path, **variables},
                              capture_output=True, text=True, check=False, timeout=60)  # fmt: skip

    def discover(self, **env: str) -> Registry:
        """What is discovered, leaving aside whatever else is installed."""
        found = Registry.discover({"MRIDIFF_PLUGINS": ",".join(self.plugins), **env})
        return replace(found, blocked=tuple(b for b in found.blocked if b.source.plugin in self.plugins))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(made.folder)
    yield made
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]

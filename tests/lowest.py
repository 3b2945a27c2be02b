"""The lowest versions that the packages promise to run with, as requirements; those of constraints.txt for the names that are given."""

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
BRIDGED = {"deepinv", "monai", "mrpro"}
"""What `mridiff-peers` leads to brings a torch of its own choice with it, and is never installed by the project's own commands."""


def lowest() -> dict[str, Version]:
    """For each distribution of others the highest of the lower bounds that the packages declare."""
    found: dict[str, Version] = {}
    for file in (ROOT / "core/pyproject.toml", ROOT / "sdk/pyproject.toml", *sorted(ROOT.glob("plugins/*/*/pyproject.toml"))):
        project = tomllib.loads(file.read_text())["project"]
        for text in (*project["dependencies"], *(t for extra in project.get("optional-dependencies", {}).values() for t in extra)):
            wanted = Requirement(text)
            bounds = [Version(s.version) for s in wanted.specifier if s.operator in {">=", "=="}]
            if bounds and not wanted.name.startswith("mridiff") and wanted.name not in BRIDGED:
                found[wanted.name] = max(bounds[0], found.get(wanted.name, bounds[0]))
    return found


if __name__ == "__main__":
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.partition("==")[0] in sys.argv[1:]]
    print("\n".join([*pinned, *(f"{name}=={version}" for name, version in sorted(lowest().items()) if name not in sys.argv[1:])]))

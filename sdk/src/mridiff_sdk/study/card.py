"""Card: the tables of a package's README, between the marks of each study, made from its results files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, Mistake
from mridiff.io.atomic import write_atomically

from .results import write_results
from .tables import text_of

BLOCK = re.compile(r"(?P<head><!-- study (?P<name>[a-z0-9-]+) -->\n)(?P<text>.*?)(?P<tail><!-- /study -->)", re.DOTALL)


def blocks(text: str) -> dict[str, str]:
    """The tables of a README by study."""
    return {found["name"]: found["text"] for found in BLOCK.finditer(text)}


def ready(package: Path | None, name: str) -> Path:
    """The package's folder, whose README has a place for the study; raises ConfigError where there is none."""
    if package is None:
        raise ConfigError(
            [Mistake("--card", f"the package of {name} is installed without its card")], hint="Install its checkout: pip install -e"
        )
    if name not in blocks((package / "README.md").read_text()):
        raise ConfigError([Mistake("--card", f"{package / 'README.md'} has no place for it")],
                          hint=f"Write `<!-- study {name} -->` and `<!-- /study -->`, on two lines, where the tables belong.")  # fmt: skip
    return package


def write_card(package: Path, results: Mapping[str, Any]) -> None:
    """The results into `results/NAME.json`, and their tables into the README."""
    (package / "results").mkdir(exist_ok=True)
    write_results(package / "results" / f"{results['study']}.json", results)
    refresh(package)


def refresh(package: Path) -> None:
    """Make every table of the README anew from its results file."""
    card = package / "README.md"

    def block(found: re.Match[str]) -> str:
        file = package / "results" / f"{found['name']}.json"
        return f"{found['head']}{text_of(json.loads(file.read_text()))}{found['tail']}" if file.is_file() else found[0]

    with write_atomically(card) as temporary:
        temporary.write_text(BLOCK.sub(block, card.read_text()))


def disagreements(package: Path) -> Iterator[str]:
    """What does not agree between a README and the results files beside it, as sentences."""
    written = blocks((package / "README.md").read_text())
    files = {path.stem: path for path in sorted((package / "results").glob("*.json"))}
    for name in sorted(written.keys() | files):
        if name not in files:
            yield f"{name}: a table without results/{name}.json"
        elif name not in written:
            yield f"{name}: results/{name}.json without its table"
        elif written[name] != text_of(json.loads(files[name].read_text())):
            yield f"{name}: the table is not that of results/{name}.json"

"""Page: what the results files of all packages say together; nothing on it is typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mridiff.plugins.registry import Registry

from ..plots.numbers import format_number
from .finding import project, studies
from .statistics import mean
from .tables import line, subjects, text_of

SHIPPED = "-recipe"
"""How the names of studies end that show a method as it ships, on the scans of its recipe (`on_recipe`)."""


def results_page(registry: Registry) -> str:
    """Markdown: all methods as they ship, all weights, the tables of every study, and which studies have no results yet."""
    known, _ = studies(registry)
    files = {name: declared.folder / "results" / f"{name}.json" for name, declared in known.items() if declared.folder is not None}
    found = {name: json.loads(file.read_text()) for name, file in files.items() if file.is_file()}
    missing = ", ".join(f"`{name}`" for name in known if name not in found)
    parts = [
        "# What was measured\n",
        "Made from the results that ship with the packages. Tasks differ, so compare within one study alone.\n",
        "## Methods as they ship\n",
        "Each on the scans of its recipe, beside others. A few scans are an example and no statistic.\n",
        *together([results for name, results in found.items() if name.endswith(SHIPPED)]),
        "\n## Weights\n",
        "What ships with the packages, and how long it was trained by its card; a dash where that does not say so.\n",
        *weights(sorted({folder for entry in registry.entries() if (folder := project(entry)) is not None})),
    ]
    for name, results in found.items():
        if not name.endswith(SHIPPED):
            parts += [f"\n## {name}\n", f"{results['title'][:1].upper()}{results['title'][1:]}.\n", text_of(results)]
    return "\n".join([*parts, *([f"\nDeclared, and without results yet: {missing}."] if missing else []), ""])


def together(several: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The means of several studies as one table, a line for each row and set of scans; a dash where a study has not that column."""
    columns = {m: q for results in several for m, q in results["metrics"].items()}
    head = ("study", "row", "scans", *(" ".join(filter(None, (q["label"], q["unit"]))) for q in columns.values()))
    yield line(*head)
    yield line(*("---" for _ in head))
    for results in several:
        for table in results["scans"].values():
            for row, values in subjects(results, table).items():
                numbers = (format_number(m, mean(values[m]).mean) if values.get(m) else "–" for m in columns)
                yield line(results["study"].removesuffix(SHIPPED), row, str(len(table["ids"])), *numbers)


def weights(folders: Iterable[Path]) -> Iterator[str]:
    """The weights in the sources of packages as one table: size, and hours of training as the card beside the file says."""
    yield line("package", "weights", "MB", "hours of training")
    yield line(*["---"] * 4)
    for folder in folders:
        for file in sorted(folder.glob("src/*/weights/*.safetensors")):
            card = file.with_suffix(".md")
            hours = re.search(r"^\| hours \| ([\d.]+) \|$", card.read_text() if card.is_file() else "", re.MULTILINE)
            yield line(folder.name, file.stem, f"{file.stat().st_size / 1e6:.2f}", hours.group(1) if hours else "–")

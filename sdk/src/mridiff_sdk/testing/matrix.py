"""The page of the documentation that lists every check with the faults it was proved by: `python -m mridiff_sdk.testing.matrix PAGE`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .mutants import mutation_matrix

HEAD = """# Conformance: what every component is held to

One list of laws, run by `mridiff check NAME`, by pytest (`test_conformance = conformance("NAME")`) and in continuous integration. A check
runs where the declaration claims its traits. Each check is proved by deliberately broken subjects: the last column lists the faults that
this check, and no other, caught when this page was made (`python -m mridiff_sdk.testing.matrix docs/conformance.md`).
"""


def page(rows: Sequence[Mapping[str, object]]) -> str:
    """The matrix as Markdown, one table per kind of component."""
    lines = [HEAD]
    for kind in dict.fromkeys(str(row["check"]).partition(".")[0] for row in rows):
        lines += [f"## {kind}", "", "| check | law | for | proved by |", "|---|---|---|---|"]
        for row in rows:
            if str(row["check"]).startswith(f"{kind}."):
                lines.append(f"| `{row['check']}` | {row['law']} | {_words(row['requires']) or 'all'} | {_words(row['caught'], '; ')} |")
        lines.append("")
    return "\n".join(lines)


def _words(items: object, separator: str = ", ") -> str:
    return separator.join(map(str, items)).replace("|", "\\|") if isinstance(items, list) else ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(mutation_matrix()))

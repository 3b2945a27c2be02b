"""Page: one HTML file with its own script and style, and with the data of `content`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from mridiff.io.atomic import write_atomically

from ...plots.page_style import STYLE
from ...plots.record import as_json
from ..bench import Result
from ..statistics import subject
from ..tables import legend, many
from .content import content

FIGURES = {"rows.png": "the rows on the first scan", "quality.png": "quality over cost"}
"""Pictures of the whole study that lie beside the page."""


def write_viewer(path: Path, results: Mapping[str, Any], made: Iterable[Result], to_come: int = 0) -> None:
    """Write the page of what was `made`, of which `results` tell; `to_come` cells are not made yet.

    No text of others becomes markup, and no script runs but the page's own.
    """
    style, script = STYLE + _own("page.css"), _own("pictures.js") + _own("page.js")
    own = f"style-src {_allowed(style)}; script-src {_allowed(script)}"
    policy = f"default-src 'none'; img-src 'self' file:; {own}; base-uri 'none'; form-action 'none'"
    data = json.dumps(content(results, made), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    page = Template(_own("page.html")).substitute(
        policy=policy, style=style, script=script, data=data, title=escape(results["title"] or results["study"]),
        facts=escape(_facts(results, to_come)), notes=_notes(results),
        figures="" if to_come else "".join(_figure(f, words) for f, words in FIGURES.items() if (path.parent / f).is_file()),
        details=_folded("Rows", results["rows"]) + _folded("Versions", results["versions"]),
    )  # fmt: skip
    with write_atomically(path) as temporary:
        temporary.write_bytes(page.encode("utf-8", errors="replace"))


@cache
def _own(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _facts(results: Mapping[str, Any], to_come: int) -> str:
    scans = sum(len(table["ids"]) for table in results["scans"].values())
    words = [many(len(results["rows"]), "row"), many(scans, "scan"), str(results["created"]), str(results["machine"])]
    return " · ".join([*words, *([f"so far: {to_come} cells are to come"] if to_come else [])])


def _notes(results: Mapping[str, Any]) -> str:
    """How to read the numbers, and what failed."""
    size = max((len(set(map(subject, table["ids"]))) for table in results["scans"].values()), default=0)
    return f"<aside>{''.join(f'<p class=quiet>{escape(text)}</p>' for text in legend(results, size) if text.strip())}</aside>"


def _figure(file: str, words: str) -> str:
    return f'<figure><a href="{file}"><img src="{file}" alt="{words}" loading="lazy"></a><figcaption>{words}</figcaption></figure>'


def _folded(heading: str, value: Mapping[str, Any]) -> str:
    return f"<details><summary>{escape(heading)}</summary><pre>{escape(as_json(value))}</pre></details>" if value else ""

"""Page: a run of one method as one HTML file that needs nothing else but the pictures beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mridiff.io.atomic import write_atomically

from .page_style import STYLE
from .page_table import scans_table
from .record import ScanRow, as_json, mapping, scan_rows, sequence

_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_REFERENCE = (
    "Scores compare with the reference that came with each scan, usually the image of its fully sampled data. It is a measurement too, "
    "with noise and artefacts of its own: differences smaller than those say nothing about which method is right."
)
_NO_REFERENCE = "No reference was given, so there are no scores: the pictures show what each method gave, not how far it is from the truth."


def write_page(path: Path, *, record: Mapping[str, Any], pictures: Mapping[str, Path]) -> None:
    """Write the page of a run; what `record` lacks is left out, and so are pictures that do not exist.

    Every text of the record is escaped and no script runs. `pictures` are PNG files by name, linked relative to the page; a
    picture named like a scan, or "<scan>/...", is shown with it, the others above.
    """
    path = Path(path)
    scans = scan_rows(record)
    links = {str(name): _link(path, Path(p)) for name, p in pictures.items() if Path(p).is_file()}
    owners = {name: next((s.id for s in scans if name == s.id or name.startswith(f"{s.id}/")), None) for name in links}
    shared = {name: link for name, link in links.items() if owners[name] is None}
    title = str(record.get("title") or "Reconstruction")
    parts = [
        f"<h1>{escape(title)}</h1>",
        _facts(record, scans),
        scans_table(scans),
        f"<aside><p class=quiet>{escape(_reference_note(scans))}</p></aside>" if scans else "",
        _notes(record),
        *(_figure(name, link) for name, link in shared.items()),
        *(_scan(scan, {n: k for n, k in links.items() if owners[n] == scan.id}) for scan in scans),
        _folded("Configuration", record.get("config")),
        _folded("Versions", record.get("versions")),
        "<footer>PSNR and SSIM: higher is better; NMSE, NFE (network evaluations per sample), A-count (operator applications per sample), "
        "time and memory: "
        "lower is better. Peak memory is the highest of the whole process until then.</footer>",
    ]
    with write_atomically(path) as temporary:
        temporary.write_bytes(document(title, parts).encode("utf-8", errors="replace"))


def document(title: str, parts: Iterable[str]) -> str:
    """A page of these parts, HTML that is escaped already, in the style of all pages."""
    body = "\n".join(p for p in parts if p)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _facts(record: Mapping[str, Any], scans: list[ScanRow]) -> str:
    """One quiet line: method, number of scans, seed, device, time."""
    words = [str(record["method"])] if record.get("method") else []
    words += [f"{len(scans)} scan{'s' if len(scans) != 1 else ''}"] if scans else []
    words += [f"{name} {record[name]}" for name in ("seed", "device", "created") if record.get(name) not in (None, "")]
    return f"<p class=quiet>{escape(' · '.join(words))}</p>" if words else ""


def _reference_note(scans: list[ScanRow]) -> str:
    scored = sum(scan.scored for scan in scans)
    if not scored:
        return _NO_REFERENCE
    return _REFERENCE + (f" {len(scans) - scored} of {len(scans)} scans have no reference and no scores." if scored < len(scans) else "")


def _notes(record: Mapping[str, Any]) -> str:
    """Notes of the run, and what failed and why: a table that is silent about it would flatter."""
    faults = map(mapping, sequence(record.get("failed")))
    failed = [f"{f.get('id', 'a scan')} failed: {f.get('message', 'no reason was recorded')}" for f in faults]
    notes = [f"<li>{escape(str(note))}</li>" for note in [*sequence(record.get("notes")), *failed]]
    return f"<ul>{''.join(notes)}</ul>" if notes else ""


def _scan(scan: ScanRow, links: Mapping[str, str]) -> str:
    """A scan's pictures."""
    figures = "".join(_figure(name, link) for name, link in links.items())
    return f"<section><h2>{escape(scan.id)}</h2>\n{figures}</section>" if figures else ""


def _figure(name: str, link: str) -> str:
    words, target = escape(name), escape(link)
    return f'<figure><a href="{target}"><img src="{target}" alt="{words}" loading="lazy"></a><figcaption>{words}</figcaption></figure>'


def _folded(heading: str, content: Any) -> str:
    shown = as_json(mapping(content))
    return f"<details><summary>{escape(heading)}</summary><pre>{escape(shown)}</pre></details>" if shown else ""


def _link(page: Path, picture: Path) -> str:
    """The address of a picture relative to the page, safe in an attribute and never with a scheme of its own."""
    relative = os.path.relpath(picture.resolve(), page.parent.resolve())
    return quote(Path(relative).as_posix(), safe="/", errors="replace")

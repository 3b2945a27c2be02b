"""Command: the options that all of these scripts have, and a page written."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path


def write_page(description: str | None, name: str, report: Callable[[argparse.Namespace], str], rounds: int) -> None:
    """Measure by `report` with the options of the command line, and write and print its page, `results/NAME.md` if not said otherwise."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="threads of every candidate")
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds per table at most")
    parser.add_argument("--seconds", type=float, default=30, help="seconds per table at most")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / f"{name}.md")
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    text = report(options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text)
    print(text)

"""Would a test notice? Each change of behaviour listed in mutants.toml, made alone in a copy of the tree, against the tests near it.

python tests/mutants.py                    all; exit code 1 where fewer than 95 of 100 are seen
python tests/mutants.py record.py scale    those whose file or description holds one of these texts
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")
SHARE = 0.95
"""What share of the changes the tests must see."""
SECONDS = 900
"""A change that makes the tests hang this long is seen."""


@dataclass(frozen=True)
class Change:
    """One change of behaviour: in `file` the text `old`, which stands there once, becomes `new`; `tests` are the paths near it."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def problem(self) -> str:
        """Why the change cannot be made, empty if it can."""
        path = ROOT / self.file
        missing = [t for t in self.tests if not (ROOT / t).exists()]
        if missing or not path.is_file():
            return f"{self.file}: {', '.join(missing) or 'the file'} does not exist"
        times = path.read_text().count(self.old)
        return "" if times == 1 and self.old != self.new else f"{self.file}: {self.old!r} stands there {times} times ({self.what})"


def changes(words: list[str] = ()) -> list[Change]:
    """The listed changes, or those whose file or description holds one of the words."""
    rows = tomllib.loads(LIST.read_text())["change"]
    found = [Change(r["what"], r["file"], r["old"], r["new"], tuple(r["tests"])) for r in rows]
    return [c for c in found if not words or any(w in f"{c.file} {c.what}" for w in words)]


def copy(folder: Path) -> None:
    """The tracked tree, file by file."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def run(tree: Path, tests: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the tests of a copy of the tree pass, and the last lines they printed."""
    sources = os.pathsep.join(str(p) for p in (tree / "core/src", tree / "sdk/src", *sorted(tree.glob("plugins/*/*/src"))))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", *tests]
    environment = {**os.environ, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False, "the tests hang"
    return done.returncode == 0, "\n".join(done.stdout.splitlines()[-4:])


def main() -> int:
    """One line per change that no test sees; their share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only changes whose file or description holds one of these")
    chosen = changes(parser.parse_args().words)
    if problems := [p for c in chosen if (p := c.problem())]:
        print("\n".join(problems))
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as temporary, Progress(*columns) as progress:
        tree = Path(temporary)
        copy(tree)
        task = progress.add_task("unchanged", total=len(chosen))
        passed, words = run(tree, tuple(sorted({t for c in chosen for t in c.tests})))
        if not passed:
            progress.console.print(f"the tests fail without any change:\n{words}", markup=False)
            return 2
        unseen = []
        for change in chosen:
            began = time.monotonic()
            path = tree / change.file
            whole = path.read_text()
            path.write_text(whole.replace(change.old, change.new))
            passed, _ = run(tree, change.tests)
            path.write_text(whole)
            unseen += [change] * passed
            state = "UNSEEN" if passed else "seen"
            progress.console.print(
                f"{state:7} {change.file}: {change.what}  {time.monotonic() - began:.0f} s", markup=False, highlight=False
            )
            progress.update(task, advance=1, description=f"{len(unseen)} unseen")
    share = 1 - len(unseen) / max(len(chosen), 1)
    print(f"{len(chosen) - len(unseen)} of {len(chosen)} changes are seen ({share:.1%}; {SHARE:.0%} asked)")
    return int(share < SHARE)


if __name__ == "__main__":
    raise SystemExit(main())

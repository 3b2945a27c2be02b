"""Files: from a path and a choice of slices to a list of scans, each with a file, a place in it and a stable name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mridiff.errors import DataError

SUFFIXES = (".nii.gz", ".nii", ".h5", ".hdf5", ".npz", ".mrd")


@dataclass(frozen=True, slots=True)
class Entry:
    """One scan of a file: `index` is its place in the file, `id` is unique within the dataset."""

    path: Path
    index: int
    id: str


def find(path: str | Path, reads: Sequence[str], can_read: Callable[[Path], bool]) -> list[Path]:
    """The file itself, or the readable files of a folder, sorted; raises DataError if there is none.

    A single file is not asked whether it can be read: opening it says better what is wrong with it.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path} does not exist", hint="Check the spelling; relative paths start at the current folder.")
    files = [f for f in sorted(path.iterdir()) if f.name.endswith(tuple(reads)) and f.is_file() and can_read(f)]
    if not files:
        raise DataError(f"{path} holds no file that this dataset reads (of {', '.join(reads)}, in its layout)",
                        hint="Name a single file to learn what is wrong with it.")  # fmt: skip
    return files


def entries(files: Sequence[Path], labels: Callable[[Path], Sequence[str]], slices: str = "") -> list[Entry]:
    """The chosen scans of each file; `labels` names all scans of a file, and the name of the file suffices where there is one."""
    stems = Counter(stem(f) for f in files)
    found = []
    for file in files:
        name = stem(file) if stems[stem(file)] == 1 else file.name.replace(".", "-")
        names = labels(file)
        found += [Entry(file, i, name if len(names) == 1 else f"{name}-{names[i]}") for i in select(slices, len(names), str(file))]
    return found


def stem(file: Path) -> str:
    """The name of a file without its suffix."""
    suffix = next((s for s in SUFFIXES if file.name.endswith(s)), file.suffix)
    return file.name.removesuffix(suffix) or file.name


def select(slices: str, count: int, where: str) -> list[int]:
    """The indices that a text like '10:20', '0:60:5' or '3,5,9' names among `count`; raises DataError if it names none or too many."""
    if not slices.strip():
        return list(range(count))
    chosen: list[int] = []
    for part in slices.replace(" ", "").split(","):
        if not re.fullmatch(r"-?\d+|(-?\d*):(-?\d*)(:\d*[1-9]\d*)?", part):
            raise DataError(f"slices {slices!r}: {part!r} is neither a number nor a range",
                            hint="Write '12', '10:20', '0:60:5' or '3,5,9'.")  # fmt: skip
        if ":" in part:
            chosen += range(count)[slice(*(int(n) if n else None for n in part.split(":")))]
        elif -count <= int(part) < count:
            chosen.append(int(part) % count)
        else:
            raise DataError(f"{where}: slices {slices!r}: there is no slice {part}; there are {count}",
                            hint=f"Choose among 0 to {count - 1}.")  # fmt: skip
    if not chosen:
        raise DataError(f"{where}: slices {slices!r} names none of the {count} slices", hint=f"Choose among 0 to {count - 1}.")
    return list(dict.fromkeys(chosen))


def refuse(source: str | Path, problems: Sequence[str]) -> None:
    """Raise one DataError with all problems of a file; does nothing without any."""
    if problems:
        raise DataError(f"{source}: " + ("" if len(problems) == 1 else f"{len(problems)} problems:\n  ") + "\n  ".join(problems))

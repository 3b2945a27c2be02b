"""Files: from a path and a choice of slices to a list of scans, each with a file, a place in it and a stable name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mridiff.errors import DataError, MridiffError, UnsafeInput, boundary

from .foreign import foreign

DAMAGED = "The file may be truncated or damaged."
MOST_SLICES = 100_000
SUFFIXES = (".nii.gz", ".nii", ".h5", ".hdf5", ".npz", ".npy", ".mat", ".cfl", ".mrd", ".dcm", ".ima")


@dataclass(frozen=True, slots=True)
class Entry:
    """One scan of a file: `index` is its place in the file, `id` is unique within the dataset; `error` is why it cannot be read.

    `volume` names the slices that belong together; empty for one that stands alone. `counters` are the parts of its label, as "s003".
    """

    path: Path
    index: int
    id: str
    error: MridiffError | None = None
    volume: str = ""
    counters: tuple[str, ...] = ()


def find(path: str | Path, reads: Sequence[str]) -> list[Path]:
    """The file itself, or the files of a folder whose names end as `reads` says, sorted; raises DataError if there is none."""
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise missing(path)
    files = [f for f in sorted(path.iterdir()) if f.name.endswith(tuple(reads)) and (f.is_file() or dangling(f))]
    if not files:
        raise DataError(f"{path} holds no file that this dataset reads (of {', '.join(reads)})",
                        hint="Folders inside it are not entered; name one of them, or a file.")  # fmt: skip
    return files


def single(path: str | Path) -> Path:
    """The file that a dataset of one file reads; raises DataError for anything else, and for a format that is known and not read."""
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder", hint="This dataset reads one file: name it.")
    if not path.is_file():
        raise missing(path)
    refuse_foreign(path)
    return path


def missing(path: Path) -> DataError:
    """What to say of a path that is neither a file nor a folder."""
    if path.exists():
        return DataError(f"{path} is a pipe or a device", hint="Store the data in an ordinary file first.")
    return DataError(f"{path} does not exist", hint="Check the spelling; relative paths start at the current folder.")


def entries(files: Sequence[Path], labels: Callable[[Path], Sequence[str]], slices: int | str = "") -> list[Entry]:
    """The chosen scans of each file; `labels` names all scans of a file, and the name of the file suffices where there is one.

    Among several files, one that cannot be read is an entry that says why, so that the others go on; alone, it raises that error.
    """
    names = unique(files)
    found = []
    for file in files:
        try:
            refuse_foreign(file)
            with boundary(f"{file}: it cannot be read", DAMAGED):
                held = labels(file)
            chosen = select(slices, len(held), str(file))
        except MridiffError as error:
            found.append(Entry(file, 0, names[file], error))
        else:
            found += [_entry(file, i, names[file], held) for i in chosen]
    errors = [e.error for e in found if e.error is not None]
    if len(errors) == len(found):
        refuse_all(errors)
    return found


def _entry(file: Path, index: int, name: str, labels: Sequence[str]) -> Entry:
    """A scan of a file; the part of its label that begins with s is the slice, the others name the volume."""
    if len(labels) == 1:
        return Entry(file, index, name)
    parts = labels[index].split("-")
    others = [p for p in parts if not re.fullmatch(r"s\d+", p)]
    volume = "-".join([name, *others]) if len(others) < len(parts) else ""
    return Entry(file, index, f"{name}-{labels[index]}", volume=volume, counters=tuple(parts))


def dangling(path: Path) -> bool:
    """Whether a path is a link whose target is missing, as a data set has for files that were not fetched."""
    return path.is_symlink() and not path.exists()


def numbered(count: int, where: str | Path) -> list[str]:
    """Names of the slices of a file; raises UnsafeInput where it claims more than anybody measures."""
    if count > MOST_SLICES:
        raise UnsafeInput(f"{where}: it claims {count} slices; at most {MOST_SLICES} are read", hint="Split it, if it has so many.")
    return [f"s{i:03d}" for i in range(count)]


def unique(files: Sequence[Path]) -> dict[Path, str]:
    """A name for every file: that without its suffix, or the whole where two files would share it."""
    stems = Counter(stem(f) for f in files)
    return {f: stem(f) if stems[stem(f)] == 1 else f.name.replace(".", "-") for f in files}


def stem(file: Path) -> str:
    """The name of a file without its suffix."""
    suffix = next((s for s in SUFFIXES if file.name.endswith(s)), file.suffix)
    return file.name.removesuffix(suffix) or file.name


def select(slices: int | str, count: int, where: str) -> list[int]:
    """The indices that a number or a text like "10:20", "0:60:5", "3,5,9" names among `count`; raises DataError for none or too many."""
    if isinstance(slices, str) and not slices.strip():
        return list(range(count))
    chosen: list[int] = []
    for part in str(slices).replace(" ", "").split(","):
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


def refuse_all(errors: Sequence[MridiffError]) -> None:
    """Raise the error of the only file, or one with those of all files."""
    if len(errors) == 1:
        raise errors[0]
    raise DataError(f"none of {len(errors)} files can be read:\n  " + "\n  ".join(e.message for e in errors), hint=errors[0].hint)


def refuse_foreign(path: Path) -> None:
    """Raise DataError for a file in a format that is known and not read; does nothing for any other."""
    if dangling(path):
        raise DataError(
            f"{path}: it is a link to a file that is not here", hint="Fetch it, for example with `git annex get` or `datalad get`."
        )
    with boundary(f"{path}: it cannot be opened", "Check its permissions."):
        known = foreign(path)
    if known:
        raise DataError(f"{path}: it is {known[0]}", hint=f"To use it, {known[1]}.")

"""BIDS: the anatomical images of a data set as the Brain Imaging Data Structure orders it, subject by subject."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from mridiff.errors import DataError

from .files import Entry, dangling, entries, missing, stem, unique
from .nifti import NIfTI

__all__ = ["BIDS"]

DESCRIPTION = "dataset_description.json"
LARGEST = 2**20
Kinds = Annotated[str, "kinds of images, by the end of their names, as 'T1w' or 'T1w,FLAIR'; empty = all of the folders anat"]


@dataclass(kw_only=True, eq=False)
class BIDS(NIfTI):
    """Slices of the anatomical images of a BIDS data set, each as the dataset `nifti` gives it.

    Images lie in sub-NAME/anat or sub-NAME/ses-NAME/anat. Ids are `sub-01/T1w-s000`, with what else the file's name tells before the
    kind, so that statistics are over subjects. Derivatives and functional images are not read. Source: Gorgolewski et al., Scientific
    Data 3, 2016, and version 1.10 of the specification.
    """

    kinds: Kinds = ""

    def found(self) -> list[Entry]:
        """The chosen slices of all images."""
        files = images(Path(self.path), [kind.strip() for kind in self.kinds.split(",") if kind.strip()])
        names = unique(files)
        held = entries(files, self.labels, self.slices)
        return [replace(e, id=_renamed(e.path, names, e.id), volume=e.volume and _renamed(e.path, names, e.volume)) for e in held]

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether this is a folder whose description tells a version of BIDS."""
        with suppress(OSError, ValueError):
            description = path / DESCRIPTION
            if path.is_dir() and description.is_file() and description.stat().st_size <= LARGEST:
                told = json.loads(description.read_text())
                return isinstance(told, dict) and "BIDSVersion" in told
        return False


def images(root: Path, kinds: list[str]) -> list[Path]:
    """The anatomical images of a data set, by subject and session, of some kinds or of all; raises DataError if there is none."""
    if root.is_file():
        raise DataError(f"{root}: a data set in BIDS is a folder", hint="Name the one that holds sub-01, sub-02 ...")
    if not root.is_dir():
        raise missing(root)
    files = [f for where in ("sub-*/anat", "sub-*/ses-*/anat") for f in root.glob(f"{where}/*") if f.name.endswith(BIDS.reads)]
    files = sorted(f for f in files if f.is_file() or dangling(f))
    chosen = [f for f in files if not kinds or _kind(f) in kinds]
    if not chosen:
        there = ", ".join(sorted({_kind(f) for f in files})) or "none"
        raise DataError(f"{root}: there is no anatomical image{' of kind ' + ', '.join(kinds) if kinds else ''}",
                        hint=f"Images lie in sub-NAME/anat or sub-NAME/ses-NAME/anat; kinds that are there: {there}.")  # fmt: skip
    return chosen


def _kind(file: Path) -> str:
    return stem(file).rpartition("_")[2]


def _renamed(file: Path, names: dict[Path, str], word: str) -> str:
    """An id or volume of a file with its subject before a slash: sub-01_ses-1_T1w-s000 is sub-01/ses-1_T1w-s000."""
    subject = next(part.name for part in file.parents if part.name.startswith("sub-"))
    return f"{subject}/{stem(file).removeprefix(subject).strip('_')}{word.removeprefix(names[file])}"

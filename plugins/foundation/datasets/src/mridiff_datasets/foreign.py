"""Foreign: what a file is that no dataset reads, by its first bytes or its name, and how its data can be brought in."""

from __future__ import annotations

from pathlib import Path

MAGIC = {
    b"version https://git-lfs": ("a Git LFS pointer: a note where the data are kept, not the data", "run `git lfs pull` in its repository"),
    b"<!doctype html": ("a web page, not data", "download the file itself"),
    b"<html": ("a web page, not data", "download the file itself"),
    b"# dimensions": ("the header of a BART array", "name the .cfl beside it"),
}
"""The first bytes in lower case, what they tell, and what to do."""

NAMES = {
    ".dat": ("raw data of a Siemens scanner, as a rule", "convert it with siemens_to_ismrmrd"),
    ".7": ("raw data of a GE scanner, as a rule", "convert it with ge_to_ismrmrd"),
    ".list": ("raw data of a Philips scanner, as a rule", "convert it with philips_to_ismrmrd"),
    ".raw": ("raw data of a Philips scanner, as a rule", "convert it with philips_to_ismrmrd"),
    ".mgz": ("a FreeSurfer image", "convert it with `mri_convert in.mgz out.nii.gz`"),
    ".nrrd": ("an NRRD image", "convert it to NIfTI, for example with 3D Slicer"),
    ".par": ("an image of a Philips scanner", "convert it with dcm2niix"),
}
"""Suffixes of scans in formats that are not read."""

COMPANY = {".md", ".txt", ".pdf", ".json", ".yaml", ".yml", ".xml", ".csv", ".tsv", ".log", ".html", ".png", ".jpg", ".jpeg", ".svg",
           ".py", ".sh", ".ipynb", ".bval", ".bvec", ".hdr", ".rec", ".data", ".lab", ".sha256", ".md5", ".cff", ".bib"}  # fmt: skip
"""Suffixes of what lies beside scans and is none: documents, pictures, tables, second halves of a pair."""


def foreign(path: Path) -> tuple[str, str] | None:
    """What a file is that can't be read as it is, and what to do; None where its first bytes and its name say nothing of the kind."""
    with path.open("rb") as file:
        head = file.read(132)
    if not head:
        return "empty", "copy it again"
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return next((found for magic, found in MAGIC.items() if start.startswith(magic)), None) or NAMES.get(path.suffix.lower())


def is_dicom(path: Path) -> bool:
    """Whether a file has the mark of DICOM behind its first 128 bytes."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def stands_beside(path: Path) -> bool:
    """Whether a file is what lies beside scans: hidden, a document, a picture, or without a suffix and without the mark of DICOM."""
    return path.name.startswith(".") or path.suffix.lower() in COMPANY or (not path.suffix and foreign(path) is None and not is_dicom(path))

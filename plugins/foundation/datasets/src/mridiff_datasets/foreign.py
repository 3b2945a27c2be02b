"""Foreign: what a file is that no dataset reads, by its first bytes or its name, and how its data can be brought in."""

from __future__ import annotations

from pathlib import Path

ARRAYS = "as `kspace` (coil, y, x), centred and orthonormal, into an HDF5 or npz file"

MAGIC = {
    b"version https://git-lfs": ("a Git LFS pointer: a note where the data are kept, not the data", "run `git lfs pull` in its repository"),
    b"<!doctype html": ("a web page, not data", "download the file itself"),
    b"<html": ("a web page, not data", "download the file itself"),
    b"\x93numpy": ("a single NumPy array", "numpy.savez('scan.npz', kspace=numpy.load(file)), with axes (coil, y, x), names it"),
    b"matlab 5.0 mat-file": ("a MATLAB file", f"write the arrays with scipy.io.loadmat and h5py, {ARRAYS}"),
    b"matlab 7.3 mat-file": ("a MATLAB file", f"write its arrays, whose axes are reversed there, with h5py {ARRAYS}"),
    b"# dimensions": ("the header of a BART array", f"write cfl.readcfl(name), its axes brought to (coil, y, x), {ARRAYS}"),
}
"""The first bytes in lower case, what they tell, and what to do."""

NAMES = {
    ".npy": MAGIC[b"\x93numpy"],
    ".mat": MAGIC[b"matlab 5.0 mat-file"],
    ".cfl": ("a BART array", f"write cfl.readcfl(name), its axes brought to (coil, y, x), {ARRAYS}"),
    ".dcm": ("a DICOM image", "convert the series with dcm2niix"),
    ".ima": ("a DICOM image", "convert the series with dcm2niix"),
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
    if head[128:] == b"DICM":
        return NAMES[".dcm"]
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return next((found for magic, found in MAGIC.items() if start.startswith(magic)), None) or NAMES.get(path.suffix.lower())


def stands_beside(path: Path) -> bool:
    """Whether a file is what lies beside scans: hidden, a document, a picture, or without a suffix and without the mark of DICOM."""
    return path.name.startswith(".") or path.suffix.lower() in COMPANY or (not path.suffix and foreign(path) is None)

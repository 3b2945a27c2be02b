"""fastMRI files (Zbontar et al., arXiv 1811.08839): one volume of Cartesian 2-D slices per HDF5 file.

K-space is centred and orthonormal already; rows are the readout (twice oversampled, left as it is), columns the phase encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from mridiff.errors import DataError
from mridiff.interfaces import Contents, Field, Geometry
from mridiff_sdk.io import SafeFile, afford_scan, open_hdf5

from .files import Entry, numbered, refuse
from .header import parse_header
from .raw import Raw, binary_mask, complex_tensor, unread
from .reader import Reader

__all__ = ["FastMRI"]

NAMES = ("kspace", "mask", "ismrmrd_header", "reconstruction_rss", "reconstruction_esc")
IMAGES = ("reconstruction_rss", "reconstruction_esc")


class FastMRI(Reader):
    """Slices of fastMRI files; truth: "x", and the magnitude image of the file, cropped by its makers, as "rss" or "esc".

    A file of a test set is undersampled; its mask is used and there is no "x". Ids are `file-s012`.
    """

    reads = (".h5", ".hdf5")

    def labels(self, path: Path) -> Sequence[str]:
        """One per slice."""
        with open_hdf5(path) as file:
            _check(file, path)
            return numbered(file.shape("kspace")[0], path)

    def raw(self, entry: Entry) -> Raw:
        """One slice."""
        return _read(entry)

    def about(self, entry: Entry) -> Contents:
        """Slices and coils, whether it is of a test set, and the images beside k-space."""
        with open_hdf5(entry.path) as file:
            names, (slices, *coils, ny, nx) = file.keys(), file.shape("kspace")
            images = [f"{name.removeprefix('reconstruction_')} {file.shape(name)[1:]}" for name in IMAGES if name in names]
            kept = f"{int(file.read('mask').sum())} of {nx} lines, by the mask of a test set" if "mask" in names else "all lines"
        holds = {"k-space": f"{slices} slices of (y, x) = {(ny, nx)}, complex", "coils": str(coils[0]) if coils else "one, without an axis",
                 "sampled": kept, "images": ", ".join(images) or "none"}  # fmt: skip
        return Contents(str(entry.path), holds, measured=self.acquisition.measured(coils[0] if coils else 1, (ny, nx)),
                        left_out=unread(names, NAMES))  # fmt: skip

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file holds k-space and the header that fastMRI adds."""
        with open_hdf5(path) as file:
            return {"kspace", "ismrmrd_header"} <= set(file.keys())


def _check(file: SafeFile, path: Path) -> None:
    names, problems = file.keys(), []
    if "kspace" not in names:
        refuse(path, [f"there is no array 'kspace' (it holds {', '.join(names[:10]) or 'nothing'}); a fastMRI file has one"])
    shape, dtype = file.shape("kspace"), file.dtype("kspace")
    if len(shape) not in (3, 4) or 0 in shape:
        problems.append(f"kspace: shape {shape} is neither (slice, coil, y, x) nor (slice, y, x); store it so")
    if dtype.kind != "c":
        problems.append(f"kspace: numbers of type {dtype} are not complex; store complex64")
    if "mask" in names and (file.shape("mask") not in {shape[-1:], shape[-2:]} or file.dtype("mask").kind not in "biuf"):
        found = f"shape {file.shape('mask')} and type {file.dtype('mask')}"
        problems.append(f"mask: {found} do not fit the columns of kspace {shape}; give 0 or 1 per column")
    for name in [n for n in IMAGES if n in names]:
        size, kind = file.shape(name), file.dtype(name)
        if len(size) != 3 or size[0] != shape[0] or kind.kind != "f":
            problems.append(f"{name}: shape {size} and type {kind} do not fit kspace {shape}; give (slice, y, x) real numbers")
    refuse(path, problems)


def _read(entry: Entry) -> Raw:
    source = f"{entry.path}, slice {entry.index}"
    with open_hdf5(entry.path) as file:
        names = file.keys()
        afford_scan(file.shape("kspace")[1:], source)
        kspace = complex_tensor(file.read("kspace", entry.index))
        kspace = kspace if kspace.ndim == 3 else kspace[None]
        mask = binary_mask(file.read("mask"), tuple(kspace.shape[1:]), source) if "mask" in names else None
        images = {name.removeprefix("reconstruction_"): file.read(name, entry.index) for name in IMAGES if name in names}
        geometry = _geometry(file, kspace.shape[-2:], source) if "ismrmrd_header" in names else None
    truth = {name: Field(torch.from_numpy(image.astype("float32"))[None], ("y", "x")) for name, image in images.items()}
    return Raw(source, kspace, mask=mask, truth=truth, geometry=geometry, notes=unread(names, NAMES))


def _geometry(file: SafeFile, size: Sequence[int], source: str) -> Geometry | None:
    """Voxel size (y, x) from the encoded field of view; the header's x is the readout, which lies along the rows of the array."""
    try:
        encoding = parse_header(str(file.read("ismrmrd_header")), f"{source}: ismrmrd_header")[0]
    except DataError:
        return None  # a header of another dialect: the images do not need it
    return Geometry((encoding.fov[0] / size[0], encoding.fov[1] / size[1]))

"""PET and MR images of one's own: pairs of one head on one grid, of which both acquisitions are simulated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Le
from numpy.typing import NDArray

from mridiff.errors import MridiffError
from mridiff.interfaces import Contents, Dataset, Field, Scan

from . import options
from .coarser import averaged, moved, within
from .containers import stored
from .files import numbered, refuse, select, single, stem
from .nifti import Axis, NIfTI
from .pet_mr_head import LEVELS
from .pet_mr_pair import MODALITIES, Pair, Pictures, Volumes
from .pet_mr_scanners import Scanners

__all__ = ["PetMrImages"]

ARRAYS = (".h5", ".hdf5", ".npz")
PairFile = Annotated[Path, "the PET image in NIfTI, or an HDF5 or npz file of the arrays `pet` and `mr`"]
MrFile = Annotated[Path | None, "the MR image (T1, T2 ..) in NIfTI, on the voxels of the PET image; a file of arrays holds both"]


@dataclass(kw_only=True, eq=False)
class PetMrImages(Scanners, Dataset):
    """Slices of a PET and an MR image of one head, registered: of each slice the acquisition of both is simulated.

    Two NIfTI volumes on the same voxels, or arrays `pet` and `mr` (y, x) or (slice, y, x): `numpy.savez("pair.npz", pet=pet, mr=mr)`.
    Neither is negative. Each is divided by one number, which the notes tell, so that its 99th percentile in the brightest slice is that
    of the heads that priors of pairs know. Truth: "x" (modality, y, x) in these units. Attenuation is ignored.
    """

    path: PairFile = field(kw_only=False)
    mr: MrFile = None
    slices: options.Slices = ""
    axis: Axis = 2
    size: Annotated[int, Ge(0), Le(512), "pixels of the longer side that the images are averaged to, where they have more; 0 = all"] = 0

    def __post_init__(self) -> None:
        path = single(self.path)
        self.nifti = path.name.endswith(NIfTI.reads)
        self.pair: Pair = Volumes(path, self.mr, self.axis) if self.nifti else Pictures(path)
        self.chosen = select(self.slices, self.pair.shape[0], str(path))
        self.plane = within(self.pair.shape[1:], self.size)

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> Scan:
        """One slice; raises DataError naming all that is wrong with the values of either image."""
        k, path = self.chosen[index], self.pair.source
        x = torch.from_numpy(self.images[:, k] / self.units[:, None, None])[None]
        name = stem(path) + (f"-{numbered(self.pair.shape[0], path)[k]}" if self.pair.shape[0] > 1 else "")
        activity = float(self.images[0].sum((1, 2), dtype=np.float64).max() / self.units[0])
        place = self.pair.geometry(k)
        place = None if place is None else moved(place, self.pair.shape[1:], self.plane)
        measured = replace(self.simulated(x, activity, name, k), geometry=place)
        units = " and ".join(f"{m} by {u:.4g}" for m, u in zip(MODALITIES, self.units, strict=True))
        note = f"the images are divided, {units}, so that they are about 0 to 1"
        return Scan(name, measured, {"x": Field(x, ("modality", "y", "x"))}, (note,))

    def contents(self) -> list[Contents]:
        """Both images, and what is simulated of them."""
        holds = {"format": "PET and MR images, " + ("NIfTI" if self.nifti else "arrays"),
                 "images": f"{' x '.join(map(str, self.pair.shape))} voxels along (slice, y, x), both",
                 "simulated": f"{self.counts:g} counts of PET at {self.angles} angles, MR with R = {self.acceleration:g}"}  # fmt: skip
        return [Contents(str(self.pair.source), holds, len(self.chosen), self.told(self.plane), self.pair.left_out)]

    @cached_property
    def images(self) -> NDArray[np.float32]:
        """Both, on the pixels that are asked for, (modality, slice, y, x)."""
        return averaged(self.pair.images, self.plane)

    @cached_property
    def units(self) -> NDArray[np.float32]:
        """What each image is divided by, (modality,)."""
        brightest = np.stack([[np.percentile(plane, 99) for plane in image] for image in self.images]).max(1)
        faint = [f"{m}: almost all of it is zero" for m, b in zip(MODALITIES, brightest, strict=True) if b == 0]
        refuse(self.pair.source, faint)
        return np.asarray(brightest / LEVELS, dtype=np.float32)

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether a file of arrays holds both; of a NIfTI file nothing tells that it is PET."""
        with suppress(MridiffError):
            if path.is_file() and path.name.endswith(ARRAYS):
                with stored(path) as file:
                    return set(MODALITIES) <= set(file.keys())
        return False

"""fMRI responses of one's own: trials of somebody who looks at pictures, as arrays or as NIfTI volumes of betas with a mask."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Le
from numpy.typing import NDArray
from torch import Tensor

from mridiff.errors import MridiffError, boundary
from mridiff.interfaces import Contents, Dataset, Field, Gaussian, Measured, Scan
from mridiff_sdk.io import afford

from .containers import stored
from .files import DAMAGED, refuse, single, stem
from .nifti import NIfTI, opened
from .raw import unread
from .shown import NAMES, Shown

__all__ = ["FmriResponses"]

ARRAYS = (".h5", ".hdf5", ".npz", ".mat")
TrialFile = Annotated[Path, "arrays with `responses` (trial, voxel), in HDF5, npz or MATLAB; or betas (x, y, z, trial) in NIfTI"]
MaskFile = Annotated[Path | None, "for NIfTI: a volume of 0 and 1 on the same grid, whose voxels are taken, last axis fastest"]
ShownFile = Annotated[Path | None, "an array file with `pictures`, `labels`, `captions` of the trials; that of the responses if not given"]
Size = Annotated[int, Ge(16), Le(512), "pixels of each side that pictures are brought to: those of the networks"]


@dataclass(kw_only=True, eq=False)
class FmriResponses(Dataset):
    """Scan i: the responses to picture i, as condition "voxels" (voxel), the mean over its trials; the picture, if given, as truth "x".

    Arrays: `responses` (trial, voxel), optionally `pictures` (trial, y, x, channel), `labels` (trial), alike where a picture is repeated,
    and `captions` (trial), for training: `numpy.savez("trials.npz", responses=betas, pictures=pictures, labels=labels)`. Without labels
    each trial is a scan. Voxels are those that decoders were trained on, in their order and units. Truth: RGB in [0, 1], (channel, y, x).
    """

    path: TrialFile = field(kw_only=False)
    mask: MaskFile = None
    shown: ShownFile = None
    size: Size = 32

    def __post_init__(self) -> None:
        self.path = single(self.path)
        self.nifti = self.path.name.endswith(NIfTI.reads)
        self.left_out: tuple[str, ...] = ()
        self.shape, problems = self._volumes() if self.nifti else self._array()
        refuse(self.path, problems)
        afford(3 * 4 * math.prod(self.shape), f"{self.path}: {self.shape[0]} trials of {self.shape[1]} voxels")
        beside = self.shown if self.shown is not None else None if self.nifti else self.path
        self.pictures = None if beside is None else Shown(single(beside), self.shape[0])
        refuse(beside or self.path, self.pictures.problems if self.pictures else [])
        self.groups = self.pictures.groups if self.pictures else {f"{i:03d}": [i] for i in range(self.shape[0])}

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> Scan:
        """The responses to one picture; raises DataError where they or the picture are none."""
        label = list(self.groups)[index]
        measured = Measured(None, Gaussian(), conditions={"voxels": Field(self.responses[self.groups[label]].mean(0)[None], ("voxel",))})
        x = self.pictures.picture(label, self.size) if self.pictures else None
        truth = {} if x is None else {"x": Field(x, ("channel", "y", "x"))}
        return Scan(f"{stem(self.path)}-{label}", measured, truth)

    def contents(self) -> list[Contents]:
        """Trials, voxels, and what is told of the pictures."""
        trials, voxels = self.shape
        held = list(self.pictures.held) if self.pictures else []
        holds = {"format": "fMRI responses, " + ("NIfTI" if self.nifti else "arrays"), "responses": f"{trials} trials of {voxels} voxels",
                 "shown": ", ".join(held) or "not told: no reference", "scans": f"{len(self)}, one of each label"}  # fmt: skip
        return [Contents(str(self.path), holds, len(self), {"voxels": {"voxel": voxels}}, self.left_out)]

    def captions(self) -> list[str]:
        """The caption of each scan, empty where there is none."""
        return [self.pictures.caption(label) if self.pictures else "" for label in self.groups]

    @cached_property
    def responses(self) -> Tensor:
        """All trials (trial, voxel); raises DataError where values are NaN or infinite."""
        with boundary(f"{self.path}: responses cannot be read", DAMAGED):
            found = self._betas() if self.nifti else self._read()
        bad = ~np.isfinite(found)
        refuse(self.path, [f"responses: {int(bad.sum())} values, in {int(bad.any(0).sum())} voxels, are NaN or infinite; leave them out"]
               if bad.any() else [])  # fmt: skip
        return torch.from_numpy(found)

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether a file of arrays holds `responses`; of a NIfTI file nothing tells that it holds betas."""
        with suppress(MridiffError):
            if path.is_file() and path.name.endswith(ARRAYS):
                with stored(path) as file:
                    return "responses" in set(file.keys())
        return False

    def _read(self) -> NDArray[np.float32]:
        with stored(self.path) as file:
            return np.asarray(file.read("responses"), dtype=np.float32)

    def _betas(self) -> NDArray[np.float32]:
        values = np.asarray(opened(self.path).dataobj, dtype=np.float32)
        return np.ascontiguousarray(values.reshape(*values.shape[:3], -1)[self._inside()].T)

    def _inside(self) -> NDArray[np.bool_]:
        """Where the mask holds, (x, y, z)."""
        assert self.mask is not None
        with boundary(f"{self.mask}: it cannot be read", DAMAGED):
            return np.asarray(np.asarray(opened(self.mask).dataobj) != 0)

    def _array(self) -> tuple[tuple[int, int], list[str]]:
        """Numbers of trials and voxels of a file of arrays, and what is wrong with it."""
        problems = [] if self.mask is None else ["mask: it is for NIfTI; an array holds the voxels that decoders read, and no others"]
        with boundary(f"{self.path}: it cannot be read", DAMAGED), stored(self.path) as file:
            names = file.keys()
            self.left_out = unread(names, ("responses", *NAMES))
            if "responses" not in names:
                return (0, 0), [*problems, f"there is no `responses` (trial, voxel) (it holds {', '.join(names[:10]) or 'nothing'})"]
            shape, dtype = file.shape("responses"), file.dtype("responses")
        if len(shape) != 2 or 0 in shape or dtype.kind not in "iuf":
            return (0, 0), [*problems, f"responses: shape {shape} of {dtype} is not (trial, voxel) of real numbers"]
        return (shape[0], shape[1]), problems

    def _volumes(self) -> tuple[tuple[int, int], list[str]]:
        """The same of NIfTI volumes in a mask."""
        betas = opened(self.path)
        if self.mask is None:
            return (0, 0), ["mask: it is not given; betas in NIfTI need a volume of 0 and 1 that says which voxels the decoders read"]
        mask = opened(self.mask)
        problems = [f"responses: values of type {betas.get_data_dtype()} are complex"] if betas.get_data_dtype().kind == "c" else []
        if mask.shape != betas.shape[:3]:
            return (0, 0), [*problems, f"mask: shape {mask.shape} is not that of one volume of the betas, {betas.shape[:3]}"]
        if not np.allclose(mask.affine, betas.affine, atol=1e-2):
            problems.append("mask: its affine places the voxels elsewhere than that of the betas; resample it")
        inside = self._inside()
        problems += [] if inside.any() else ["mask: no voxel is 1"]
        return (betas.shape[3] if len(betas.shape) == 4 else 1, int(inside.sum())), problems

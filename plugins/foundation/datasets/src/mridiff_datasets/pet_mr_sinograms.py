"""Measured PET beside MR: a sinogram of counts, and k-space or an image of the same head, as arrays of a file; nothing is simulated."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mridiff.errors import MridiffError, boundary
from mridiff.interfaces import Blocks, Contents, Dataset, Field, Gaussian, Measured, Poisson, Scan
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.io import afford_scan
from mridiff_sdk.operators import Radon

from . import options
from .containers import stored
from .files import DAMAGED, numbered, refuse, select, single, stem
from .noise_level import noise_level
from .pet_mr_head import LEVELS, blurred
from .raw import binary_mask, unread
from .real_images import facing
from .support import sampled

__all__ = ["PetMrSinograms"]

READS = (".h5", ".hdf5", ".npz")
KNOWN = ("sinogram", "angles", "kspace", "mr", "mask", "background", "noise_std", "scale")
SMOOTH = 4.0
"""Pixels of the blur, full width at half maximum, under which the level of activity is looked for."""
UNEVEN, WIDER = 0.1, 1.5
"""Relative spread of the totals of projections, and ratio of widths of PET and MR, above which something is odd."""
MrFile = Annotated[Path, "an HDF5 or npz file of the arrays `sinogram`, `angles`, and `kspace` or `mr`"]


@dataclass(kw_only=True, eq=False)
class PetMrSinograms(Dataset):
    """Slices of a measured sinogram beside k-space of one coil, or beside an MR image, of the same head on the grid of the image.

    Arrays: `sinogram` (angle, bin) or (slice, angle, bin), counts in bins as wide as a pixel; `angles` (angle) in radians, where a pixel
    at (y, x) from the centre falls into the bin at x cos + y sin from the middle; `kspace` (y, x) or (slice, y, x), centred and
    orthonormal, of a real image, or `mr` likewise, magnitudes. Optional: `background`, expected randoms and scatter, one number or as the
    sinogram; `mask` of k-space; `noise_std` per complex sample; `scale` (modality), counts and k-space for images of about 0 to 1, told
    from the data where it is not given. Attenuation is not modelled.
    """

    path: MrFile = field(kw_only=False)
    slices: options.Slices = ""

    def __post_init__(self) -> None:
        self.path = single(self.path)
        with boundary(f"{self.path}: it cannot be read", DAMAGED), stored(self.path) as file:
            self.names = file.keys()
            self.shapes = {n: file.shape(n) for n in self.names if n in KNOWN}
            refuse(self.path, _problems(self.names, self.shapes, {n: file.dtype(n) for n in self.shapes}))
        self.mr = "kspace" if "kspace" in self.names else "mr"
        self.several = len(self.shapes["sinogram"]) == 3
        self.count = self.shapes["sinogram"][0] if self.several else 1
        self.chosen = select(self.slices, self.count, str(self.path))

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> Scan:
        """One slice; raises DataError naming all that is wrong with its values."""
        k = self.chosen[index]
        name = stem(self.path) + (f"-{numbered(self.count, self.path)[k]}" if self.several else "")
        source, notes = f"{self.path}, slice {k}", list(unread(self.names, KNOWN))
        part = self._parts(k)
        refuse(source, _impossible(part))
        g, angles = (torch.from_numpy(part[n].astype(np.float32))[None] for n in ("sinogram", "angles"))
        background = torch.from_numpy(np.asarray(part.get("background", 0.0), dtype=np.float32))
        y, mask = self._mr(part, source)
        std = float(part["noise_std"].reshape(())) if "noise_std" in part else noise_level(y, mask)
        y, problems = facing(y[0], mask, std or 0.0)
        refuse(source, problems)
        pet = Radon((y.shape[0], y.shape[1]), angles, g.shape[-1], torch.ones(1)).rough(g - background)
        image = ifft(y)
        scale = torch.tensor(part["scale"].astype(np.float32)) if "scale" in part else levels(pet, image)
        notes += [*_doubts(g, background, pet, image), f"PET is in units of {scale[0]:.4g} counts, MR of {scale[1]:.4g} of its values"]
        fields = {"angles": Field(angles, ("angle",), "rad"), "mask": Field(mask[None].float(), ("ky", "kx")),
                  "scale": Field(scale[None], ("modality",))}  # fmt: skip
        even = float(background) if background.ndim == 0 else background[None]
        return Scan(name, Measured((g, y[None]), Blocks((Poisson(even), Gaussian(std or None))), fields), notes=tuple(notes))

    def contents(self) -> list[Contents]:
        """The arrays with their shapes."""
        ny, nx = self.shapes[self.mr][-2:]
        angles, bins = self.shapes["sinogram"][-2:]
        space = {"ky": ny, "kx": nx}
        measured = {"y0": {"angle": angles, "bin": bins}, "y1": space, "angles": {"angle": angles}, "mask": space, "scale": {"modality": 2}}
        holds = {"format": "PET sinogram beside MR", **{n: str(s) for n, s in self.shapes.items() if s}}
        return [Contents(str(self.path), holds, len(self.chosen), measured, unread(self.names, KNOWN))]

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether a file of arrays holds a sinogram."""
        with suppress(MridiffError):
            if path.is_file() and path.name.endswith(READS):
                with stored(path) as file:
                    return "sinogram" in set(file.keys())
        return False

    def _parts(self, k: int) -> dict[str, NDArray[Any]]:
        """The arrays, those of slice k where they are stored for every slice."""
        afford_scan((4, *self.shapes[self.mr][-2:]), str(self.path))
        whole = {"angles": 1, "noise_std": 0, "scale": 1}
        with boundary(f"{self.path}: slice {k} cannot be read", DAMAGED), stored(self.path) as file:
            return {n: file.read(n, (k,) if self.several and len(s) > whole.get(n, 2) else None) for n, s in self.shapes.items()}

    def _mr(self, part: dict[str, NDArray[Any]], source: str) -> tuple[Tensor, Tensor]:
        """K-space (coil, ky, kx) of one coil, zero where not measured, and what is measured, bool (ky, kx)."""
        if self.mr == "mr":
            y = fft(torch.from_numpy(part["mr"].astype(np.complex64)))[None]
            return y, torch.ones(y.shape[1:], dtype=torch.bool)
        y = torch.from_numpy(part["kspace"].astype(np.complex64))[None]
        mask = binary_mask(part["mask"], tuple(y.shape[1:]), source) if "mask" in part else sampled(y)
        return torch.where(mask, y, 0), mask


def levels(pet: Tensor, mr: Tensor) -> Tensor:
    """What counts and k-space are of images of about 0 to 1, (modality,), from first looks at them: (1, y, x) and (y, x)."""
    seen = blurred(pet[0], SMOOTH).clamp_min(0), mr.abs()
    return torch.stack([x.flatten().quantile(0.99) / level for x, level in zip(seen, LEVELS, strict=True)])


def _problems(names: tuple[str, ...], shapes: dict[str, tuple[int, ...]], dtypes: dict[str, Any]) -> list[str]:
    """All that is wrong with names, shapes and types."""
    missing = [n for n in ("sinogram", "angles") if n not in names] + ([] if {"kspace", "mr"} & set(names) else ["kspace or mr"])
    problems = [f"there is no {', no '.join(missing)} (it holds {', '.join(names[:10]) or 'nothing'}); `mridiff show pet-mr-sinograms` "
                "says what such a file holds"] if missing else []  # fmt: skip
    problems += ["mr: it stands beside kspace; remove one of the two"] if {"kspace", "mr"} <= set(names) else []
    for name, dtype in dtypes.items():
        kinds, numbers = ("c", "complex") if name == "kspace" else ("biuf", "real")
        problems += [] if dtype.kind in kinds else [f"{name}: its values of type {dtype} are not {numbers} numbers"]
    if missing:
        return problems
    sinogram, image = shapes["sinogram"], shapes.get("kspace", shapes.get("mr", ()))
    lead = sinogram[:-2]
    if len(sinogram) not in (2, 3) or 0 in sinogram:
        problems.append(f"sinogram: shape {sinogram} is neither (angle, bin) nor (slice, angle, bin)")
    plane = image[-2:]
    wanted: dict[str, tuple[str, set[tuple[int, ...]]]] = {
        "angles": ("one of each projection, (angle)", {sinogram[-2:-1]}),
        "kspace": (f"(y, x), of as many slices as the sinogram, {lead or 'one'}", {(*lead, *plane)}),
        "mr": (f"(y, x), of as many slices as the sinogram, {lead or 'one'}", {(*lead, *plane)}),
        "mask": (f"(y, x) = {plane} or (x), or one (y, x) per slice", {plane, plane[-1:], (*lead, *plane)}),
        "background": (f"one number, or as the sinogram, {sinogram}", {(), (1,), sinogram, sinogram[-2:]}),
        "noise_std": ("one number", {(), (1,)}),
        "scale": ("one number for each modality, (2)", {(2,)}),
    }
    return problems + [
        f"{n}: shape {shapes[n]} is not {what}" for n, (what, fits) in wanted.items() if n in shapes and shapes[n] not in fits
    ]


def _impossible(part: dict[str, NDArray[Any]]) -> list[str]:
    """What no counts, angles and magnitudes are like."""
    problems = [f"{n}: {bad} of {v.size} values are NaN or infinite" for n, v in part.items() if (bad := int((~np.isfinite(v)).sum()))]
    for name in ("sinogram", "mr", "background"):
        if name in part and (below := int((part[name] < 0).sum())):
            problems.append(f"{name}: {below} of {part[name].size} values are negative, down to {float(part[name].min()):.4g}; "
                            "counts, magnitudes and expected counts are not: give prompts, and randoms as `background`")  # fmt: skip
    if "scale" in part and not (part["scale"] > 0).all():
        problems.append("scale: both numbers are above 0")
    if np.abs(part["angles"]).max(initial=0) > 2 * math.pi + 1e-3:
        problems.append(
            f"angles: they go up to {float(np.abs(part['angles']).max()):.4g}, which are no radians; give numpy.deg2rad(angles)"
        )
    return problems + [f"{n}: it is zero everywhere" for n in ("sinogram", "kspace", "mr") if n in part and not part[n].any()]


def _doubts(g: Tensor, background: Tensor, pet: Tensor, mr: Tensor) -> list[str]:
    """What is odd about counts (1, angle, bin) with their background, or about first looks at PET and MR, in sentences."""
    totals, found = (g - background).sum(-1), []
    if bool((g != g.round()).any()):
        found.append("the sinogram holds no whole numbers: corrected counts have not the noise of counts")
    if float(totals.std() / totals.mean().clamp_min(1e-6)) > UNEVEN + 3 / math.sqrt(max(float(totals.mean()), 1.0)):
        found.append("the totals of the projections differ, which without attenuation are all the same: PET may come out uneven")
    widths = [_width(x) for x in (blurred(pet[0], SMOOTH).clamp_min(0), mr.abs())]
    if not 1 / WIDER < widths[0] / widths[1] < WIDER:
        found.append(f"PET is {widths[0] / widths[1]:.2g} times as wide as MR: the bins of the sinogram must be as wide as a pixel")
    return found


def _width(image: Tensor) -> float:
    """The root mean square distance from the middle of an image (y, x), in pixels, of what is in its brighter part."""
    bright = (image > 0.3 * image.flatten().quantile(0.99)).nonzero().double()
    return max(1.0, float((bright - bright.mean(0)).square().sum(1).mean().sqrt()))

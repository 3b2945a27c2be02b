"""Plain arrays, in HDF5, NumPy, MATLAB or BART files: k-space, or images of which an acquisition is simulated; centred and orthonormal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from mridiff.interfaces import Contents, Field
from mridiff_sdk.io import afford_scan

from . import options
from .containers import open_arrays
from .files import Entry, numbered, refuse
from .named import COUNTED, Named
from .raw import Raw, binary_mask, complex_tensor, unread
from .reader import Reader
from .simulation import Simulation

__all__ = ["Arrays"]

NAMES = ("kspace", "image", "sensitivity_maps", "mask", "reference", "field_map", "noise_std")
KNOWN = (*NAMES, "axes")
HELD = "biufc"
TRAJECTORIES = ("trajectory", "traj", "ktraj", "coords")


@dataclass(kw_only=True, eq=False)
class Arrays(options.Images, options.Ordered, Reader):
    """Slices of array files with `kspace` (y, x), (coil, y, x) or (slice, coil, y, x), or with `image` (y, x) or (slice, y, x).

    Optional beside them: `sensitivity_maps` (coil, y, x) or (slice, coil, y, x), `mask` (y, x), (x) or (slice, y, x) of 0 and 1,
    `reference` (y, x) or (slice, y, x), `field_map` in Hz likewise, `noise_std` (one number, per complex sample). Other orders, and echo,
    frames and repetitions, by the names of the axes: the option `axes`, an attribute `axes` of HDF5, an array `axes` of npz; MATLAB has
    (y, x, coil, slice), BART its dimensions. kz is transformed. K-space that is full and has a `mask` is undersampled by it, unless an
    acceleration is asked for. Maps are brought to unit root-sum-of-squares. `coils`, `coil_seed` and `phase` are for images.
    """

    reads = (".h5", ".hdf5", ".npz", ".npy", ".mat", ".cfl")

    @property
    def simulation(self) -> Simulation:
        """The coils that see images."""
        return Simulation(self.coils, self.coil_seed, self.phase)

    def labels(self, path: Path) -> Sequence[str]:
        """One per slice, echo, frame, repetition."""
        with open_arrays(path, self.holds, self.axes) as file:
            refuse(path, _problems(file))
            counters = _counters(file)
            numbered(math.prod(counters.values()), path)
        varying = {a: n for a, n in counters.items() if n > 1} or counters
        return ["-".join(f"{COUNTED[a]}{i:03d}" for a, i in zip(varying, place, strict=True)) for place in np.ndindex(*varying.values())]

    def raw(self, entry: Entry) -> Raw:
        """One slice."""
        with open_arrays(entry.path, self.holds, self.axes) as file:
            return _read(file, entry, self.simulation)

    def about(self, entry: Entry) -> Contents:
        """The arrays with their axes, and what is simulated of an image."""
        with open_arrays(entry.path, self.holds, self.axes) as file:
            main, names = file.main, set(file.keys())
            held = {n: f"({', '.join(file.axes(n))}) = {file.shape(n)} {file.dtype(n)}" for n in NAMES if n in names and n != "noise_std"}
            shape = file.shape("sensitivity_maps" if main == "image" and "sensitivity_maps" in names else main)
            coils = shape[-3] if "coil" in file.axes(main) or (main == "image" and "sensitivity_maps" in names) else 1
            size, kz = file.shape(main)[-2:], "kz" in file.axes(main)
        coils = self.coils if main == "image" and "sensitivity_maps" not in names else coils
        held |= {"simulated": f"k-space of {coils} coils"} if main == "image" else {}
        held |= {"kz": "transformed to slices"} if kz else {}
        more = {"field_map": dict(zip("yx", size, strict=True))} if "field_map" in names else {}
        measured = self.acquisition.measured(coils, size) | more
        return Contents(str(entry.path), held, measured=measured, left_out=unread(names, KNOWN))

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file holds `kspace` or `image`, and is no fastMRI or ISMRMRD file, nor PET beside MR."""
        with open_arrays(path, "kspace", "") as file:
            names = set(file.keys())
        return (
            bool(names & {"kspace", "image"}) and not names & {"ismrmrd_header", "sinogram"} and not any(n.endswith("/xml") for n in names)
        )


def _counters(file: Named) -> dict[str, int]:
    """The axes of k-space or of the image that tell one scan from another, with their sizes."""
    sizes = dict(zip(file.axes(file.main), file.shape(file.main), strict=True))
    return {a: n for a, n in sizes.items() if a in COUNTED}


def _problems(file: Named) -> list[str]:
    """All that is wrong with the names, shapes and types of a file."""
    names, main = set(file.keys()), file.main
    if not main:
        return [f"there is neither 'kspace' nor 'image' (it holds {', '.join(sorted(names)[:10]) or 'nothing'}); "
                "name the array 'kspace', with axes (coil, y, x)"]  # fmt: skip
    problems = [f"{name}: its samples lie off a grid, and only Cartesian k-space is read; grid them first, and store `kspace` without it"
                for name in TRAJECTORIES if name in names]  # fmt: skip
    if "image" in names:
        problems += [f"{extra}: it stands beside 'image', which is simulated from and compared with; remove one of the two"
                     for extra in ("kspace", "reference", "field_map", "noise_std") if extra in names]  # fmt: skip
    shape, dtype, axes = file.shape(main), file.dtype(main), file.axes(main)
    if not {"y", "x"} <= set(axes) or len(axes) != len(shape) or 0 in shape or (main == "image" and {"coil", "kz"} & set(axes)):
        known = "(y, x) or (coil, y, x) or (slice, coil, y, x)" if main == "kspace" else "(y, x) or (slice, y, x)"
        return [*problems, f"{main}: shape {shape} is not {known}; reorder or split it, or name its axes by the option axes"]
    if dtype.kind not in ("c" if main == "kspace" else HELD):
        problems.append(f"{main}: numbers of type {dtype} are not {'complex' if main == 'kspace' else 'numbers'}; store complex64")
    count = math.prod(_counters(file).values())
    coils = (shape[-3] if "coil" in axes else 1) if main == "kspace" else None
    return problems + _beside(file, shape[-2:], count, coils)


def _beside(file: Named, size: tuple[int, ...], count: int, coils: int | None) -> list[str]:
    """Problems of the optional arrays, against k-space or images of `size` (y, x) in `count` slices."""
    wanted = {
        "sensitivity_maps": f"(coil, y, x) = ({coils or 'any'}, {', '.join(map(str, size))}), or one such per slice",
        "mask": f"(y, x) = {size} or (x), or one (y, x) per slice",
        "reference": f"(y, x) = {size}, or one such per slice",
        "field_map": f"(y, x) = {size}, or one such per slice",
        "noise_std": "one number",
    }
    names, problems = file.keys(), []
    for name in [n for n in wanted if n in names]:
        want = wanted[name]
        shape, dtype = file.shape(name), file.dtype(name)
        per_slice = (count, *shape[1:]) == shape
        plane = shape == size or (shape[-2:] == size and len(shape) == 3 and per_slice)
        fits = {
            "sensitivity_maps": shape[-2:] == size and (len(shape) == 3 or (len(shape) == 4 and per_slice)) and coils in (None, shape[-3]),
            "mask": plane or shape == size[-1:],
            "reference": plane,
            "field_map": plane,
            "noise_std": shape in {(), (1,)},
        }[name]
        if not fits:
            problems.append(f"{name}: shape {shape} is not {want}; one of the two arrays has other axes than it should")
        kinds, numbers = (HELD, "real or complex") if name in {"sensitivity_maps", "reference"} else ("biuf", "real")
        if dtype.kind not in kinds:
            problems.append(f"{name}: its values of type {dtype} are not {numbers} numbers")
    return problems


def _read(file: Named, entry: Entry, simulation: Simulation) -> Raw:
    source = f"{entry.path}, slice {entry.index}"
    names, main = set(file.keys()), file.main
    place = tuple(int(i) for i in np.unravel_index(entry.index, tuple(_counters(file).values()))) if _counters(file) else ()

    def part(name: str, ndim: int) -> torch.Tensor:
        own = place if name == main else (entry.index,)  # what stands beside it counts the scans along one axis
        return complex_tensor(file.read(name, (own or (0,)) if len(file.shape(name)) > ndim else ()))

    notes = unread(names, KNOWN)
    maps = part("sensitivity_maps", 3) if "sensitivity_maps" in names else None
    one = (entry.index,) if "mask" in names and len(file.shape("mask")) > 2 else ()
    mask = binary_mask(file.read("mask", one), file.shape(main)[-2:], source) if "mask" in names else None
    std = float(file.read("noise_std").reshape(())) if "noise_std" in names else None
    truth = {"x": Field(part("reference", 2)[None], ("y", "x"))} if "reference" in names else {}
    more = {"field_map": Field(part("field_map", 2).real[None], ("y", "x"), "Hz")} if "field_map" in names else {}
    if main == "image":
        return replace(simulation.raw(source, part("image", 2), maps=maps, mask=mask), notes=notes)
    coils = "coil" in file.axes(main)
    afford_scan(file.shape(main)[-2 - coils :], source)
    kspace = part("kspace", 2 + coils)
    return Raw(source, kspace if coils else kspace[None], mask=mask, maps=maps, noise_std=std, truth=truth, more=more, notes=notes)

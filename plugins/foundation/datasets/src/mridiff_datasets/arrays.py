"""Plain arrays, in HDF5 or npz: k-space, or images of which an acquisition is simulated; centred and orthonormal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mridiff.interfaces import Contents, Field
from mridiff_sdk.io import SafeFile, afford_scan, open_hdf5

from . import options
from .files import Entry, numbered, refuse
from .npz import Npz, open_npz
from .raw import Raw, binary_mask, complex_tensor, unread
from .reader import Reader
from .simulation import Simulation

__all__ = ["Arrays"]

LAYOUTS = {2: ("y", "x"), 3: ("coil", "y", "x"), 4: ("slice", "coil", "y", "x")}
NAMES = ("kspace", "image", "sensitivity_maps", "mask", "reference", "noise_std")
HELD = "biufc"
TRAJECTORIES = ("trajectory", "traj", "ktraj", "coords")


@dataclass(kw_only=True, eq=False)
class Arrays(options.Images, Reader):
    """Slices of array files with `kspace` (y, x), (coil, y, x) or (slice, coil, y, x), or with `image` (y, x) or (slice, y, x).

    Optional beside them: `sensitivity_maps` (coil, y, x) or (slice, coil, y, x), `mask` (y, x) or (x) of 0 and 1, `reference` (y, x) or
    (slice, y, x), `noise_std` (one number, per complex sample). K-space that is full and has a `mask` is undersampled by it, unless an
    acceleration is asked for. Maps are brought to unit root-sum-of-squares. `coils`, `coil_seed` and `phase` are for images.
    """

    reads = (".h5", ".hdf5", ".npz")

    @property
    def simulation(self) -> Simulation:
        """The coils that see images."""
        return Simulation(self.coils, self.coil_seed, self.phase)

    def labels(self, path: Path) -> Sequence[str]:
        """One per slice."""
        with _open(path) as file:
            refuse(path, _problems(file))
            return numbered(_slices(file), path)

    def raw(self, entry: Entry) -> Raw:
        """One slice."""
        return _read(entry, self.simulation)

    def about(self, entry: Entry) -> Contents:
        """The arrays with their axes, and what is simulated of an image."""
        with _open(entry.path) as file:
            names = set(file.keys())
            main = "kspace" if "kspace" in names else "image"
            holds = {name: f"{file.shape(name)} {file.dtype(name)}" for name in NAMES if name in names}
            shape, maps = file.shape(main), file.shape("sensitivity_maps") if "sensitivity_maps" in names else (self.coils, 0, 0)
        coils = maps[-3] if main == "image" else shape[-3] if len(shape) > 2 else 1
        layout = LAYOUTS[len(shape)] if main == "kspace" else ("slice", "y", "x")[-len(shape) :]
        holds |= {main: f"({', '.join(layout)}) = {holds[main]}"} | (
            {"k-space": f"none: simulated with {coils} coils"} if main == "image" else {}
        )
        return Contents(str(entry.path), holds, measured=self.acquisition.measured(coils, shape[-2:]), left_out=unread(names, NAMES))

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file holds `kspace` or `image` and is not a fastMRI or ISMRMRD file."""
        with _open(path) as file:
            names = set(file.keys())
        return bool(names & {"kspace", "image"}) and "ismrmrd_header" not in names and not any(n.endswith("/xml") for n in names)


def _open(path: Path) -> AbstractContextManager[SafeFile | Npz]:
    return open_npz(path) if path.name.endswith(".npz") else open_hdf5(path)


def _slices(file: SafeFile | Npz) -> int:
    names = file.keys()
    name, most = ("kspace", 4) if "kspace" in names else ("image", 3)
    return file.shape(name)[0] if len(file.shape(name)) == most else 1


def _problems(file: SafeFile | Npz) -> list[str]:
    """All that is wrong with the names, shapes and types of a file."""
    names = set(file.keys())
    if not names & {"kspace", "image"}:
        return [f"there is neither 'kspace' nor 'image' (it holds {', '.join(sorted(names)[:10]) or 'nothing'}); "
                "name the array 'kspace', with axes (coil, y, x)"]  # fmt: skip
    problems = [f"{name}: its samples lie off a grid, and only Cartesian k-space is read; grid them first, and store `kspace` without it"
                for name in TRAJECTORIES if name in names]  # fmt: skip
    if "image" in names:
        problems += [f"{extra}: it stands beside 'image', which is simulated from and compared with; remove one of the two"
                     for extra in ("kspace", "reference", "noise_std") if extra in names]  # fmt: skip
    main = "kspace" if "kspace" in names else "image"
    shape, dtype = file.shape(main), file.dtype(main)
    allowed = (2, 3, 4) if main == "kspace" else (2, 3)
    if len(shape) not in allowed or 0 in shape:
        known = " or ".join(str(LAYOUTS[n]) for n in allowed) if main == "kspace" else "(y, x) or (slice, y, x)"
        problems.append(f"{main}: shape {shape} is not {known}".replace("'", "") + "; reorder or split it")
    if dtype.kind not in ("c" if main == "kspace" else HELD):
        problems.append(f"{main}: numbers of type {dtype} are not {'complex' if main == 'kspace' else 'numbers'}; store complex64")
    size = shape[-2:]
    count = _slices(file)
    coils = (shape[-3] if len(shape) > 2 else 1) if main == "kspace" else None
    problems += _beside(file, size, count, coils)
    return problems


def _beside(file: SafeFile | Npz, size: tuple[int, ...], count: int, coils: int | None) -> list[str]:
    """Problems of the optional arrays, against k-space or images of `size` (y, x) in `count` slices."""
    wanted = {
        "sensitivity_maps": f"(coil, y, x) = ({coils or 'any'}, {', '.join(map(str, size))}), or one such per slice",
        "mask": f"(y, x) = {size} or (x)",
        "reference": f"(y, x) = {size}, or one such per slice",
        "noise_std": "one number",
    }
    names, problems = file.keys(), []
    for name in [n for n in wanted if n in names]:
        want = wanted[name]
        shape, dtype = file.shape(name), file.dtype(name)
        per_slice = (count, *shape[1:]) == shape
        fits = {
            "sensitivity_maps": shape[-2:] == size and (len(shape) == 3 or (len(shape) == 4 and per_slice)) and coils in (None, shape[-3]),
            "mask": shape in {size, size[-1:]},
            "reference": shape == size or (shape[-2:] == size and len(shape) == 3 and per_slice),
            "noise_std": shape in {(), (1,)},
        }[name]
        if not fits:
            problems.append(f"{name}: shape {shape} is not {want}; one of the two arrays has other axes than it should")
        kinds, numbers = (HELD, "real or complex") if name in {"sensitivity_maps", "reference"} else ("biuf", "real")
        if dtype.kind not in kinds:
            problems.append(f"{name}: its values of type {dtype} are not {numbers} numbers")
    return problems


def _read(entry: Entry, simulation: Simulation) -> Raw:
    source = f"{entry.path}, slice {entry.index}"
    with _open(entry.path) as file:
        names = set(file.keys())

        def part(name: str, ndim: int) -> torch.Tensor:
            shape = file.shape(name)
            return complex_tensor(file.read(name, entry.index if len(shape) > ndim else None))

        size = file.shape("kspace" if "kspace" in names else "image")[-2:]
        notes = unread(names, NAMES)
        maps = part("sensitivity_maps", 3) if "sensitivity_maps" in names else None
        mask = binary_mask(file.read("mask"), size, source) if "mask" in names else None
        std = float(file.read("noise_std").reshape(())) if "noise_std" in names else None
        truth = {"x": Field(part("reference", 2)[None], ("y", "x"))} if "reference" in names else {}
        if "image" in names:
            return replace(simulation.raw(source, part("image", 2), maps=maps, mask=mask), notes=notes)
        afford_scan(file.shape("kspace")[-3:], source)
        kspace = part("kspace", 3)
    return Raw(source, kspace if kspace.ndim == 3 else kspace[None], mask=mask, maps=maps, noise_std=std, truth=truth, notes=notes)

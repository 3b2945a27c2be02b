"""Results as BART arrays: complex, every slice of a volume along BART's own dimension for slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from mridiff.errors import DataError, boundary
from mridiff_sdk.io import afford

from .derived import results
from .volumes import Slice, order, slices

__all__ = ["bart", "write_cfl"]

DIMENSIONS = {"x": 0, "y": 1, "z": 2, "kz": 2, "coil": 3, "echo": 5, "channel": 6, "t": 10, "slice": 13, "sample": 15}
"""BART's numbers of axes: readout, phase encodings, coils, echoes, coefficients, frames, slices, batch."""
MOST = 16


def bart(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a run of `mridiff recon`.")],
    to: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the arrays; OUT/bart if not given.")] = None,
) -> None:
    """Write results as BART arrays (.cfl and .hdr), complex and in the units of the data; slices of one volume as one array."""
    folder = to or out / "bart"
    files = [place / "reconstruction.h5" for place, _ in results(out)]
    made = {name: _together(name, held) for name, held in slices(files, alone=True).items()}
    with boundary(f"{folder}: it cannot be written"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, (image, axes) in made.items():
            write_cfl(folder / f"{name}.cfl", image, axes)
            typer.echo(f"{folder / name}.cfl: ({', '.join(axes)}) = {image.shape}")


def _together(name: str, held: list[Slice]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The image of a scan, or of a volume with its slices in their places, and its axes; DataError where they are of several kinds."""
    if len(held) == 1:
        return held[0].image(), held[0].axes
    if len({(one.axes, one.shape) for one in held}) > 1 or "slice" in held[0].axes:
        raise DataError(f"{name}: its slices have different axes or sizes", hint="Name a folder of results of one kind.")
    afford(2 * len(held) * math.prod(held[0].shape) * 8, f"{name}: {len(held)} slices")
    places = order(held)[0] if all(one.affine is not None for one in held) else list(range(len(held)))
    image = np.zeros((max(places) + 1, *held[0].shape), np.complex64)
    for place, one in zip(places, held, strict=True):
        image[place] = one.image()
    return image, ("slice", *held[0].axes)


def write_cfl(path: Path, image: NDArray[Any], axes: Sequence[str]) -> None:
    """An array with the named axes as `path` (.cfl) and its header, complex64; raises DataError for an axis that BART has no place for."""
    unknown = [a for a in axes if a not in DIMENSIONS]
    if unknown or len({DIMENSIONS[a] for a in axes if a in DIMENSIONS}) < len(axes):
        raise DataError(f"BART has no dimension for {', '.join(unknown) or 'two of'} ({', '.join(axes)})",
                        hint=f"It has some for {', '.join(DIMENSIONS)}.")  # fmt: skip
    sizes = [1] * MOST
    for axis, n in zip(axes, image.shape, strict=True):
        sizes[DIMENSIONS[axis]] = n
    ordered = np.transpose(image, np.argsort([-DIMENSIONS[a] for a in axes]))  # the first of BART's runs fastest
    np.ascontiguousarray(ordered, dtype="<c8").tofile(path)
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, sizes))} \n")

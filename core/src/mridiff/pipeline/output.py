"""Output: what a reconstruction leaves in its folder, all of it or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from ..interfaces.scan import Scan
from ..io.atomic import to_disk
from .folder import folder_name
from .method import Reconstruction
from .record import sealed, write_json
from .services import service

LEFT = ("record.json", "reconstruction.h5", "reconstruction.nii.gz", "overview.png")  # what a scan's folder may hold of ours


def write_scan(folder: Path, result: Reconstruction, scan: Scan, record: Mapping[str, Any], mark: str = ".partial-",
               pictures: bool = True) -> dict[str, Any]:  # fmt: skip
    """Write all about one scan to a temporary folder (`mark` + name) beside `folder`, then rename it; gives the record with all hashes."""
    partial = folder.with_name(mark + folder.name)
    partial.mkdir()  # not its parents: a results folder that vanished is an error
    try:
        _write_arrays(partial / "reconstruction.h5", result, scan)
        for name, picture in (("image", "reconstruction.nii.gz"), ("overview", "overview.png")):
            if pictures and (draw := service(name)) is not None:
                draw(partial / picture, result, scan)
        whole = sealed(record, partial.iterdir())
        write_json(partial / "record.json", whole)
        for file in (*partial.iterdir(), partial):
            to_disk(file)
        _settle(partial, folder)
        to_disk(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return whole


def _settle(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    for name in LEFT:  # the record goes first and comes last: without it, nobody takes the rest for a result. Files of others stay
        (folder / name).unlink(missing_ok=True)
    for name in reversed(LEFT):
        if (partial / name).exists():
            (partial / name).rename(folder / name)


def _write_arrays(path: Path, result: Reconstruction, scan: Scan) -> None:
    geometry = scan.measured.geometry
    with h5py.File(path, "w") as file:
        file["reconstruction"] = result.x[0].numpy()
        file["samples"] = result.samples.numpy()
        if result.std is not None:
            file["std"] = result.std.numpy()
        if result.baseline is not None:
            file["baseline"] = result.baseline[0].numpy()
            file.attrs["baseline_name"] = result.baseline_name
        for name, value in {**result.maps, **{f"estimates/{n}": e for n, e in result.estimates.items()}}.items():
            file[name] = value.numpy()
        for name, output in result.outputs.items():
            file[f"outputs/{name}"] = output.data.numpy()
            file[f"outputs/{name}"].attrs["axes"] = list(output.axes)
        file.attrs["axes"] = list(result.axes)
        file.attrs["scale"] = result.scale
        if geometry is not None:
            file.attrs["voxel_size_mm"] = geometry.voxel_size
        if geometry is not None and geometry.affine is not None:
            file.attrs["affine"] = geometry.affine
        if scan.volume:
            file.attrs["volume"] = folder_name(scan.volume)

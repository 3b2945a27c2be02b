"""Pictures of a cell: what its `reconstruction.h5` holds, as PNG files for the page, made where they are missing or out of date."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.interfaces import Field
from mridiff.pipeline.record import seal

from ..io.hdf5 import SafeFile, open_hdf5
from ..plots.frames import MOST, Frames, frames, kept, names, save
from ..plots.window import error_of, window_of

FOLDER, FILE, FORM = "pictures", "pictures.json", 1
MAPS = ("std", "null_space", "null_space_std")
"""What is shown as errors are, in their scale."""
SAMPLES = 16
"""How many samples are shown at most."""


def pictures(folder: Path, made: Path, record: Mapping[str, Any], truth: Callable[[], Field | None], mark: str) -> dict[str, Any]:
    """What the pictures of a cell are (its `pictures.json`), drawn into `folder` unless they are those of its record already.

    `made` is the cell's folder, `truth` gives the reference where one is known; those beside `folder` are what all cells of a scan share.
    """
    bounds = made / "intervals.h5"
    made_from = {
        "form": FORM,
        "record": record["sha256"],
        "bounds": hashlib.sha256(bounds.read_bytes()).hexdigest() if bounds.is_file() else "",
    }
    known = _known(folder)
    if known.get("made_from") == made_from:
        return known
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(mark + folder.name)
    partial.mkdir()
    try:
        with open_hdf5(made / "reconstruction.h5") as file:
            drawn = Drawing(partial, folder.parent, mark).draw(file, truth())
        if bounds.is_file():
            with open_hdf5(bounds) as file:
                drawn.bounds(file)
        files = {f.name: f.stat().st_size for f in partial.iterdir()}
        found = {"made_from": made_from, **drawn.found, "files": files}
        (partial / FILE).write_text(json.dumps({**found, "sha256": seal(found)}))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return found


def _known(folder: Path) -> dict[str, Any]:
    """What lies in the folder; nothing where it is damaged or not whole."""
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_bytes())
        sealed = found.pop("sha256") == seal(found)
        shared = [folder.parent / s["file"] for s in found["shared"].values()]
        whole = all((folder / name).stat().st_size == size for name, size in found["files"].items()) and all(s.is_file() for s in shared)
        return found if sealed and whole else {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


class Drawing:
    """The pictures of one cell on their way into a folder; `found` says of each which values are black and white."""

    def __init__(self, folder: Path, shared: Path, mark: str) -> None:
        self.folder, self.beside, self.mark = folder, shared, mark
        self.found: dict[str, Any] = {"kinds": {}, "shared": {}}
        self.axes: tuple[str, ...] = ()
        self.places: list[int] = []
        self.white = 0.0

    def draw(self, file: SafeFile, truth: Field | None) -> Drawing:
        """Result, error, samples and what they say of themselves, reference and first look, as far as they are there."""
        values, about, there = file.read("reconstruction"), file.attributes(), set(file.keys())
        self.axes = tuple(map(str, about["axes"]))
        x, labels = frames(values, self.axes), names(self.axes, values.shape)
        self.places = kept(len(x), x[0].size)
        x = x[self.places]
        reference = None
        if truth is not None and truth.axes == self.axes and truth.data.shape[1:] == values.shape:
            reference = self._frames(truth.data[0].numpy())
        window = window_of((x if reference is None else reference).astype(np.float64))
        self.white = 0.0 if reference is None else float(np.abs(reference).max())
        self.found |= {"size": list(x.shape[1:3]), "aspect": self._aspect(about), "frames": [labels[i] for i in self.places],
                       "peak": self.white or float(np.abs(x).max()), "window": [window.low, window.high]}  # fmt: skip
        self._image("x", x)
        if reference is not None:
            self._share("reference", "reference", reference)
            self._map("error", np.stack([error_of(p, r) for p, r in zip(x, reference, strict=True)]))
        for name in MAPS:
            if name in there:
                self._map(name, self._frames(file.read(name)))
        if {"lower", "upper"} <= there:
            self.bounds(file)
        if "baseline" in there:
            self._share(
                "first-look",
                ": ".join(filter(None, ("first look", str(about.get("baseline_name", ""))))),
                self._frames(file.read("baseline")),
            )
        if (count := file.shape("samples")[0]) > 1:
            shown = [self._frames(file.read("samples", (i, ...))) for i in range(min(count, SAMPLES, max(1, MOST // x.size)))]
            self._image("samples", np.concatenate(shown))
            self.found["kinds"]["samples"] |= {"count": len(shown), "of": count}
        return self

    def bounds(self, file: SafeFile) -> None:
        """The bounds of intervals; those of a calibration, where there is one, take the place of those of the samples alone."""
        for name in ("lower", "upper"):
            self._image(name, self._frames(file.read(name)))

    def _frames(self, values: NDArray[Any]) -> Frames:
        return frames(values, self.axes)[self.places]

    def _aspect(self, about: Mapping[str, Any]) -> list[float]:
        """Height and width of a pixel, the smaller one 1."""
        sizes = dict(zip([a for a in self.axes if a in "zyx"], map(float, np.atleast_1d(about.get("voxel_size_mm", []))), strict=False))
        size = [sizes.get(a, 1.0) for a in ("y", "x")] if {"y", "x"} <= sizes.keys() else [1.0, 1.0]
        return [s / min(size) for s in size]

    def _image(self, name: str, planes: Frames) -> None:
        black, white = _range(planes, self.white)
        save(self.folder / f"{name}.png", planes, black, white)
        self.found["kinds"][name] = {"range": [black, white]}

    def _map(self, name: str, planes: Frames) -> None:
        """White is the largest value; `top` is one that few exceed."""
        grey = planes.mean(-1) if planes.ndim == 4 else planes
        white = float(grey.max())
        save(self.folder / f"{name}.png", grey, 0.0, white)
        self.found["kinds"][name] = {"range": [0.0, white], "top": float(np.percentile(grey, 99.5))}

    def _share(self, name: str, label: str, planes: Frames) -> None:
        """A picture that cells of the same scan share, named by what it shows."""
        black, white = _range(planes)
        file = f"{name}-{hashlib.sha256(planes.tobytes()).hexdigest()[:12]}.png"
        if not (self.beside / file).exists():
            temporary = self.beside / f"{self.mark}{self.folder.name}-{file}"
            save(temporary, planes, black, white)
            temporary.replace(self.beside / file)
        self.found["shared"][name] = {"name": label, "file": file, "range": [black, white]}


def _range(planes: Frames, least: float = 0.0) -> tuple[float, float]:
    """Black and white: the brightest pixel, but `least`, is white; signed values have zero in the middle."""
    white = max(least, float(np.abs(planes).max()))
    return (-white if planes.min() < 0 else 0.0), white

"""Raw ISMRMRD files (Inati et al., Magn. Reson. Med. 77, 2017): planes and volumes, sorted into k-space, or along their trajectory.

Lines lie along ky, and in volumes kz, by their encoding steps, averages are averaged, and readout oversampling is removed by cropping
the image along x. Calibration lines serve the coil maps, noise scans the whitening; what else is no line of the image is left out, and
said. Nothing about the subject is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, MridiffError, UnsafeInput, boundary
from mridiff.interfaces import Contents
from mridiff_sdk.io import afford, check_heaps, hazard, open_hdf5

from .files import DAMAGED, Entry, refuse, refuse_all
from .header import parse_header
from .heads import read_heads
from .lines import Lines
from .measurement import COUNTERS, Group, Measurement
from .offgrid import OffGrid
from .place import geometry
from .purposes import IMAGE
from .raw import Raw
from .reader import Reader
from .told import told

__all__ = ["ISMRMRD"]

HEAD = ("flags", "number_of_samples", "active_channels", "discard_pre", "discard_post", "center_sample", "encoding_space_ref",
        "trajectory_dimensions", "measurement_uid")  # fmt: skip
PLACE = ("position", "read_dir", "phase_dir", "slice_dir")
STEPS = ("kspace_encode_step_1", "kspace_encode_step_2", *COUNTERS)


class ISMRMRD(Reader):
    """One scan per slice, echo, phase, set and repetition of each measurement of a file; y has axes (coil, ky, kx), ky the phase encoding.

    A 3-D encoding gives one scan of the volume, y with axes (coil, kz, ky, kx).
    Of an encoding off a grid (radial, spiral, other) y has axes (coil, shot, readout), and the lines tell the trajectory.

    Ids are `file`, or `file-s000-r001` with the counters that vary, after `g1` or `n1` for a second group or encoding of the file. What was
    not acquired is not measured. Calibration lines serve the coil maps and, where the header says that they are embedded, the image; a
    scan of noise gives the noise level and makes the coils' noise independent. What is left out stands in the notes of a scan.
    """

    reads = (".h5", ".hdf5", ".mrd")

    def labels(self, path: Path) -> Sequence[str]:
        """One per scan of every measurement of the file."""
        parts, _ = _parts(path)
        many_groups, many_encodings = len({p.image.group for p in parts}) > 1, len({p.number for p in parts}) > 1
        groups = list(dict.fromkeys(p.image.group for p in parts))
        names = []
        for part in parts:
            place = [f"g{groups.index(part.image.group)}"] * many_groups + [f"n{part.number}"] * many_encodings
            names += ["-".join(filter(None, (*place, label))) for label in part.labels()]
        return names

    def about(self, entry: Entry) -> Contents:
        """Encodings, counters, what the lines are there for, which are sampled, and what serves the coil maps and the noise."""
        parts, notes = _parts(entry.path)
        part, index = _place(parts, entry.index)
        image = part.image.where(part.scans == index)
        coils, encoding, head = int(image.heads["active_channels"][0]), part.encoding, image.heads[0]
        measured = self.acquisition.measured(coils, (*encoding.grid[:-1], encoding.kept))
        if not encoding.cartesian:
            readout = int(head["number_of_samples"]) - int(head["discard_pre"]) - int(head["discard_post"])
            measured = self.acquisition.measured_off_grid(coils, len(image), readout, encoding.plane)
        holds = {
            f"encoding {p.number}: {subject}" if len(parts) > 1 else subject: words for p in parts for subject, words in told(p).items()
        }
        said = tuple(dict.fromkeys((*notes, *(note for p in parts for note in p.notes))))
        return Contents(str(entry.path), holds, measured=measured, left_out=said)

    def raw(self, entry: Entry) -> Raw | OffGrid:
        """One scan."""
        parts, notes = _parts(entry.path)
        part, index = _place(parts, entry.index)
        with ExitStack() as stack:
            raw = part.raw(f"{entry.path}, scan {entry.index}", index, _Reading(entry.path, stack))
        head = part.image.heads[part.scans == index][0]
        size, encoding = raw.size if isinstance(raw, OffGrid) else tuple(raw.kspace.shape[1:]), part.encoding
        if not encoding.cartesian:
            encoding = replace(encoding, fov=(*encoding.fov[:1], encoding.recon_fov[1], *encoding.fov[2:]))
        return replace(raw, geometry=geometry(head, encoding, size), notes=(*notes, *raw.notes))

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file has a group with `data` and `xml`."""
        return bool(_groups(path)[0])


class _Reading:
    """Lines of a file, one at a time: many could refer to the same long array."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path, self._stack = path, stack
        self._opened: dict[str, Any] = {}

    def __call__(self, lines: Lines, i: int, /) -> NDArray[np.complex64]:
        """Samples (coil, n)."""
        shape = int(lines.heads["active_channels"][i]), int(lines.heads["number_of_samples"][i])
        values: NDArray[np.complex64] = self._values(lines, i, "data").view(np.complex64)
        with _damage(self._path):
            return values.reshape(shape)

    def trajectory(self, lines: Lines, i: int, /) -> NDArray[np.float32]:
        """Places (n, channel)."""
        shape = int(lines.heads["number_of_samples"][i]), int(lines.heads["trajectory_dimensions"][i])
        with _damage(self._path):
            return np.asarray(self._values(lines, i, "traj"), dtype=np.float32).reshape(shape)

    def _values(self, lines: Lines, i: int, field: str) -> Any:
        with _damage(self._path):
            if lines.group not in self._opened:
                self._opened[lines.group] = self._stack.enter_context(_open(self._path, lines.group))
            return self._opened[lines.group].fields(field)[int(lines.places[i])]


def _groups(path: Path) -> tuple[list[str], list[str]]:
    """The groups that hold `data` and `xml`, sorted, and what else the file holds, without what it holds."""
    with open_hdf5(path) as file:
        names = set(file.keys())
    groups = [n.removesuffix("/xml") for n in sorted(names) if n.endswith("/xml") and n.removesuffix("xml") + "data" in names]
    held = {f"{g}/{part}" for g in groups for part in ("data", "xml")}
    rest = {next((f"{g}/{n.removeprefix(f'{g}/').split('/')[0]}" for g in groups if n.startswith(f"{g}/")), n.split("/")[0])
            for n in names - held}  # fmt: skip
    return groups, sorted(rest)


def _parts(path: Path) -> tuple[list[Measurement], list[str]]:
    """All that a file measures, and notes on what of it is not read; raises the errors of all groups where none can be read."""
    state = path.stat()
    return _sorted(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _sorted(path: Path, _modified: int, _size: int) -> tuple[list[Measurement], list[str]]:
    """The parts of a file, kept while its scans are read one after another."""
    names, rest = _groups(path)
    if not names:
        refuse(path, ["there is no group with 'data' and 'xml'; an ISMRMRD file has one, named 'dataset' as a rule"])
    groups: dict[str, Group] = {}
    parts: list[Measurement] = []
    errors: list[MridiffError] = []
    sources = {name: str(path) if len(names) == 1 else f"{path}: {name}" for name in names}
    for name, source in sources.items():
        try:
            groups[name] = _group(path, name, source)
        except MridiffError as error:
            errors.append(error)
    beside = [g for g in groups.values() if not len(g.part(IMAGE)) and len(groups) > 1]
    for name, group in groups.items():
        if group not in beside:
            try:
                parts += group.measurements(sources[name], beside)
            except MridiffError as error:
                errors.append(error)
    if not parts:
        refuse_all(errors or [DataError(f"{path}: data: it holds no line of an image")])
    return parts, [*(f"left out: {e.message}" for e in errors), *([f"left out: {', '.join(rest)}"] if rest else [])]


def _place(parts: Sequence[Measurement], index: int) -> tuple[Measurement, int]:
    """The measurement that a scan belongs to, and its place there."""
    counts = np.cumsum([len(p.keys) for p in parts])
    place = int(np.searchsorted(counts, index, side="right"))
    return parts[place], index - (int(counts[place - 1]) if place else 0)


def _group(path: Path, name: str, source: str) -> Group:
    with open_hdf5(path) as file:
        header = "".join(str(text) for text in np.ravel(file.read(f"{name}/xml"))[:1])
    encodings = parse_header(header, source)
    with _open(path, name) as data, _damage(path):
        heads = read_heads(data, path)
    return Group.of(Lines(name, heads, np.arange(len(heads))), encodings)


@contextmanager
def _open(path: Path, group: str) -> Iterator[Any]:
    """The list of acquisitions of a group, by the format's own library, after its links and filters have been examined."""
    import ismrmrd  # 0.4 s

    with ismrmrd.Dataset(str(path), group, mode="r") as opened:
        data = opened._dataset["data"]
        _examine(data, path)
        yield data


def _examine(data: Any, path: Path) -> None:
    """The rules of the safe reader, for elements of variable length, which are beyond it."""
    check_heaps(path)
    if problem := hazard(data):
        raise UnsafeInput(f"{path}: data: {problem}", hint="Ask its author for a plain file.")
    fields = data.dtype.fields or {}
    head = fields["head"][0].fields or {} if "head" in fields else {}
    idx = head["idx"][0].fields or {} if "idx" in head else {}
    placed = all(n in head and head[n][0].shape == (3,) and head[n][0].base.kind == "f" for n in PLACE)
    known = placed and all(n in fields and fields[n][0].kind in "ui" for fields, names in ((head, HEAD), (idx, STEPS)) for n in names)
    if data.ndim != 1 or "data" not in fields or not known or "sample_time_us" not in head:
        refuse(path, [f"data: shape {data.shape} of {data.dtype} is not a list of acquisitions"[:300]])
    afford(data.size * data.dtype.itemsize, f"{path}: data: reading the heads of {data.size} acquisitions")


def _damage(path: Path) -> AbstractContextManager[None]:
    return boundary(f"{path}: data: it cannot be read", DAMAGED)

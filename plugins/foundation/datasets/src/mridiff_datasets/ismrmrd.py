"""Raw ISMRMRD files (Inati et al., Magn. Reson. Med. 77, 2017): Cartesian 2-D acquisitions, sorted into k-space.

Lines lie along ky by their encoding step, averages are averaged, and readout oversampling is removed by cropping the image along x.
Lines that are not of the image (noise, navigators, separate calibration) are left out. Nothing about the subject is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Dataset, Geometry, Scan
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.io.hdf5 import open_hdf5

from . import options
from .acquisition import Acquisition
from .files import Entry, entries, find, refuse
from .header import Encoding, parse_header
from .raw import Raw

READS = (".h5", ".hdf5", ".mrd")
LARGEST = 8 * 2**30
PLAIN_FILTERS = {1, 2, 3}  # gzip, shuffle, fletcher32
REVERSE = 22
NOT_IMAGE = (19, 20, 23, 24, 26, 27, 28, 29, 30, 31)
"""Flag numbers of the standard: noise, separate calibration, navigation, phase correction, feedback, dummy, surface coil, stabilisation."""

COUNTERS = {"slice": "s", "contrast": "e", "phase": "p", "set": "t", "repetition": "r"}
"""Counters that tell one scan from another, and their letters in an id."""


class ISMRMRD(Dataset):
    """One scan per slice, echo, phase, set and repetition of each file; y has axes (coil, ky, kx) with ky the phase encoding.

    Ids are `file`, or `file-s000-r001` with the counters that vary. What was not acquired is not measured; there is a truth "x" only
    where no line is missing between others.
    """

    def __init__(
        self,
        path: options.FilePath,
        *,
        acceleration: options.Acceleration = 1.0,
        pattern: options.Pattern = "random",
        center_fraction: options.CenterFraction = 0.08,
        mask_seed: options.MaskSeed = 0,
        maps: options.Maps = "auto",
        noise_std: options.NoiseStd = 0.0,
        slices: options.Slices = "",
    ) -> None:
        self.acquisition = Acquisition(acceleration, pattern, center_fraction, mask_seed, maps, noise_std)
        self.entries = entries(find(path, READS, self.can_read), _labels, slices)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Scan:
        """Scan `index` of all files; raises DataError or UnsafeInput where its values are unusable."""
        entry = self.entries[index]
        return self.acquisition.scan(_read(entry), entry.id)

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether the file has a group with `data` and `xml`."""
        if not path.name.endswith(READS):
            return False
        try:
            return bool(_group(path))
        except (DataError, UnsafeInput):
            return False


@dataclass(frozen=True)
class Lines:
    """The lines of a file that make images: their heads, where they stand in the file, and which lines belong to which scan."""

    encoding: Encoding
    heads: NDArray[Any]
    places: NDArray[np.int64]
    keys: NDArray[np.int64]
    scans: NDArray[np.int64]


def _group(path: Path) -> str:
    """The first group that holds `data` and `xml`, or an empty text."""
    with open_hdf5(path) as file:
        names = set(file.keys())
    return next((n.removesuffix("/xml") for n in sorted(names) if n.endswith("/xml") and n.removesuffix("xml") + "data" in names), "")


@contextmanager
def _open(path: Path) -> Iterator[tuple[Any, Encoding]]:
    """The file, by the format's own library, after its links, filters and header have been examined."""
    import ismrmrd  # 0.4 s

    group = _group(path)
    if not group:
        refuse(path, ["there is no group with 'data' and 'xml'; an ISMRMRD file has one, named 'dataset' as a rule"])
    with open_hdf5(path) as file:
        header = "".join(str(text) for text in np.ravel(file.read(f"{group}/xml"))[:1])
    encoding = parse_header(header, str(path))
    with ismrmrd.Dataset(str(path), group, mode="r") as opened:
        _examine(opened._dataset["data"], path)
        yield opened, encoding


def _examine(data: Any, path: Path) -> None:
    """The rules of the safe reader, for elements of variable length, which are beyond it."""
    properties = data.id.get_create_plist()
    filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
    if data.external is not None or data.is_virtual or not filters <= PLAIN_FILTERS:
        raise UnsafeInput(f"{path}: data: its values lie in another file, or need the filters {sorted(filters - PLAIN_FILTERS)}",
                          hint="Ask its author for a plain file.")  # fmt: skip
    if data.ndim != 1 or not {"head", "data"} <= set(data.dtype.names or ()) or data.size * data.dtype.itemsize > LARGEST:
        refuse(path, [f"data: shape {data.shape} of {data.dtype} is not a list of acquisitions"[:300]])


def _lines(opened: Any, encoding: Encoding, path: Path) -> Lines:
    heads = _damage(path, lambda: opened._dataset["data"]["head"])
    kept = np.ones(len(heads), dtype=bool)
    for flag in NOT_IMAGE:
        kept &= (heads["flags"] >> np.uint64(flag - 1)) & np.uint64(1) == 0
    kept &= heads["encoding_space_ref"] == 0
    heads, places = heads[kept], np.flatnonzero(kept)
    refuse(path, _problems(heads, encoding))
    keys, scans = np.unique(np.stack([heads["idx"][c].astype(np.int64) for c in COUNTERS], axis=1), axis=0, return_inverse=True)
    return Lines(encoding, heads, places, keys, scans.ravel())


def _problems(heads: NDArray[Any], encoding: Encoding) -> list[str]:
    """All that keeps the lines from being a Cartesian 2-D acquisition."""
    nx, ny, nz = encoding.matrix
    problems = []
    if encoding.trajectory != "cartesian":
        problems.append(f"xml: the trajectory is {encoding.trajectory!r}; only Cartesian acquisitions are read")
    if nz > 1:
        problems.append(f"xml: the encoded matrix {encoding.matrix} is 3-D; only 2-D acquisitions are read")
    if len(heads) == 0:
        return [*problems, "data: it holds no line of an image"]
    sizes = {name: sorted(set(heads[name].tolist())) for name in ("active_channels", "number_of_samples", "center_sample")}
    if len(sizes["active_channels"]) > 1 or len(sizes["number_of_samples"]) > 1:
        return [*problems, f"data: lines differ in channels {sizes['active_channels'][:5]} or samples {sizes['number_of_samples'][:5]}"]
    channels, samples = sizes["active_channels"][0], sizes["number_of_samples"][0]
    if channels * samples == 0 or channels * samples * 8 * len(heads) > LARGEST or channels * nx * ny * 8 > LARGEST:
        problems.append(f"data: {len(heads)} lines of {channels} x {samples} samples, matrix {encoding.matrix}, are empty or too large")
    starts = [0] if samples == nx else [nx // 2 - c for c in sizes["center_sample"]]
    if min(starts) < 0 or max(starts) + samples > nx:
        problems.append(f"data: {samples} samples with centre {sizes['center_sample'][:5]} do not fit the encoded matrix {nx}")
    rows = _rows(heads, encoding)
    if rows.min() < 0 or rows.max() >= ny:
        problems.append(f"data: encoding steps put lines at {rows.min()} to {rows.max()}, outside the encoded matrix {ny} of the header")
    if bool((heads["flags"] >> np.uint64(REVERSE - 1) & np.uint64(1)).any()):
        problems.append("data: some lines run backwards (echo-planar); they would need a correction that is not made here")
    return problems


def _rows(heads: NDArray[Any], encoding: Encoding) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = heads["idx"]["kspace_encode_step_1"].astype(np.int64) - encoding.centre + encoding.matrix[1] // 2
    return rows


def _labels(path: Path) -> Sequence[str]:
    with _open(path) as (opened, encoding):
        keys = _lines(opened, encoding, path).keys
    varying = [c for c in range(keys.shape[1]) if len(np.unique(keys[:, c])) > 1]
    letters = list(COUNTERS.values())
    return ["-".join(f"{letters[c]}{key[c]:03d}" for c in varying) for key in keys]


def _read(entry: Entry) -> Raw:
    with _open(entry.path) as (opened, encoding):
        lines = _lines(opened, encoding, entry.path)
        chosen = np.flatnonzero(lines.scans == entry.index)
        kspace, counts = _sort(opened, lines, chosen, entry.path)
    nx = encoding.matrix[0]
    keep = max(1, min(nx, round(nx * encoding.recon_fov[0] / encoding.fov[0])))
    start = nx // 2 - keep // 2
    kspace = fft(ifft(kspace, (-1,))[..., start : start + keep], (-1,)) if keep < nx else kspace
    support = (counts > 0)[:, None].expand(kspace.shape[1:]).clone()
    voxel = (encoding.fov[1] / encoding.matrix[1], encoding.fov[0] / nx)
    return Raw(f"{entry.path}, scan {entry.index}", kspace, support=support, geometry=Geometry(voxel), lines=-2)


def _sort(opened: Any, lines: Lines, chosen: NDArray[np.int64], path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """K-space (coil, ky, kx) with averages averaged, and how often each line was taken, (ky,)."""
    nx, ny, _ = lines.encoding.matrix
    heads = lines.heads[chosen]
    shape = int(heads["active_channels"][0]), int(heads["number_of_samples"][0])
    stored = opened._dataset["data"].fields("data")  # one line at a time: many could refer to the same long array
    kspace = np.zeros((shape[0], ny, nx), dtype=np.complex64)
    counts = np.zeros(ny, dtype=np.int64)
    for head, row, place in zip(heads, _rows(heads, lines.encoding), lines.places[chosen], strict=True):
        values = _damage(path, lambda place=place: stored[int(place)].view(np.complex64).reshape(shape))
        first, last = int(head["discard_pre"]), shape[1] - int(head["discard_post"])
        start = 0 if shape[1] == nx else nx // 2 - int(head["center_sample"])
        kspace[:, row, start + first : start + max(first, last)] += values[:, first:last]
        counts[row] += 1
    return torch.from_numpy(kspace / np.maximum(counts, 1)[:, None].astype(np.float32)), torch.from_numpy(counts)


def _damage(path: Path, read: Any) -> Any:
    try:
        return read()
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise DataError(f"{path}: data: it cannot be read: {error}", hint="The file may be truncated or damaged.") from error

"""HDF5 files from strangers: every link, filter and size is examined before a value is read."""

from __future__ import annotations

import itertools
import math
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, UnsafeInput, boundary

from .budget import afford
from .heaps import check_heaps

GZIP, SHUFFLE, FLETCHER32 = 1, 2, 3
LINKS = {h5py.h5l.TYPE_SOFT: "SoftLink", h5py.h5l.TYPE_EXTERNAL: "ExternalLink"}
DIMENSIONS, DEPTH, OBJECTS, CHUNKS, TEXT = 8, 100, 5000, 100_000, 2**20
"""How complicated a file may be: axes of a dataset, groups in each other, objects (and strings, and attributes), chunks that one read
fetches, bytes of all strings of a dataset or all attributes of an object. How large it may be is the affair of the budget.
"""

PAIRS = (("r", "i"), ("re", "im"), ("real", "imag"))
"""What the two parts of a complex number are called, in lower case."""

NOTED, INFLATION, PIECE = 4096, 1032, 2**20
"""Bytes that the library notes of each chunk; the most that a compressed byte can become; bytes that are inflated at a time."""


class SafeFile:
    """A read-only HDF5 file whose links have been examined; each dataset is examined before it is read."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file, self._path = file, path
        with _reading(self._path, "/"):
            self._names = self._examine()

    def keys(self) -> tuple[str, ...]:
        """Names of all datasets, groups included as in `group/name`, those of outer groups first."""
        return self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a dataset."""
        with _reading(self._path, name):
            return tuple(int(n) for n in self._dataset(name).shape)

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of a dataset's elements; `object` for strings."""
        with _reading(self._path, name):
            dtype = self._dataset(name).dtype
            return np.dtype(object) if dtype.kind in "SO" else paired(dtype) or dtype

    def read(self, name: str, slices: Any = None) -> NDArray[Any]:
        """The values of a dataset, or of the part that `slices` (numbers and ranges) selects; strings as an object array.

        Raises DataError if there is no such dataset or it is damaged, UnsafeInput if reading it is not safe, or takes more memory than
        one scan may.
        """
        with _reading(self._path, name):
            dataset = self._dataset(name)
            text = dataset.dtype.kind in "SO"
            self._weigh(dataset, name, ranges(dataset.shape, None if text else slices))
            values = self._text(dataset, name) if text else dataset
            found = np.asarray(values[() if slices is None else slices])
            if (pair := paired(found.dtype)) is None:
                return found
            real, imaginary = (found[part] for part in found.dtype.names or ())
            return np.asarray(real + 1j * imaginary, pair)

    def attributes(self, name: str = "/") -> dict[str, Any]:
        """The attributes of a dataset or group: numbers, arrays and strings."""
        with _reading(self._path, name):
            found = self._file[name] if name == "/" or name in self._file else self._missing(name)
            if len(found.attrs) > OBJECTS:
                raise self._unsafe(name, f"it has {len(found.attrs)} attributes; at most {OBJECTS} are read")
            values: dict[str, Any] = {}
            for key in found.attrs:
                values[key] = self._attribute(found, name, key)
                if (size := sum(_size(value) for value in values.values())) > TEXT:
                    raise self._unsafe(name, f"its attributes up to {key!r} hold {size} bytes; at most {TEXT} are read")
            return values

    def _examine(self) -> tuple[str, ...]:
        """Walks the whole file; returns the names of its datasets. A group is not entered from inside itself: circles end.

        By the library's own calls, for a file is opened many times, and h5py's objects take four times as long.
        """
        names: list[str] = []
        root = h5py.h5g.open(self._file.id, b"/")
        waiting = deque([("", root, frozenset({h5py.h5o.get_info(root).addr}))])
        objects = 0
        while waiting:
            prefix, group, above = waiting.popleft()
            objects += len(group)
            if objects > OBJECTS:
                raise self._unsafe(prefix or "/", f"the file has more than {OBJECTS} objects")
            if len(above) > DEPTH:
                raise self._unsafe(f"{prefix[:80]}...", f"its groups lie more than {DEPTH} deep")
            for key in group:
                name = prefix + key.decode("utf-8", "surrogateescape")
                if (link := group.links.get_info(key).type) != h5py.h5l.TYPE_HARD:
                    raise self._unsafe(name, f"it is a link of type {LINKS.get(link, link)}; only objects of the file itself are read")
                found = h5py.h5o.get_info(group, key)
                if found.type == h5py.h5o.TYPE_DATASET:
                    names.append(name)
                elif found.type == h5py.h5o.TYPE_GROUP and found.addr not in above:
                    waiting.append((f"{name}/", h5py.h5g.open(group, key), above | {found.addr}))
        return tuple(names)

    def _dataset(self, name: str) -> h5py.Dataset:
        dataset = self._file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            self._missing(name)
        dtype = dataset.dtype
        if problem := hazard(dataset):
            raise self._unsafe(name, problem)
        if dtype.kind not in "biufcS" and h5py.check_string_dtype(dtype) is None and paired(dtype) is None:
            raise self._unsafe(name, f"its elements are of type {dtype}; only numbers and strings are read, "
                                     "complex numbers also as pairs (r, i) or (real, imag)")  # fmt: skip
        if dataset.shape is None:
            raise DataError(f"{self._path}: {name}: the dataset is empty")
        if dataset.ndim > DIMENSIONS:
            raise self._unsafe(name, f"it has {dataset.ndim} dimensions; at most {DIMENSIONS} are read")
        return dataset

    def _weigh(self, dataset: h5py.Dataset, name: str, chosen: tuple[range, ...]) -> None:
        """Refuses to read ranges that take too much: their values, and every chunk that holds one of them."""
        itemsize, sizes = int(dataset.dtype.itemsize), "x".join(str(len(r)) for r in chosen) or "1"
        what, size = f"{self._path}: {name}: reading {sizes} of {dataset.dtype}", math.prod(map(len, chosen)) * itemsize
        afford(size, what)
        if not dataset.chunks or not size:
            return
        steps = [range(r[0] // n * n, r[-1] + 1, n) for r, n in zip(chosen, dataset.chunks, strict=True)]
        count, chunk = math.prod(map(len, steps)), math.prod(map(int, dataset.chunks)) * itemsize
        if count > CHUNKS:
            raise self._unsafe(name, f"{sizes} values lie in {count} chunks; at most {CHUNKS} are read at once")
        afford(size + count * NOTED + chunk, f"{what} in {count} chunks of {chunk} bytes")
        if dataset.compression is not None and self._path.stat().st_size * INFLATION > PIECE + chunk:
            for corner in itertools.product(*steps):
                self._inflate(dataset, name, corner, chunk)

    def _inflate(self, dataset: h5py.Dataset, name: str, corner: tuple[int, ...], chunk: int) -> None:
        """Refuses a compressed chunk that holds more than its size: the library would make room for all of it."""
        stored = dataset.id.get_chunk_info_by_coord(corner).size or 0
        stream, data, size = zlib.decompressobj(), b"", 0
        if stored * INFLATION > PIECE + chunk:
            data = dataset.id.read_direct_chunk(corner)[1]
        while data and size <= chunk + PIECE:
            size += len(stream.decompress(data, PIECE))
            data = stream.unconsumed_tail
        if size > chunk + PIECE:
            raise self._unsafe(name, f"a compressed chunk of {chunk} bytes holds far more than that")

    def _text(self, dataset: h5py.Dataset, name: str) -> NDArray[Any]:
        """Strings; those of any length one by one, for a thousand references to one long string would read it a thousand times."""
        if dataset.size > OBJECTS:
            raise self._unsafe(name, f"it has {dataset.size} strings; at most {OBJECTS} are read")
        if max(dataset.size, math.prod(dataset.chunks or ())) * int(dataset.dtype.itemsize) > TEXT:
            raise self._unsafe(name, f"its strings claim more than {TEXT} bytes")
        if dataset.dtype.kind == "O":
            check_heaps(self._path)
        texts = np.empty(dataset.shape, object)
        total = 0
        for index in np.ndindex(dataset.shape):
            raw = dataset[index]
            total += len(raw)
            if total > TEXT:
                raise self._unsafe(name, f"its strings hold more than {TEXT} bytes")
            texts[index] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return texts

    def _attribute(self, found: Any, name: str, key: str) -> Any:
        attribute = found.attrs.get_id(key)
        text = h5py.check_string_dtype(attribute.dtype)
        if attribute.dtype.kind not in "biufcS" and text is None:
            raise self._unsafe(name, f"its attribute {key!r} is of type {attribute.dtype}; only numbers and strings are read")
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            return None
        # Strings of any length lie in a heap, and several references may share one of them: each counts as the whole file.
        count, shared = math.prod(map(int, attribute.shape)), text is not None and text.length is None
        claim = count * (self._path.stat().st_size if shared and count > 1 else int(attribute.dtype.itemsize))
        if not shared and claim > TEXT:
            raise self._unsafe(name, f"its attribute {key!r} claims {claim} bytes; at most {TEXT} are read")
        afford(claim, f"{self._path}: {name}: reading the attribute {key!r}")
        if shared:
            check_heaps(self._path)
        value = found.attrs[key]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def _missing(self, name: str) -> Any:
        raise DataError(f"{self._path}: there is no dataset {name!r}", hint=f"it holds {', '.join(self._names[:20]) or 'none'}")

    def _unsafe(self, name: str, problem: str) -> UnsafeInput:
        return UnsafeInput(f"{self._path}: {name}: {problem}", hint="Ask its author for a plain file: contiguous or in larger chunks.")


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[SafeFile]:
    """An HDF5 file, examined; raises DataError if it is absent or damaged, UnsafeInput if it reaches out of itself."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    with _reading(path, "/"):
        if not h5py.is_hdf5(path):
            raise DataError(f"{path}: this is not an HDF5 file")
        try:
            file = h5py.File(path, "r")
        except BlockingIOError as error:
            raise DataError(f"{path}: another program has it open for writing", hint="Wait until it is done, or read a copy.") from error
    with file:
        yield SafeFile(file, path)


def hazard(dataset: h5py.Dataset) -> str:
    """Why a dataset is not safe to read, judged by its storage alone: other files, filters that run code or inflate each other."""
    if dataset.external is not None:
        return "its values lie in another file"
    if dataset.is_virtual:
        return "it is assembled from other files"
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
    if set(filters) - {GZIP, SHUFFLE, FLETCHER32} or len(set(filters)) < len(filters):
        return f"it uses the filters {sorted(filters)}; only gzip (1), shuffle (2) and fletcher32 (3), once each, are read"
    return ""


def paired(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The complex type of numbers that are stored as pairs of two real ones, as MATLAB and Julia do; None for anything else."""
    names = dtype.names or ()
    kinds = {dtype[name] for name in names}
    if tuple(n.lower() for n in names) not in PAIRS or len(kinds) != 1 or (kind := kinds.pop()).kind not in "iuf" or kind.shape:
        return None
    return np.result_type(kind, np.complex64)


def ranges(shape: tuple[int, ...], slices: Any) -> tuple[range, ...]:
    """The places along each axis that numbers, ranges, rising arrays of numbers (from first to last) and an ellipsis select.

    Raises IndexError for others.
    """
    given = () if slices is None else slices if isinstance(slices, tuple) else (slices,)
    at = next((i for i, s in enumerate(given) if s is Ellipsis), len(given))
    rest = [slice(None)] * (len(shape) - len(given) + (at < len(given)))
    full = (*given[:at], *rest, *given[at + 1 :])
    return tuple(_places(n, s) for n, s in zip(shape, full, strict=True))


def _places(n: int, chosen: Any) -> range:
    if isinstance(chosen, slice):
        return range(n)[chosen]
    if isinstance(chosen, np.ndarray):
        return range(range(n)[chosen[0]], range(n)[chosen[-1]] + 1) if len(chosen) else range(0)
    return range(place := range(n)[chosen], place + 1)


def _reading(path: Path, name: str) -> AbstractContextManager[None]:
    return boundary(f"{path}: {name}: it cannot be read", "The file may be truncated or damaged.")


def _size(value: Any) -> int:
    values = np.asarray(value)
    return values.nbytes if values.dtype.kind in "biufcS" else sum(len(str(v)) for v in values.flat)

"""HDF5 files from strangers: every link, filter and size is examined before a value is read."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, UnsafeInput

GZIP, SHUFFLE, FLETCHER32 = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may claim; sizes in bytes. `text` bounds the strings of one dataset together."""

    dimensions: int = 8
    dataset: int = 8 * 2**30
    objects: int = 10_000
    attribute: int = 2**20
    text: int = 4 * 2**20


class SafeFile:
    """A read-only HDF5 file whose links have been examined; each dataset is examined before it is read."""

    def __init__(self, file: h5py.File, path: Path, limits: Limits) -> None:
        self._file, self._path, self._limits = file, path, limits
        with self._reading("/"):
            self._names = self._examine()

    def keys(self) -> tuple[str, ...]:
        """Names of all datasets, groups included as in `group/name`, those of outer groups first."""
        return self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a dataset."""
        with self._reading(name):
            return tuple(int(n) for n in self._dataset(name).shape)

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of a dataset's elements; `object` for strings."""
        with self._reading(name):
            dtype = self._dataset(name).dtype
            return np.dtype(object) if dtype.kind in "SO" else dtype

    def read(self, name: str, slices: Any = None) -> NDArray[Any]:
        """The values of a dataset, or of the part that `slices` (as in `array[slices]`) selects; strings as an object array.

        Raises DataError if there is no such dataset or it is damaged, UnsafeInput if reading it is not safe.
        """
        with self._reading(name):
            dataset = self._dataset(name)
            values = self._text(dataset, name) if dataset.dtype.kind in "SO" else dataset
            return np.asarray(values[() if slices is None else slices])

    def attributes(self, name: str = "/") -> dict[str, Any]:
        """The attributes of a dataset or group: numbers, arrays and strings."""
        with self._reading(name):
            found = self._file[name] if name == "/" or name in self._file else self._missing(name)
            if len(found.attrs) > self._limits.objects:
                raise self._unsafe(name, f"it has {len(found.attrs)} attributes; at most {self._limits.objects} are read")
            return {key: self._attribute(found, name, key) for key in found.attrs}

    def _examine(self) -> tuple[str, ...]:
        """Walks the whole file; returns the names of its datasets. A group is not entered from inside itself: circles end."""
        names: list[str] = []
        waiting = deque([("", self._file, frozenset({_address(self._file)}))])
        objects = 0
        while waiting:
            prefix, group, above = waiting.popleft()
            objects += len(group)
            if objects > self._limits.objects:
                raise self._unsafe(prefix or "/", f"the file has more than {self._limits.objects} objects")
            for key in group:
                name = f"{prefix}{key}"
                link = type(group.get(key, getlink=True)).__name__
                if link != "HardLink":
                    raise self._unsafe(name, f"it is a link of type {link}; only objects of the file itself are read")
                found = group[key]
                if isinstance(found, h5py.Dataset):
                    names.append(name)
                elif isinstance(found, h5py.Group) and (address := _address(found)) not in above:
                    waiting.append((f"{name}/", found, above | {address}))
        return tuple(names)

    def _dataset(self, name: str) -> h5py.Dataset:
        dataset = self._file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            self._missing(name)
        if problem := self._hazard(dataset):
            raise self._unsafe(name, problem)
        if dataset.shape is None:
            raise DataError(f"{self._path}: {name}: the dataset is empty")
        return dataset

    def _hazard(self, dataset: h5py.Dataset) -> str:
        """Why a dataset is not safe to read, judged by its description alone."""
        if dataset.external is not None:
            return "its values lie in another file"
        if dataset.is_virtual:
            return "it is assembled from other files"
        properties = dataset.id.get_create_plist()
        filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
        if foreign := sorted(set(filters) - {GZIP, SHUFFLE, FLETCHER32}):
            return f"it uses the filters {foreign}; only gzip (1), shuffle (2) and fletcher32 (3) are read"
        shape, dtype, limit = dataset.shape or (), dataset.dtype, self._limits
        if dtype.kind not in "biufcS" and h5py.check_string_dtype(dtype) is None:
            return f"its elements are of type {dtype}; only numbers and strings are read"
        if len(shape) > limit.dimensions:
            return f"it has {len(shape)} dimensions; at most {limit.dimensions} are read"
        for what, sizes in (("values", shape), ("chunks", dataset.chunks or ())):
            if (claim := math.prod(map(int, sizes)) * int(dtype.itemsize)) > limit.dataset:
                size = "x".join(map(str, sizes))
                return f"its {what} claim {claim / 2**30:.3g} GiB ({size} of {dtype}); at most {limit.dataset / 2**30:.3g} GiB are read"
        return ""

    def _text(self, dataset: h5py.Dataset, name: str) -> NDArray[Any]:
        """Strings one by one: a thousand references to one long string would read it a thousand times."""
        if dataset.size > self._limits.objects:
            raise self._unsafe(name, f"it has {dataset.size} strings; at most {self._limits.objects} are read")
        texts = np.empty(dataset.shape, object)
        total = 0
        for index in np.ndindex(dataset.shape):
            raw = dataset[index]
            total += len(raw)
            if total > self._limits.text:
                raise self._unsafe(name, f"its strings hold more than {self._limits.text} bytes")
            texts[index] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return texts

    def _attribute(self, found: Any, name: str, key: str) -> Any:
        attribute = found.attrs.get_id(key)
        text = h5py.check_string_dtype(attribute.dtype)
        if attribute.dtype.kind not in "biufcS" and text is None:
            raise self._unsafe(name, f"its attribute {key!r} is of type {attribute.dtype}; only numbers and strings are read")
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            return None
        count, limit = math.prod(map(int, attribute.shape)), self._limits.attribute
        claim = count * int(attribute.dtype.itemsize)
        if text is not None and text.length is None and count > 1:
            # Strings of any length lie in a heap, and many references may share one of them: count them at their worst.
            claim, limit = count * self._path.stat().st_size, self._limits.dataset
        if claim > limit:
            raise self._unsafe(name, f"its attribute {key!r} claims {claim} bytes; at most {limit} are read")
        value = found.attrs[key]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str) and len(value) > self._limits.attribute:
            raise self._unsafe(name, f"its attribute {key!r} is longer than {self._limits.attribute} bytes")
        return value

    def _missing(self, name: str) -> Any:
        raise DataError(f"{self._path}: there is no dataset {name!r}", hint=f"it holds {', '.join(self._names[:20]) or 'none'}")

    def _unsafe(self, name: str, problem: str) -> UnsafeInput:
        return UnsafeInput(f"{self._path}: {name}: {problem}", hint="ask its author for a plain file, or raise the limits if you trust it")

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        with _damage(self._path, name):
            yield


@contextmanager
def open_hdf5(path: str | Path, limits: Limits | None = None) -> Iterator[SafeFile]:
    """An HDF5 file, examined; raises DataError if it is absent or damaged, UnsafeInput if it reaches out of itself."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    with _damage(path, "/"):
        if not h5py.is_hdf5(path):
            raise DataError(f"{path}: this is not an HDF5 file")
        file = h5py.File(path, "r")
    with file:
        yield SafeFile(file, path, limits or Limits())


@contextmanager
def _damage(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{path}: {name}: it cannot be read: {error}", hint="the file may be truncated or damaged") from error


def _address(group: h5py.Group) -> int:
    return int(h5py.h5o.get_info(group.id).addr)

"""Volume: a measured head, brought to one orientation and one intensity scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.ndimage as ndi

from mridiff.errors import DataError
from mridiff_sdk.io.hdf5 import SafeFile, open_hdf5

from .anatomy import Source
from .slices import Array, Box


@dataclass(frozen=True)
class Volume:
    """A head: cubic spline coefficients (x, y, z) in closest canonical orientation, voxel size in mm, extent of the head in voxels."""

    source: Source
    coefficients: Array
    voxel_mm: tuple[float, float, float]
    extent: Box

    def at(self, voxel: npt.NDArray[np.float64], rng: np.random.Generator) -> Array:
        """Intensities (y, x) at the places (3, y, x), in voxels, in units of white matter; nothing is drawn."""
        a, place = self.coefficients, voxel
        if self.source.axial_only:
            a, place = a[:, :, int(voxel[2, 0, 0])], voxel[:2]
        return np.asarray(ndi.map_coordinates(a, place, order=3, prefilter=False, mode="constant"), dtype=np.float32)


def read(folder: Path, path: str, person: str = "") -> tuple[npt.NDArray[Any], tuple[float, float, float]]:
    """Values (x, y, z) in closest canonical orientation and voxel size in mm of a NIfTI file, or of FILE:DATASET in HDF5.

    Of a dataset (slice, y, x) of several people, `person` takes the slices of one, whom the dataset "patient" names slice by slice.
    Raises DataError where the file is missing, or no slice is of that person.
    """
    import nibabel as nib

    name, _, dataset = path.partition(":")
    if not (folder / name).is_file():
        raise DataError(f"training volume {folder / name} does not exist", hint="give the folder that holds it: --data, or MRIDIFF_DATA")
    if dataset:
        with open_hdf5(folder / name) as f:
            values, attributes = _of(f, dataset, person) if person else f.read(dataset), f.attributes(dataset)
        image = nib.Nifti1Image(*_placed(values, attributes), dtype=values.dtype)
    else:
        image = nib.load(folder / name)
    image = nib.as_closest_canonical(image)
    x, y, z = (float(v) for v in image.header.get_zooms()[:3])
    return np.asarray(image.dataobj), (x, y, z)


def _of(file: SafeFile, dataset: str, person: str) -> npt.NDArray[Any]:
    """The slices of one person; raises DataError where there are none."""
    which = np.flatnonzero(file.read("patient") == person)
    if not which.size:
        raise DataError(f"{dataset} holds no slice of {person}", hint="take one of those that its dataset patient names")
    first = int(which[0])
    return file.read(dataset, slice(first, int(which[-1]) + 1))[which - first]


def _placed(values: npt.NDArray[Any], attributes: Mapping[str, Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Values and their affine in one order of axes: `affine` stands beside values in its own, `affine_xyz` or none beside (z, y, x)."""
    return (values, attributes["affine"]) if "affine" in attributes else (values.T, attributes.get("affine_xyz", np.eye(4)))


def guided(a: Array, size: tuple[int, int, int], noise: float) -> Array:
    """Edge-preserving smoothing by the self-guided filter: flat regions lose noise, edges above a few `noise` stay.

    Source: He, Sun, Tang, Guided image filtering, 2013, equations 11-13 with the image as its own guide.
    """
    mean = ndi.uniform_filter(a, size)
    variance = ndi.uniform_filter(a * a, size) - mean * mean
    gain = variance / (variance + noise**2)
    offset = (1 - gain) * mean
    return np.asarray(ndi.uniform_filter(gain, size) * a + ndi.uniform_filter(offset, size), dtype=np.float32)


def inner(a: Array, kept: float) -> Array:
    """A magnitude (x, y, z) at the resolution that the centre of k-space has, `kept` of it along x and y."""
    k = np.fft.fftshift(np.fft.fft2(a, axes=(0, 1)), axes=(0, 1))
    sizes = [round(n * kept) for n in a.shape[:2]]
    x, y = (slice(n // 2 - m // 2, n // 2 - m // 2 + m) for n, m in zip(a.shape[:2], sizes, strict=True))
    out = np.fft.ifft2(np.fft.ifftshift(k[x, y], axes=(0, 1)), axes=(0, 1)).real * (sizes[0] * sizes[1] / (a.shape[0] * a.shape[1]))
    return np.asarray(np.maximum(out, 0), dtype=np.float32)


def box(inside: npt.NDArray[np.bool_]) -> Box:
    """First and last voxel along each axis of what is `inside` (x, y, z), the whole array where nothing is."""
    ends = []
    for axis in range(3):
        profile = np.flatnonzero(inside.any(axis=tuple(i for i in range(3) if i != axis)))
        ends.append((int(profile[0]), int(profile[-1])) if profile.size else (0, inside.shape[axis] - 1))
    return ends[0], ends[1], ends[2]


def load_volume(folder: Path, source: Source) -> Volume:
    """One head, denoised, in units of its white matter; raises DataError where the file is missing."""
    values, (x, y, z) = read(folder, source.path, source.person)
    a = values.astype(np.float32)
    a = np.maximum(a / np.percentile(a, 99.5), 0)
    if source.kept < 1:
        before = a.shape
        a = inner(a, source.kept)
        x, y = x * before[0] / a.shape[0], y * before[1] / a.shape[1]
    if source.noise:
        a = guided(a, (3, 3, 1 if source.axial_only else 3), 2.0 * source.noise)
    a = a / np.float32(source.white)
    coefficients = a.copy()
    for axis in (0, 1) if source.axial_only else (0, 1, 2):
        coefficients = ndi.spline_filter1d(coefficients, 3, axis=axis, output=np.float32)
    return Volume(source, coefficients, (x, y, z), box(ndi.binary_opening(a > 0.2, iterations=2)))

"""Anatomy: the head volumes that the weights may be trained on, brought to one orientation and one intensity scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import scipy.ndimage as ndi

from mridiff.errors import DataError

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """One file of the data folder: how it is read and how often it is drawn.

    `white` is the intensity of white matter after division by the 99.5th percentile; intensities are expressed in it, so that one
    contrast curve serves every T1 volume. `noise` is the noise level relative to the same percentile, removed before use.
    """

    path: str
    contrast: str
    white: float
    noise: float
    weight: float
    finest_mm: float
    axial_only: bool = False


SOURCES: tuple[Source, ...] = (
    Source("t1_mprage_child/t1.nii.gz", "t1", white=0.45, noise=0.013, weight=0.32, finest_mm=0.75),
    Source("t1_t2_pair/t1.nii.gz", "t1", white=0.72, noise=0.018, weight=0.25, finest_mm=0.9),
    Source("t1_t2_pair/t2.nii.gz", "t2", white=0.30, noise=0.010, weight=0.26, finest_mm=0.7, axial_only=True),
    Source("brain_templates/colin27_t1.nii.gz", "t1", white=0.85, noise=0.0, weight=0.09, finest_mm=0.85),
    Source("brain_templates/mni152_2009_t1.nii.gz", "t1", white=0.80, noise=0.0, weight=0.02, finest_mm=1.4),
    Source("t1_fieldmap_dwi_same_subject/t1.nii.gz", "t1", white=0.30, noise=0.012, weight=0.03, finest_mm=1.7),
    Source("flair_stroke/FLAIR.nii.gz", "flair", white=0.65, noise=0.0, weight=0.03, finest_mm=0.9),
)
"""Everything the shipped weights have seen. Folders without a clear licence, and every folder used for measuring, are absent on purpose."""


@dataclass(frozen=True)
class Volume:
    """A head: cubic spline coefficients (x, y, z) in closest canonical orientation, voxel size in mm, extent of the head in voxels."""

    source: Source
    coefficients: Array
    voxel_mm: tuple[float, float, float]
    head: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def guided(a: Array, radius: int, noise: float) -> Array:
    """Edge-preserving smoothing by the self-guided filter: flat regions lose noise, edges above a few `noise` stay.

    Source: He, Sun, Tang, Guided image filtering, 2013, equations 11-13 with the image as its own guide.
    """
    size = 2 * radius + 1
    mean = ndi.uniform_filter(a, size)
    variance = ndi.uniform_filter(a * a, size) - mean * mean
    gain = variance / (variance + noise**2)
    offset = (1 - gain) * mean
    return np.asarray(ndi.uniform_filter(gain, size) * a + ndi.uniform_filter(offset, size), dtype=np.float32)


def halve(a: Array) -> Array:
    """Half the resolution of the first two axes by keeping the centre of k-space, (x, y, z) -> (x/2, y/2, z)."""
    k = np.fft.fftshift(np.fft.fft2(a, axes=(0, 1)), axes=(0, 1))
    nx, ny = a.shape[:2]
    k = k[nx // 4 : nx // 4 + nx // 2, ny // 4 : ny // 4 + ny // 2]
    half = np.fft.ifft2(np.fft.ifftshift(k, axes=(0, 1)), axes=(0, 1)).real / 4
    return np.asarray(np.maximum(half, 0), dtype=np.float32)


def _extent(a: Array) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    mask = ndi.binary_opening(a > 0.2, iterations=2)
    extent = []
    for axis in range(3):
        profile = np.flatnonzero(mask.any(axis=tuple(i for i in range(3) if i != axis)))
        extent.append((int(profile[0]), int(profile[-1])) if profile.size else (0, a.shape[axis] - 1))
    return extent[0], extent[1], extent[2]


def load_volume(folder: Path, source: Source) -> Volume:
    """One head, denoised, in units of its white matter; raises DataError where the file is missing."""
    path = folder / source.path
    if not path.is_file():
        raise DataError(f"training volume {path} does not exist", hint="give the folder that holds it: --data, or MRIDIFF_DATA")
    image = nib.as_closest_canonical(nib.load(path))
    a = np.asarray(image.dataobj, dtype=np.float32)
    a = np.maximum(a / np.percentile(a, 99.5), 0)
    voxel = [float(v) for v in image.header.get_zooms()[:3]]
    if source.axial_only:
        a, voxel = halve(a), [voxel[0] * 2, voxel[1] * 2, voxel[2]]
    if source.noise:
        a = guided(a, 1, 2.0 * source.noise)
    a = a / np.float32(source.white)
    coefficients = a.copy()
    for axis in (0, 1) if source.axial_only else (0, 1, 2):
        coefficients = ndi.spline_filter1d(coefficients, 3, axis=axis, output=np.float32)
    return Volume(source, coefficients, (voxel[0], voxel[1], voxel[2]), _extent(a))


def load_volumes(folder: Path, sources: Sequence[Source] = SOURCES) -> list[Volume]:
    """All heads of the data folder, in the order of `sources`."""
    return [load_volume(folder, source) for source in sources]

"""Writing an image with its geometry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mridiff import Reconstruction
from mridiff.errors import DataError
from mridiff.interfaces import Geometry, Scan


def write_result(path: Path, result: Reconstruction, scan: Scan) -> None:
    """The image of a result as NIfTI where the scan's place in space is known; magnitudes of complex numbers, real ones with their sign."""
    geometry, x = scan.measured.geometry, result.x[0].numpy()
    if geometry is not None and geometry.affine is not None:
        write_nifti(path, np.abs(x) if np.iscomplexobj(x) else x, result.axes, geometry)


def write_nifti(path: Path, image: NDArray[np.floating], axes: tuple[str, ...], geometry: Geometry) -> None:
    """A real image with the named axes as NIfTI (x, y, z, others), with the affine of its geometry; raises DataError without one."""
    import nibabel

    if geometry.affine is None:
        raise DataError("an image without an affine has no place in space", hint="Write HDF5 instead.")
    order = sorted(range(len(axes)), key=lambda i: {"x": 0, "y": 1, "z": 2}.get(axes[i], 3 + i))
    data = np.transpose(image, order)
    if "z" not in axes:
        data = np.expand_dims(data, 2)
    nibabel.save(nibabel.Nifti1Image(data.astype(np.float32), np.asarray(geometry.affine)), path)

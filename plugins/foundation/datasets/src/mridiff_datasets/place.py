"""Place: where the voxels of a measured plane lie, from the position and the directions in the head of a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from mridiff.interfaces import Geometry

from .header import Encoding


def geometry(head: Any, encoding: Encoding, size: tuple[int, ...]) -> Geometry:
    """Voxel size in mm along ([z,] y, x) of an image of `size`, and its affine (RAS) where the directions of the head are a frame.

    ISMRMRD, as DICOM, counts to the left, back and head of the patient; `position` is the middle of the plane or volume, the voxel
    n // 2 of all axes; x runs along the readout, y along the first phase encoding.
    """
    *nz, ny, nx = size
    dy, dx, dz = encoding.fov[1] / ny, encoding.recon_fov[0] / nx, encoding.fov[2] / encoding.matrix[2]
    voxel = (dz, dy, dx)[-len(size) :]
    frame = np.stack([head[name] for name in ("read_dir", "phase_dir", "slice_dir")], axis=1).astype(np.float64)
    if not np.isfinite(head["position"]).all() or not np.allclose(frame.T @ frame, np.eye(3), atol=1e-3):
        return Geometry(voxel)
    affine = np.eye(4)
    affine[:3, :3] = frame * (dx, dy, dz)
    affine[:3, 3] = head["position"] - affine[:3, :3] @ (nx // 2, ny // 2, nz[0] // 2 if nz else 0)
    affine[:2] *= -1  # left to right, back to front
    return Geometry(voxel, tuple(tuple(float(v) for v in row) for row in affine))

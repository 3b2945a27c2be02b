"""Trajectory: where the samples of ISMRMRD lines off a grid lie, and in which unit a file says so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import refuse
from .header import Encoding

SLACK = 1.01
"""Rounding may lead so far beyond the edge."""


def in_cycles(places: NDArray[np.float32], encoding: Encoding, source: str) -> tuple[NDArray[np.float32], str]:
    """Places (shot, readout, channel), channels (kx, ky), as (ky, kx) in cycles per field of view of the image, and the unit as a note.

    The format leaves the unit open: the largest value tells parts of the sampling rate (0.5), radians (pi) and cycles per encoded
    field of view (half of the matrix) apart. Raises DataError where it fits none.
    """
    reach = float(np.abs(places[..., :2]).max())
    ny, nx = encoding.plane
    size = np.array([nx, ny], dtype=np.float64)
    units = {"parts of the sampling rate": (0.5, size), "radians per pixel": (math.pi, size / (2 * math.pi)),
             "cycles per encoded field of view": (encoding.matrix[0] / 2, np.array(encoding.recon_fov[:2]) / encoding.fov[0])}  # fmt: skip
    name = next((n for n, (most, _) in units.items() if 0 < reach <= SLACK * most), None)
    if name is None:
        refuse(source, [f"traj: it reaches {reach:g}, which is in no known unit; store parts of the sampling rate, from -0.5 to 0.5"])
    assert name is not None
    scaled, half = places[..., :2] * units[name][1], size / 2
    turned = np.clip(scaled, -half, half)[..., ::-1]
    return np.ascontiguousarray(turned, dtype=np.float32), f"the trajectory reaches {reach:.4g}, so it is in {name}"


def off_grid_problems(heads: NDArray[Any], encoding: Encoding) -> list[str]:
    """All that keeps lines from being a 2-D acquisition off a grid."""
    problems = []
    if encoding.matrix[2] > 1:
        problems.append(f"xml: the acquisition is 3-D (encoded matrix {encoding.matrix}) along a trajectory ({encoding.trajectory}); only "
                        "plane ones are read")  # fmt: skip
    for name, what in (("active_channels", "channels"), ("number_of_samples", "samples"), ("discard_pre", "discarded samples"),
                       ("discard_post", "discarded samples"), ("trajectory_dimensions", "dimensions of their trajectory")):  # fmt: skip
        if len(found := np.unique(heads[name])) > 1:
            problems.append(f"data: lines differ in {what}: {found[:5].tolist()}")
    head = heads[0]
    kept = int(head["number_of_samples"]) - int(head["discard_pre"]) - int(head["discard_post"])
    if int(head["active_channels"]) * max(kept, 0) == 0:
        problems.append(f"data: {len(heads)} lines of {head['active_channels']} channels keep {kept} samples")
    if int(heads["trajectory_dimensions"].min()) < 2:
        problems.append(f"data: the trajectory is {encoding.trajectory!r}, and the lines do not tell where their samples lie; store the "
                        "trajectory (kx, ky) beside the samples of every line")  # fmt: skip
    return problems

"""Told: what one encoding of an ISMRMRD file holds, in words, from its header and the heads of its lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lines import Lines
from .measurement import COUNTERS, Measurement

SIDES = ("readout", "phase encoding", "slice")
VOLUME = (*SIDES[:2], "second phase encoding")


def told(part: Measurement) -> dict[str, str]:
    """Words by subject: encoding, coils, the counters that vary, lines by purpose, sampling, and what calibration and noise serve."""
    encoding, image = part.encoding, part.image
    fov = " x ".join(f"{f:g}" for f in encoding.fov)
    sides = ", ".join(f"{n} along {side}" for n, side in zip(encoding.matrix, SIDES if encoding.matrix[2] == 1 else VOLUME, strict=True))
    held = {"encoding": f"{encoding.trajectory}, {sides}, field of view {fov} mm", "coils": str(int(image.heads["active_channels"][0]))}
    for column, counter in enumerate(COUNTERS, start=1):
        if (count := len(np.unique(part.keys[:, column]))) > 1:
            held[f"{counter}s"] = str(count)
    lines = {"of images": len(image), "of calibration": sum(len(found) for _, found in part.calibration), "of noise": len(part.noise)}
    held["lines"] = ", ".join(f"{count} {what}" for what, count in lines.items() if count)
    first = image.where(part.scans == 0)
    held["sampling"] = (
        _sampling(part, first) if encoding.cartesian else f"{len(first)} shots of {first.heads['number_of_samples'][0]} samples"
    )
    if not encoding.cartesian:
        held["trajectory"] = f"told by the lines, in {first.heads['trajectory_dimensions'][0]} dimensions; image of {encoding.plane} pixels"
    elif encoding.kept < encoding.matrix[0]:
        held["oversampling"] = f"{encoding.matrix[0] / encoding.kept:.3g} times along the readout, removed by cropping the image"
    embedded = encoding.calibration == "embedded"
    held["coil maps"] = (
        f"from calibration lines{', which serve the image too' * embedded}" if part.calibration else "from the sampled centre"
    )
    held["noise"] = "whitened, at the level of the noise scan" if len(part.noise) else "its level is estimated"
    return held


def _sampling(part: Measurement, image: Lines) -> str:
    """Which lines and samples of the first scan are there."""
    nx, ny, nz = part.encoding.matrix
    places, counts = np.unique(np.stack([image.rows(part.encoding), image.rows(part.encoding, 2)]), axis=1, return_counts=True)
    rows = np.unique(places[0])
    words = [f"{places.shape[1]} of {ny * nz} lines ({ny * nz / places.shape[1]:.3g} x)"]
    if nz == 1:
        words[0] += f", {_middle(rows, ny // 2)} of them side by side about the origin"
    else:
        words.append(f"partitions {places[1].min()} to {places[1].max()} of {nz}")
    if abs((ny // 2 - rows[0]) - (rows[-1] - ny // 2)) > max(2, ny // 16):
        words.append(f"partial Fourier: lines {rows[0]} to {rows[-1]}, the origin is {ny // 2}")
    starts = image.starts(part.encoding) + image.heads["discard_pre"]
    ends = image.starts(part.encoding) + image.heads["number_of_samples"].astype(np.int64) - image.heads["discard_post"]
    if starts.max() > 0 or ends.min() < nx:
        words.append(f"asymmetric echo: samples {starts.max()} to {ends.min() - 1} of {nx}")
    if counts.max() > 1:
        words.append(f"{counts.min()} to {counts.max()} averages" if counts.min() < counts.max() else f"{counts.max()} averages")
    return "; ".join(words)


def _middle(rows: NDArray[np.int64], centre: int) -> int:
    """How many of the sorted rows lie side by side about the centre."""
    at = int(np.searchsorted(rows, centre))
    if at == len(rows) or rows[at] != centre:
        return 0
    steps = np.diff(rows)
    after, before = (int(np.argmax(np.append(gaps > 1, True))) for gaps in (steps[at:], steps[:at][::-1]))
    return 1 + after + before

"""Measurement: the lines of one encoding of an ISMRMRD file, by what they are there for and by the scan that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mridiff_sdk.io import afford, afford_scan

from .files import refuse
from .header import Encoding
from .lines import Lines, Read, narrow
from .noise_level import noise_level
from .offgrid import OffGrid
from .purposes import CALIBRATES_TOO, CALIBRATION, IMAGE, NOISE, REVERSED, flagged, purposes
from .raw import Raw
from .trajectory import in_cycles, off_grid_problems
from .whitening import LEAST, Whitening

COUNTERS = {"slice": "s", "contrast": "e", "phase": "p", "set": "t", "repetition": "r"}
"""Counters that tell one scan from another, and their letters in an id; before them stands the number of the measurement, m."""

SLICE = 1

TOO_LOUD = 2.0
"""What is left of the signal can only raise the estimate of the noise level; a noise scan so much above it was taken otherwise."""

EMBEDDED = "embedded"
"""The mode in which calibration lines are lines of the image as well."""


@dataclass(frozen=True)
class Measurement:
    """Encoding `number` of the header: its lines of images, of calibration (with encodings of their own), of noise, and what was left out.

    `keys` (scan, counter) are the number of the measurement and the counters of each scan, `scans` tells the scan of each line.
    """

    number: int
    encoding: Encoding
    image: Lines
    calibration: tuple[tuple[Encoding, Lines], ...]
    noise: Lines
    notes: tuple[str, ...]
    keys: NDArray[np.int64]
    scans: NDArray[np.int64]

    def labels(self) -> list[str]:
        """The counters that vary, with their letters: "s000-r001"."""
        varying = [c for c in range(self.keys.shape[1]) if len(np.unique(self.keys[:, c])) > 1]
        letters, keys = ["m", *COUNTERS.values()], self.keys.copy()
        keys[:, 0] = np.unique(keys[:, 0], return_inverse=True)[1].ravel()
        return ["-".join(f"{letters[c]}{key[c]:03d}" for c in varying) for key in keys]

    def raw(self, source: str, index: int, read: Read) -> Raw | OffGrid:
        """One scan, whitened where the file tells the noise; what was not acquired is not measured."""
        image = self.image.where(self.scans == index)
        if not self.encoding.cartesian:
            return self._off_grid(source, image, read)
        afford_scan((int(image.heads["active_channels"][0]), *self.encoding.grid), source)
        kspace, counts = narrow(*image.kspace(read, self.encoding), self.encoding)
        reference, taken, same = self._calibration(index, image, read, counts)
        if reference is not None and same and self.encoding.calibration == EMBEDDED:
            new = (counts == 0) & (taken > 0)
            kspace, counts, reference = torch.where(new, reference, kspace), torch.where(new, taken, counts), None
        white = self._whitening(image, read)
        if white is not None:
            kspace, reference = white(kspace), None if reference is None else white(reference)
        support, mean = counts > 0, float(counts[counts > 0].float().mean())
        std, notes = (None, ()) if white is None else _level(white.std / mean**0.5, kspace, support)
        weight = counts / mean
        even = bool((weight[support] == 1).all())
        return Raw(source, kspace, support=support, calibration=reference, noise_std=std, weight=None if even else weight, lines=-2,
                   notes=(*self.notes, *notes))  # fmt: skip

    def _off_grid(self, source: str, image: Lines, read: Read) -> OffGrid:
        """One scan along the trajectory of its lines."""
        head = image.heads[0]
        first, last = int(head["discard_pre"]), int(head["number_of_samples"]) - int(head["discard_post"])
        afford_scan((int(head["active_channels"]), len(image), last - first), source)
        y = torch.from_numpy(np.stack([read(image, i)[:, first:last] for i in range(len(image))], axis=1))
        places, note = in_cycles(np.stack([read.trajectory(image, i)[first:last] for i in range(len(image))]), self.encoding, source)
        white = self._whitening(image, read)
        y, std = (y, None) if white is None else (white(y), white.std)
        return OffGrid(source, y, torch.from_numpy(places), self.encoding.plane, std, notes=(*self.notes, note))

    def _calibration(self, index: int, image: Lines, read: Read, like: Tensor) -> tuple[Tensor | None, Tensor, bool]:
        """K-space (coil, *grid) for the coil maps of a scan, in the size of `like`, its counts, and whether it has the scan's counters.

        Of several the one with most counters alike is taken, always of the same slice. Lines that are for the image and for calibration
        fill it up. None where there is none.
        """
        fitting = []
        for encoding, lines in self.calibration:
            keys = _counters(lines.heads)
            alike = (keys == self.keys[index]).sum(1)
            if bool((chosen := keys[:, SLICE] == self.keys[index, SLICE]).any()):
                best = keys[chosen][int(alike[chosen].argmax())]
                fitting.append((int(alike[chosen].max()), encoding, lines.where((keys == best).all(1))))
        if not fitting:
            return None, torch.zeros_like(like), False
        alike, encoding, lines = max(fitting, key=lambda f: f[0])
        kspace, counts = narrow(*lines.kspace(read, encoding), encoding)
        kspace, counts = _resized(kspace, like), _resized(counts, like)
        twice = image.where(flagged(image.heads, CALIBRATES_TOO))
        same = alike == self.keys.shape[1]
        if same and len(twice):
            too, taken = narrow(*twice.kspace(read, self.encoding), self.encoding)
            kspace, counts = torch.where(counts > 0, kspace, too), torch.where(counts > 0, counts, taken)
        return kspace, counts, same

    def _whitening(self, image: Lines, read: Read) -> Whitening | None:
        """From the noise scan; its bandwidth, the inverse of the time per sample, may be another than that of the image."""
        if not len(self.noise):
            return None
        heads = self.noise.heads
        afford(16 * int((heads["number_of_samples"].astype(np.int64) * heads["active_channels"]).sum()), "the noise scan")
        noise = torch.from_numpy(np.concatenate([read(self.noise, i) for i in range(len(self.noise))], axis=1))
        here, there = (float(lines.heads["sample_time_us"][0]) for lines in (image, self.noise))
        return Whitening.of(noise, (there / here if here > 0 and there > 0 else 1.0) / self.encoding.bandwidth)


def _level(std: float, kspace: Tensor, support: Tensor) -> tuple[float | None, tuple[str, ...]]:
    """The noise level that a noise scan tells, None with a note where the image cannot be so noisy."""
    most = noise_level(kspace, support)
    if most is None or std <= TOO_LOUD * most:
        return std, ()
    return None, (f"the noise scan is {std / most:.1f} times as loud as the noise of the image can be: the level is estimated instead",)


@dataclass(frozen=True)
class Group:
    """A group of a file: its lines, their purposes, and the encodings of its header."""

    lines: Lines
    purpose: NDArray[np.str_]
    encodings: Sequence[Encoding]

    @classmethod
    def of(cls, lines: Lines, encodings: Sequence[Encoding]) -> Group:
        """The group with these lines."""
        return cls(lines, purposes(lines.heads), encodings)

    def part(self, purpose: str, encoding: int | None = None) -> Lines:
        """The lines of a purpose, of one encoding where it is given."""
        here = self.purpose == purpose
        return self.lines.where(here if encoding is None else here & (self.lines.heads["encoding_space_ref"] == encoding))

    def calibration(self) -> list[tuple[Encoding, Lines]]:
        """The lines of calibration, encoding by encoding."""
        found = [(e, self.part(CALIBRATION, i)) for i, e in enumerate(self.encodings)]
        return [(e, lines) for e, lines in found if len(lines)]

    def measurements(self, source: str, beside: Sequence[Group] = ()) -> list[Measurement]:
        """What the lines measure, encoding by encoding; raises DataError where none can be read, notes those that cannot.

        Noise and calibration are taken from groups `beside` it, without a line of an image, where it has none itself.
        """
        missing = int((self.lines.heads["encoding_space_ref"] >= len(self.encodings)).sum())
        notes = [f"{missing} lines of an encoding that the header does not describe are left out"] if missing else []
        spare = {what: n for what, n in Counter(self.purpose.tolist()).items() if what not in {IMAGE, CALIBRATION, NOISE}}
        notes += [f"{n} lines of {what} are left out" for what, n in sorted(spare.items())]
        found: list[tuple[int, Lines]] = []
        problems: list[str] = []
        for i, encoding in enumerate(self.encodings):
            image = self.part(IMAGE, i)
            wrong = _problems(image, encoding) if len(image) else []
            label = f"encoding {i}: " if len(self.encodings) > 1 else ""
            problems += [label + w for w in wrong]
            if len(image) and not wrong:
                found.append((i, image))
        if not found:
            refuse(source, problems or ["data: it holds no line of an image"])
        notes += [f"left out: {p}" for p in problems]
        noise = next((lines for g in (self, *beside) if len(lines := g.part(NOISE))), self.part(NOISE))
        calibration = self.calibration() or [c for g in beside for c in g.calibration()]
        return [_measurement(i, self.encodings[i], image, calibration, noise, notes) for i, image in found]


def _measurement(
    number: int, encoding: Encoding, image: Lines, calibration: Sequence[tuple[Encoding, Lines]], noise: Lines, notes: Sequence[str]
) -> Measurement:
    """A measurement with the calibration and the noise that fit it; what does not is noted."""
    said = list(notes)
    channels = int(image.heads["active_channels"][0])
    usable = []
    if calibration and not encoding.cartesian:
        said.append(
            f"{sum(len(lines) for _, lines in calibration)} calibration lines are left out: maps come from the centre of the trajectory"
        )
        calibration = ()
    for other, lines in calibration:
        same_grid = np.allclose([o / e for o, e in zip(_steps(other), _steps(encoding), strict=True)], 1, rtol=1e-3)
        wrong = _problems(lines, other) + ([] if same_grid else ["its field of view is another"])
        wrong += [] if int(lines.heads["active_channels"][0]) == channels else ["it has other channels"]
        if wrong:
            said.append(f"{len(lines)} calibration lines are left out: {'; '.join(wrong)}")
        else:
            usable.append((other, lines))
    if encoding.cartesian and bool((image.heads["trajectory_dimensions"] > 0).any()):
        said.append("lines carry a trajectory of their own, which is not used: their samples are taken as evenly spaced")
    heard = noise.where(noise.heads["active_channels"] == channels)
    samples = int(heard.heads["number_of_samples"].astype(np.int64).sum())
    if len(noise) and samples < LEAST * channels:
        said.append(f"{len(noise)} lines of noise are left out: {samples} samples of {channels} channels do not tell their covariance")
        heard = heard.where(np.zeros(len(heard), dtype=bool))
    keys, scans = np.unique(_counters(image.heads), axis=0, return_inverse=True)
    return Measurement(number, encoding, image, tuple(usable), heard, tuple(said), keys, scans.ravel())


def _steps(encoding: Encoding) -> tuple[float, float]:
    """The fields of view whose inverse is the grid of k-space, along x after the oversampling is gone."""
    return encoding.recon_fov[0], encoding.fov[1]


def _counters(heads: NDArray[Any]) -> NDArray[np.int64]:
    """What tells one scan from another, (line, counter): the number of its measurement, then the counters of its head.

    A writer that numbers its lines there instead of its measurements is taken to have made one.
    """
    number = heads["measurement_uid"].astype(np.int64)
    number = number if 2 * len(np.unique(number)) <= len(heads) else np.zeros_like(number)
    return np.stack([number, *(heads["idx"][c].astype(np.int64) for c in COUNTERS)], axis=1)


def _resized(values: Tensor, like: Tensor) -> Tensor:
    """Values (..., *grid) cropped or padded with zeros about the origin to the size of `like` (*grid)."""
    for axis, n in zip(range(-like.ndim, 0), like.shape, strict=True):
        old = values.shape[axis]
        low = n // 2 - old // 2
        values = values.narrow(axis, max(0, -low), min(old, n))
        shape = list(values.shape)
        shape[axis] = n
        grown = values.new_zeros(shape)
        grown.narrow(axis, max(0, low), values.shape[axis]).copy_(values)
        values = grown
    return values


def _problems(lines: Lines, encoding: Encoding) -> list[str]:
    """All that keeps lines from being a plane or a volume on a grid that is read."""
    if not encoding.cartesian:
        return off_grid_problems(lines.heads, encoding)
    nx, ny, nz = encoding.matrix
    heads, problems = lines.heads, []
    if nz > 1 and len(np.unique(heads["idx"]["kspace_encode_step_2"])) == 1:
        problems.append(f"xml: the acquisition is 3-D (encoded matrix {encoding.matrix}), but all lines lie in one partition; the third "
                        "number of a file of slices is 1")  # fmt: skip
    channels, samples = heads["active_channels"].astype(np.int64), heads["number_of_samples"].astype(np.int64)
    if len(np.unique(channels)) > 1:
        return [*problems, f"data: lines differ in channels {np.unique(channels)[:5].tolist()}"]
    if channels[0] * samples.min() == 0:
        problems.append(f"data: {len(heads)} lines of {channels[0]} x {samples.min()} samples are empty")
    starts = lines.starts(encoding)
    if starts.min() < 0 or (starts + samples).max() > nx:
        centres = np.unique(heads["center_sample"])[:5].tolist()
        problems.append(f"data: {samples.max()} samples with centre {centres} do not fit the encoded matrix {nx}")
    for step, n in ((1, ny), (2, nz)):
        rows = lines.rows(encoding, step)
        if rows.min() < 0 or rows.max() >= n:
            problems.append(f"data: encoding steps {step} put lines at {rows.min()} to {rows.max()}, outside the encoded matrix {n} of the "
                            "header")  # fmt: skip
    lost = int((heads["discard_pre"].astype(np.int64) + heads["discard_post"] >= samples).sum())
    if lost:
        problems.append(f"data: {lost} lines discard all of their samples")
    if bool(flagged(heads, REVERSED).any()):
        problems.append("data: some lines run backwards (echo-planar); they would need a correction that is not made here")
    return problems

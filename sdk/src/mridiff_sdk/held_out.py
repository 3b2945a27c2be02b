"""Held out: heads and hearts that no weights were trained on, for validation and for measuring."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mridiff.errors import DataError

from .fourier import fft, ifft
from .io.hdf5 import open_hdf5
from .training_data.anatomy import HEARTS, HELD_OUT_HEARTS
from .training_data.augment import phase
from .training_data.slices import Array
from .training_data.volume import inner, read

__all__ = ["SUBJECTS", "VARIABLE", "clinical", "data_folder", "hearts", "held_out", "image", "kspace", "measured", "numbers", "place"]

VARIABLE = "MRIDIFF_DATA"
"""Names the folder of measured data in the environment."""
T2 = "siat_t2_complex/siat_t2.h5"
PATIENT = "patient12"
KEPT = 0.67
"""Of the k-space of clinical scans, along each axis."""
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "t2": ("A", "B", "C", "E", "G"),
    "measured": ("brain8_full", "brain16_lowres"),
    "t1": (PATIENT,),
    "t2-clinical": (PATIENT,),
    "flair": (PATIENT,),
    "heart": HELD_OUT_HEARTS,
}
"""Who is kept for measuring, by kind of scan: complex T2 slices, k-space of several coils, and magnitudes of clinical heads and hearts."""


def data_folder(path: Path | None) -> Path:
    """The folder of measured data; raises DataError where there is none."""
    named = os.environ.get(VARIABLE, "") if path is None else str(path)
    if not named:
        raise DataError("these scans lie in a folder of measured data, and none was named", hint=f"Give path, or set {VARIABLE}.")
    if not Path(named).is_dir():
        raise DataError(f"the folder of measured data {named} does not exist", hint=f"Give another path, or set {VARIABLE}.")
    return Path(named)


def place(source: str, subject: str) -> tuple[str, str]:
    """Where in the data folder a subject of `SUBJECTS` is found: FILE:DATASET, and whom of several people, as `volume.read` takes it."""
    if source == "t2":
        return f"{T2}:image_int16", subject
    if source == "measured":
        return f"multicoil_kspace/{subject}.h5:kspace", ""
    if source == "heart":
        return HEARTS[0].path, subject
    return f"ms_t1_t2_flair/{source.removesuffix('-clinical')}_raw.h5:{subject}_study1", ""


def numbers(data: Path, source: str, subject: str, count: int) -> list[int]:
    """At most `count` slices of a subject, evenly spread, by their number; of clinical heads from 30 to 80 % of the height of the scan."""
    if source == "measured":
        return [0]
    n = len(_indices(data, subject)) if source == "t2" else _stack(data, source, subject).shape[2]
    low, high = (int(0.3 * n), int(0.8 * n)) if subject == PATIENT else (0, n)
    return sorted({low + int((high - low) * (i + 0.5) / count) for i in range(count)})


def image(data: Path, source: str, subject: str, number: int, size: int) -> Tensor:
    """One slice (y, x) at `size` pixels, complex, p99 = 1: as in `held_out` of "t2", in `clinical` or `hearts` of the magnitudes."""
    if source == "t2":
        return held_out(data, size, (_indices(data, subject)[number],))[0]
    return _slice(_stack(data, source, subject), number, size, number, 1.0 if source == "heart" else KEPT)


def held_out(data: Path, size: int, indices: Sequence[int]) -> Tensor:
    """Complex T2 slices (sample, y, x) of heads that no weights were trained on, at `size` pixels (k-space cropped), p99 = 1."""
    with open_hdf5(data / T2) as f:
        raw = np.stack([f.read("image_int16", i) for i in indices]).astype(np.float32)
    _check(raw.shape[1:3], size)
    k = fft(torch.complex(torch.from_numpy(raw[..., 0]), torch.from_numpy(raw[..., 1])))
    start = (k.shape[-1] - size) // 2
    x = ifft(k[..., start : start + size, start : start + size])
    return x / x.abs().flatten(1).quantile(0.99, dim=1)[:, None, None]


def kspace(data: Path, name: str) -> tuple[Tensor, Tensor]:
    """The full k-space (coil, ky, kx) of a head measured by several coils, and the maps (coil, y, x) that come with it."""
    path, _, dataset = place("measured", name)[0].partition(":")
    with open_hdf5(data / path) as f:
        return torch.from_numpy(f.read(dataset)), torch.from_numpy(f.read("espirit_maps"))


def measured(data: Path, name: str = SUBJECTS["measured"][0]) -> tuple[Tensor, Tensor]:
    """A head measured by several coils, in full: images combined by its maps (1, y, x), p99 = 1, and the maps (coil, y, x)."""
    k, maps = kspace(data, name)
    x = (maps.conj() * ifft(k)).sum(0)[None]
    return x / x.abs().quantile(0.99), maps


def clinical(data: Path, contrast: str, size: int = 128, count: int = 6) -> Tensor:
    """Axial slices (sample, y, x) of a patient whom no weights were trained on, p99 = 1: magnitudes of a "t1", "t2" or "flair" scan.

    The inner part of k-space alone was measured and is kept. The phase is simulated, smooth, and drawn with seed 0.
    """
    stack = _stack(data, f"{contrast}-clinical", PATIENT)
    return torch.stack([_slice(stack, int(n), size, i, KEPT) for i, n in enumerate(np.linspace(0.3, 0.8, count) * stack.shape[2])])


def hearts(data: Path, size: int = 128, people: Sequence[str] = HELD_OUT_HEARTS) -> Tensor:
    """The middle slice (person, y, x) of hearts that no weights were trained on, p99 = 1, with a phase as those of `clinical`."""
    stacks = [_stack(data, "heart", person) for person in people]
    return torch.stack([_slice(stack, stack.shape[2] // 2, size, i, 1.0) for i, stack in enumerate(stacks)])


def _indices(data: Path, subject: str) -> list[int]:
    """Where in the file the complex T2 slices of a head are."""
    with open_hdf5(data / T2) as f:
        return [int(i) for i in np.flatnonzero(f.read("subject") == subject)]


def _stack(data: Path, source: str, subject: str) -> Array:
    """All slices (x, y, slice) of a subject, magnitudes as stored."""
    return read(data, *place(source, subject))[0]


def _slice(stack: Array, number: int, size: int, seed: int, kept: float) -> Tensor:
    """The centre (y, x) of `size` pixels of one of several magnitudes (x, y, slice), `kept` of k-space, with a phase of `seed`, p99 = 1."""
    magnitude = stack[:, :, [number]].astype(np.float32)
    magnitude = (inner(magnitude, kept) if kept < 1 else magnitude)[:, :, 0]
    _check(magnitude.shape, size)
    top, left = ((n - size) // 2 for n in magnitude.shape)
    x = magnitude[top : top + size, left : left + size] * phase(size, np.random.default_rng((0, seed)))
    return torch.from_numpy(x / np.quantile(np.abs(x), 0.99)).to(torch.complex64)


def _check(shape: Sequence[int], size: int) -> None:
    """Raise DataError where slices are smaller than asked for."""
    if size > min(shape):
        raise DataError(f"held-out slices of {shape[0]} x {shape[1]} pixels cannot be given at {size}", hint="Ask for a smaller size.")

"""Held out: heads that no weights were trained on, for validation and for the tables of the cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..fourier import fft, ifft
from ..io.hdf5 import open_hdf5
from .anatomy import HEARTS, HELD_OUT_HEARTS
from .augment import phase
from .slices import Array
from .volume import inner, read


def held_out(data: Path, size: int, indices: tuple[int, ...]) -> Tensor:
    """Complex T2 slices (sample, y, x) of heads that no weights were trained on, at `size` pixels (k-space cropped), p99 = 1."""
    with open_hdf5(data / "siat_t2_complex" / "siat_t2.h5") as f:
        raw = np.stack([f.read("image_int16", i) for i in indices]).astype(np.float32)
    k = fft(torch.complex(torch.from_numpy(raw[..., 0]), torch.from_numpy(raw[..., 1])))
    start = (k.shape[-1] - size) // 2
    x = ifft(k[..., start : start + size, start : start + size])
    return x / x.abs().flatten(1).quantile(0.99, dim=1)[:, None, None]


def measured(data: Path) -> tuple[Tensor, Tensor]:
    """A head measured with eight coils, in full: images combined by its maps (1, y, x), p99 = 1, and the maps (coil, y, x)."""
    with open_hdf5(data / "multicoil_kspace" / "brain8_full.h5") as f:
        k, maps = (torch.from_numpy(f.read(name)) for name in ("kspace", "espirit_maps"))
    x = (maps.conj() * ifft(k)).sum(0)[None]
    return x / x.abs().quantile(0.99), maps


def clinical(data: Path, contrast: str, size: int = 128, count: int = 6) -> Tensor:
    """Axial slices (sample, y, x) of a patient whom no weights were trained on, p99 = 1: magnitudes of a "t1", "t2" or "flair" scan.

    The inner 67 % of k-space alone was measured and is kept. The phase is simulated, smooth, and drawn with seed 0.
    """
    scan = inner(read(data, f"ms_t1_t2_flair/{contrast}_raw.h5:patient12_study1")[0].astype(np.float32), 0.67)
    return _slices(scan[:, :, (np.linspace(0.3, 0.8, count) * scan.shape[2]).astype(int)], size)


def hearts(data: Path, size: int = 128, people: Sequence[str] = HELD_OUT_HEARTS) -> Tensor:
    """The middle slice (person, y, x) of hearts that no weights were trained on, p99 = 1, with a phase as those of `clinical`."""
    stacks = [read(data, HEARTS[0].path, person)[0].astype(np.float32) for person in people]
    return _slices(np.stack([stack[:, :, stack.shape[2] // 2] for stack in stacks], axis=2), size)


def _slices(magnitudes: Array, size: int) -> Tensor:
    """The centre of magnitudes (x, y, slice), complex, p99 = 1: (slice, y, x) of `size` pixels."""
    top, left = ((n - size) // 2 for n in magnitudes.shape[:2])
    x = np.moveaxis(magnitudes[top : top + size, left : left + size], 2, 0)
    x = np.stack([image * phase(size, np.random.default_rng((0, i))) for i, image in enumerate(x)])
    return torch.from_numpy(x / np.quantile(np.abs(x), 0.99, axis=(1, 2), keepdims=True)).to(torch.complex64)

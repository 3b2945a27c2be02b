"""Lines: readouts with their heads, sorted into Cartesian k-space sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mridiff_sdk.fourier import fft, ifft

from .header import Encoding

EXTRAPOLATIONS = 20
"""Turns in which samples beside the edge of an echo are found again; more change nothing that noise would not hide."""


@dataclass(frozen=True)
class Lines:
    """Lines of one encoding: their heads, and their places in a group of the file."""

    group: str
    heads: NDArray[Any]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.heads)

    def where(self, chosen: NDArray[np.bool_]) -> Lines:
        """Some of the lines."""
        return Lines(self.group, self.heads[chosen], self.places[chosen])

    def rows(self, encoding: Encoding, step: int = 1) -> NDArray[np.int64]:
        """The line of k-space that each belongs to along the first phase-encoding axis, or the second one."""
        steps: NDArray[np.int64] = self.heads["idx"][f"kspace_encode_step_{step}"].astype(np.int64)
        return steps - encoding.centre[step - 1] + encoding.matrix[step] // 2

    def starts(self, encoding: Encoding) -> NDArray[np.int64]:
        """The column of the first sample of each line: its centre sample lies in the middle, a line of full length fills the row."""
        starts: NDArray[np.int64] = encoding.matrix[0] // 2 - self.heads["center_sample"].astype(np.int64)
        starts[self.heads["number_of_samples"] == encoding.matrix[0]] = 0
        return starts

    def kspace(self, read: Read, encoding: Encoding) -> tuple[Tensor, Tensor]:
        """K-space (coil, *grid), the mean of all averages of a sample, and how many there are, (*grid): 0 where none was taken."""
        total = np.zeros((int(self.heads["active_channels"][0]), *encoding.grid), dtype=np.complex64)
        counts = np.zeros(encoding.grid, dtype=np.int64)
        rows = [self.rows(encoding, step) for step in (2, 1)][-(len(encoding.grid) - 1) :]
        for i, (head, *row, start) in enumerate(zip(self.heads, *rows, self.starts(encoding), strict=True)):
            values = read(self, i)
            first, last = int(head["discard_pre"]), int(head["number_of_samples"]) - int(head["discard_post"])
            place = (*row, slice(start + first, start + max(first, last)))
            total[:, *place] += values[:, first : max(first, last)]
            counts[place] += 1
        return torch.from_numpy(total / np.maximum(counts, 1).astype(np.float32)), torch.from_numpy(counts)


class Read(Protocol):
    """What reads lines of a file: samples (coil, n) of one of some lines, and their places (n, channel) where it tells them."""

    def __call__(self, lines: Lines, i: int, /) -> NDArray[np.complex64]:
        """Its samples."""

    def trajectory(self, lines: Lines, i: int, /) -> NDArray[np.float32]:
        """Their places."""


def narrow(kspace: Tensor, counts: Tensor, encoding: Encoding) -> tuple[Tensor, Tensor]:
    """K-space (coil, *grid) and its counts (*grid) without readout oversampling: the image is cropped to its field of view along x.

    Cropping mixes neighbours along kx. Where an echo ends, they are found again from the object being confined to what is kept, so
    that the last sample that was taken is right; it alone counts as measured.
    """
    nx = encoding.matrix[0]
    keep = encoding.kept
    if keep == nx:
        return kspace, counts
    inside = slice(nx // 2 - keep // 2, nx // 2 - keep // 2 + keep)
    window = torch.zeros(nx)
    window[inside] = 1
    partial = (counts > 0).any(-1) & (counts == 0).any(-1)
    lines, taken = kspace[:, partial], counts[partial] > 0
    for _ in range(EXTRAPOLATIONS if bool(partial.any()) else 0):
        lines = torch.where(taken, kspace[:, partial], fft(window * ifft(lines, (-1,)), (-1,)))
    filled = kspace.clone()
    filled[:, partial] = lines
    near = (nx // 2 + torch.round((torch.arange(keep) - keep // 2) * (nx / keep)).long()).clamp(0, nx - 1)
    counts = counts[..., near]
    return torch.where(counts > 0, fft(ifft(filled, (-1,))[..., inside], (-1,)), 0), counts

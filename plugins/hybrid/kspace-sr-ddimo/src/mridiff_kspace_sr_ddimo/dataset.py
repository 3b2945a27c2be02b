"""Low resolution: the middle of the k-space of images whose whole k-space is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Space, Streams
from mridiff_datasets.brain import head
from mridiff_datasets.held_out import HeldOutHeads
from mridiff_sdk.coils import espirit_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.operators import Crop
from mridiff_sdk.sampling_patterns import centre

__all__ = ["LowResolution"]

Source = Annotated[
    Literal["brain", "t2", "t1", "t2-clinical", "flair", "measured"],
    "the embedded head, or held-out ones: T2 slices, a patient in three contrasts, heads measured with coils",
]
CALIBRATION = 24
"""Samples of each side that coil maps are estimated from."""


@dataclass(kw_only=True, eq=False)
class LowResolution(Dataset):
    """Scans of n / factor samples of k-space (ky, kx), one channel, of images of n pixels, the truth; a scan is named subject/slice.

    Images are truncated as they are. Of heads that were measured with coils each coil is truncated, and what is left combined with maps
    that it gives itself, as a scanner would at that resolution; the truth is combined from all of k-space.
    """

    path: Annotated[Path | None, "folder of measured data; none for the embedded head"] = field(default=None, kw_only=False)
    source: Source = "brain"
    subjects: Annotated[str, "names of subjects, separated by commas; empty = all"] = ""
    count: Annotated[int, Ge(1), "at most so many slices of each subject, evenly spread"] = 4
    size: Annotated[int, Ge(16), Le(512), "pixels of each side of the truth; measured heads keep theirs"] = 256
    factor: Annotated[float, Gt(1), "pixels of a side of the truth over samples of that side"] = 2.0
    noise_std: Annotated[float, Ge(0), "noise added to y, per complex sample, over the largest magnitude of the image"] = 0.0

    def __post_init__(self) -> None:
        chosen: dict[str, Any] = {"subjects": self.subjects, "count": self.count, "size": self.size}
        self.heads: HeldOutHeads | None = None
        if self.source != "brain":
            self.heads = HeldOutHeads(self.path, source=self.source, acceleration=1.0, maps="given", **chosen)

    def __len__(self) -> int:
        return 1 if self.heads is None else len(self.heads)

    def __getitem__(self, index: int) -> Scan:
        """The scan; raises IndexError outside [-len, len), DataError where the folder lacks its file."""
        place = range(len(self))[index]
        if self.heads is None:
            k = fft(head()[None])
            return self.scan("brain", resized(k, [min(self.size, n) for n in k.shape[1:]]))
        full = self.heads[place]
        if self.source != "measured":
            return self.scan(full.id, fft(full.truth["x"].data))
        (maps,), coils = full.measured.require("sensitivity_maps"), full.measured.y
        assert isinstance(coils, Tensor)
        low = resized(coils, self.sizes(coils))
        own = espirit_maps(low, (centre(low.shape[-2], CALIBRATION), centre(low.shape[-1], CALIBRATION)))
        return self.scan(full.id, combined(coils, maps), combined(low, own))

    def sizes(self, k: Tensor) -> list[int]:
        """How many samples (ky, kx) of k-space (sample, ..., ky, kx) are kept."""
        return [round(n / self.factor) for n in k.shape[-2:]]

    def scan(self, name: str, full: Tensor, y: Tensor | None = None) -> Scan:
        """The scan of y, or of the middle of `full` (1, ky, kx), the k-space of the truth, brought to `factor` times as many samples."""
        y = resized(full, self.sizes(full)) if y is None else y
        x = ifft(resized(full, [round(self.factor * n) for n in y.shape[1:]]))
        std = self.noise_std * float(x.abs().max())
        y = y + std * Streams.of(0, name).child("noise").normal_like(y) if std else y.clone()
        return Scan(name, Measured(y, Gaussian(std or None)), {"x": Field(x, ("y", "x"))})


def resized(k: Tensor, sizes: Sequence[int]) -> Tensor:
    """The middle of k-space (sample, ..., ky, kx) of these sizes, with zeros around it where it has fewer samples."""
    whole = Space(("coil", "ky", "kx")[-(k.ndim - 1) :], tuple(k.shape[1:]))
    kept = {a: min(n, m) for a, n, m in zip(("ky", "kx"), sizes, k.shape[-2:], strict=True)}
    wanted = Space(whole.axes, (*k.shape[1:-2], *sizes))
    out: Tensor = Crop(wanted, kept).H(Crop(whole, kept)(k))
    return out


def combined(coils: Tensor, maps: Tensor) -> Tensor:
    """The k-space (sample, ky, kx) of the image that maps (sample, coil, y, x) make of the k-space of coils (sample, coil, ky, kx)."""
    return fft((maps.conj() * ifft(coils)).sum(1))

"""Frames: what a file has of a slice one after another - frames, repetitions, echoes - as one scan with an axis t."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff_sdk.fourier import ifft
from mridiff_sdk.io import afford

from .files import Entry
from .offgrid import OffGrid
from .raw import Raw

if TYPE_CHECKING:
    from .acquisition import Acquisition


@dataclass(frozen=True, slots=True)
class Frames(Entry):
    """The scan of several places of a file, in their order."""

    places: tuple[int, ...] = ()

    def scan(self, acquisition: Acquisition, raw: Callable[[Entry], Raw | OffGrid]) -> Scan:
        """The scan with its axis t; raises DataError where the frames do not belong together, or for what one of them lacks."""
        held = [raw(replace(self, index=i)) for i in self.places]
        shapes = {_samples(r).shape for r in held}
        if len(shapes) > 1 or len({type(r) for r in held}) > 1:
            raise DataError(f"{self.path}: {self.id}: its {len(held)} frames are of several sizes, {sorted(map(tuple, shapes))}",
                            hint="Leave series empty: each is a scan of its own then.")  # fmt: skip
        afford(4 * len(held) * _samples(held[0]).nbytes, f"{self.path}: a series of {len(held)} frames")
        grid, off = [r for r in held if isinstance(r, Raw)], [r for r in held if isinstance(r, OffGrid)]
        return _along(acquisition, off, self.id) if off else _on_grid(acquisition, grid, self.id)

    def measured(self, one: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        """The axes and sizes of the scan, given those of one of its frames."""
        found = {}
        for name, sizes in one.items():
            coil = {a: n for a, n in sizes.items() if a == "coil"}
            t = {} if name == "sensitivity_maps" else {"t": len(self.places)}
            found[name] = {**coil, **t, **sizes}
        return found


def together(entries: Sequence[Entry], letter: str, where: str) -> list[Entry]:
    """The entries that differ by the counter of this letter alone as one; raises DataError where none has such a counter."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        part = next((c for c in entry.counters if letter and c[:1] == letter and c[1:].isdigit()), "")
        groups.setdefault((entry.path, entry.id.replace(f"-{part}", "", 1) if part else entry.id, bool(part)), []).append(entry)
    if not any(part for *_, part in groups):
        raise DataError(
            f"{where}: no scan here is one of several such", hint="`mridiff inspect` says what there is; or leave series empty."
        )
    return [
        Frames(g[0].path, g[0].index, str(name), places=tuple(e.index for e in g)) if part else g[0]
        for (_, name, part), g in groups.items()
    ]


def _samples(raw: Raw | OffGrid) -> Tensor:
    return raw.y if isinstance(raw, OffGrid) else raw.kspace


def _along(acquisition: Acquisition, frames: Sequence[OffGrid], scan_id: str) -> Scan:
    """Y (coil, t, shot, readout) along a trajectory for each frame; maps and noise level are those of all shots."""
    y, trajectory = (torch.cat([getattr(f, name) for f in frames], axis) for name, axis in (("y", -2), ("trajectory", 0)))
    scan = replace(frames[0], y=y, trajectory=trajectory, notes=_notes(frames)).scan(acquisition, scan_id)
    parts, measured = (len(frames), -1), scan.measured
    assert isinstance(measured.y, Tensor)
    held = {**measured.acquisition, "trajectory": Field(trajectory[None].unflatten(1, parts), ("t", "shot", "readout", "channel"))}
    return replace(scan, measured=replace(measured, y=measured.y.unflatten(-2, parts), acquisition=held))


def _on_grid(acquisition: Acquisition, frames: Sequence[Raw], scan_id: str) -> Scan:
    """Y (coil, t, ky, kx), a mask for each frame (of the seed `mask_seed` and its number on), and maps of the mean over time."""
    for raw in frames:
        raw.check()
    if frames[0].kspace.ndim > 3:
        raise DataError(f"{frames[0].source}: a series of volumes is not read", hint="Leave series empty.")
    each = [replace(acquisition, mask_seed=acquisition.mask_seed + f) for f in range(len(frames))]
    masks = torch.stack([one.mask(raw) for one, raw in zip(each, frames, strict=True)])
    mean = _mean(frames, masks)
    loudest = [r.peak for r in frames if r.peak is not None] or [float(torch.linalg.vector_norm(ifft(mean.kspace), dim=0).max())]
    given = [replace(raw, peak=max(loudest)) for raw in frames]  # the same noise is added to all
    if acquisition.maps != "none":
        maps = acquisition.measure(mean, masks.any(0), f"{scan_id}, mean").acquisition["sensitivity_maps"].data[0]
        given = [replace(raw, maps=maps, calibration=None, truth={}) for raw in given]
        each = [replace(one, maps="given") for one in each]
    scans = [one.scan(raw, scan_id) for one, raw in zip(each, given, strict=True)]
    measured = _stacked([s.measured for s in scans], exact=all(r.noise_std is not None for r in frames))
    truth = _truth(acquisition, frames, scans)
    return Scan(scan_id, measured, truth, (*_notes(frames), *acquisition.doubts(mean, masks.any(0))))


def _mean(frames: Sequence[Raw], masks: Tensor) -> Raw:
    """The mean over time of what is kept, as a slice."""
    kspace = torch.stack([torch.where(mask, raw.kspace, 0) for raw, mask in zip(frames, masks, strict=True)]).sum(0)
    return replace(frames[0], kspace=kspace / masks.sum(0).clamp_min(1), mask=None, support=masks.any(0), weight=None)


def _stacked(parts: Sequence[Measured], exact: bool) -> Measured:
    """Measurements of the frames as one; one noise level, where each is told by the file with a weight for every frame."""
    noises = [p.noise for p in parts if isinstance(p.noise, Gaussian)]
    levels = [float(n.std) for n in noises if n.std is not None]
    std = math.sqrt(sum(v**2 for v in levels) / len(levels)) if len(levels) == len(parts) else None
    y = torch.stack([p.y for p in parts if isinstance(p.y, Tensor)], -3)
    weights = [torch.ones(()) if n.weight is None else n.weight for n in noises]
    if std is not None and exact:
        weights = [w * (std / v) ** 2 for w, v in zip(weights, levels, strict=True)]
    even = all(n.weight is None for n in noises) and not (exact and std is not None and max(levels) > min(levels))
    weight = (
        None if even else torch.stack([w.expand(p.y.shape) for w, p in zip(weights, parts, strict=True) if isinstance(p.y, Tensor)], -3)
    )
    mask = torch.stack([p.acquisition["mask"].data for p in parts], -3)
    return Measured(y, Gaussian(std, weight), {**parts[0].acquisition, "mask": Field(mask, ("t", "ky", "kx"))}, geometry=parts[0].geometry)


def _truth(acquisition: Acquisition, frames: Sequence[Raw], scans: Sequence[Scan]) -> dict[str, Field]:
    """The series "x" (t, y, x), where each frame has a reference; combined with maps of all of k-space."""
    if all("x" in raw.truth for raw in frames):
        found = [acquisition.turned(raw.truth["x"].data, raw, s.measured) for raw, s in zip(frames, scans, strict=True)]
    elif not all("x" in s.truth for s in scans):
        return {}
    elif acquisition.maps == "none":
        found = [s.truth["x"].data for s in scans]
    else:
        supports = torch.stack([raw.taken for raw in frames])
        whole = _mean(frames, supports)
        maps, given = acquisition.coil_maps(whole, whole.kspace, supports.any(0)), replace(acquisition, maps="given")
        found = [given.reference(replace(raw, maps=maps), s, scan.measured) for raw, s, scan in zip(frames, supports, scans, strict=True)]
    return {"x": Field(torch.stack(found, 1), ("t", "y", "x"))}


def _notes(frames: Sequence[Raw | OffGrid]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for raw in frames for note in raw.notes))

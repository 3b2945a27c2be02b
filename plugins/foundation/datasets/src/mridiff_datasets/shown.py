"""Shown: what somebody was shown in the trials of an experiment: pictures, which trials repeat one, and captions, as arrays of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mridiff.errors import boundary

from .containers import stored
from .files import DAMAGED, refuse

NAMES = ("pictures", "labels", "captions")


class Shown:
    """The arrays `pictures`, `labels` and `captions` of a file, each of them optional, beside so many trials.

    `labels` (trial) are alike where a picture was repeated. `pictures` (trial, y, x, channel) are RGB, or grey (trial, y, x); where there
    are fewer than trials, labels number them from 0 on; `captions` (trial) likewise. `groups` are the trials of every label, in the order
    of their first, each trial by itself without labels; `problems` what is wrong with names, shapes and labels.
    """

    def __init__(self, path: Path, trials: int) -> None:
        self.path, self.groups = path, {f"{i:03d}": [i] for i in range(trials)}
        with boundary(f"{path}: it cannot be read", DAMAGED), stored(path) as file:
            self.held = {n: (file.shape(n), file.dtype(n)) for n in NAMES if n in set(file.keys())}
            fits = "labels" in self.held and self.held["labels"][0] == (trials,)
            labels = [_text(label) for label in file.read("labels").tolist()] if fits else []
        if labels:
            self.groups = {label: [i for i in range(trials) if labels[i] == label] for label in dict.fromkeys(labels)}
        self.problems = (
            [f"labels: shape {self.held['labels'][0]} is not one of each trial, ({trials})"] if "labels" in self.held and not fits else []
        )
        self.problems += [p for name in ("pictures", "captions") if name in self.held for p in self._misfits(name, trials)]

    def picture(self, label: str, size: int) -> Tensor | None:
        """What the trials of a label show, (1, channel, y, x) in [0, 1], its middle square brought to `size` pixels; None without pictures.

        Raises DataError where its values are none of a picture.
        """
        if "pictures" not in self.held:
            return None
        values = self._read("pictures", label)
        most = 255 if values.dtype.kind in "iu" else 1
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= most):
            refuse(self.path, [f"pictures: that of {label} has values from {values.min():.4g} to {values.max():.4g}, which are not within "
                               f"0 and {most}; store whole numbers up to 255, or others up to 1"])  # fmt: skip
        x = torch.from_numpy(values.astype(np.float32) / most)
        x = x[..., None].expand(-1, -1, 3) if x.ndim == 2 else x
        side = min(x.shape[:2])
        top, left = ((n - side) // 2 for n in x.shape[:2])
        square = x[top : top + side, left : left + side].permute(2, 0, 1)[None].contiguous()
        return torch.nn.functional.interpolate(square, (size, size), mode="bicubic", antialias=True).clamp(0, 1)

    def caption(self, label: str) -> str:
        """The caption of a picture, empty where there is none."""
        return _text(self._read("captions", label).item()) if "captions" in self.held else ""

    def _read(self, name: str, label: str) -> NDArray[Any]:
        """The part of an array that belongs to a label."""
        place = self.groups[label][0] if self.held[name][0][0] == sum(map(len, self.groups.values())) else int(label)
        with boundary(f"{self.path}: {name} cannot be read", DAMAGED), stored(self.path) as file:
            return np.asarray(file.read(name, (place,)))

    def _misfits(self, name: str, trials: int) -> list[str]:
        shape, dtype = self.held[name]
        drawn = len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)
        if name == "pictures" and (not drawn or 0 in shape or dtype.kind not in "iuf"):
            return [f"pictures: shape {shape} of {dtype} is neither (trial, y, x, 3) nor (trial, y, x); where channels come second, "
                    "numpy.moveaxis(pictures, 1, -1)"]  # fmt: skip
        if name == "captions" and (len(shape) != 1 or dtype.kind not in "OSU"):
            return [f"captions: shape {shape} of {dtype} is no list of texts"]
        numbers = [int(label) if label.isdecimal() else shape[0] for label in self.groups]
        if shape[0] == trials or ("labels" in self.held and max(numbers) < shape[0]):
            return []
        return [f"{name}: there are {shape[0]} of them for {trials} trials; give one of each trial, or labels that number them from 0 on"]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

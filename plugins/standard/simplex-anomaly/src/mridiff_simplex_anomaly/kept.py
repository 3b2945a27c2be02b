"""Kept: arrays that a training makes once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def kept(path: Path, make: Callable[[], Array]) -> Array:
    """The array in a file, float16, or where it is not there what `make` gives, which then is; several processes may ask at once."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.tmp.npy")
        np.save(partial, make().astype(np.float16))
        partial.replace(path)
    return np.asarray(np.load(path), dtype=np.float32)

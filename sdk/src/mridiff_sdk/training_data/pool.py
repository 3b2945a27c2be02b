"""Pool: thousands of augmented slices in one memory-mapped file, so that a training update pays for the network alone."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..training import Run
from . import augment
from .anatomy import ANATOMY, SOURCES, Source, summary
from .labels import load_map
from .slices import Head, cut
from .volume import load_volume

VERSION = 2
"""Raise when the augmentation changes: the cache then regenerates."""

PARTS = 2
"""Files that the pool of a training is kept in; several processes make one each."""

Half = npt.NDArray[np.float16]


@dataclass(frozen=True)
class PoolConfig:
    """What a pool holds: number of slices, their size in pixels, seed, and of what they are."""

    count: int = 8192
    size: int = 160
    seed: int = 0
    anatomy: Literal["brain", "heart"] = "brain"

    def key(self, data: Path) -> str:
        """Hash of everything that the content depends on, the files of the data folder too."""
        files = {name: hashed(data / name) for name in sorted({s.path.partition(":")[0] for s in ANATOMY[self.anatomy]})}
        text = json.dumps([VERSION, asdict(self), [asdict(s) for s in ANATOMY[self.anatomy]], files], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def said(self, data: Path, more: str = "") -> str:
        """What weights that were trained on the pool say of their data; the pool's key stands for the files as they were."""
        drawn = f"{self.count} slices of {self.size} pixels cut, warped and varied at random with seed {self.seed}"
        return f"{summary(self.anatomy)}; {drawn}{more} (pool {self.key(data)})."


def hashed(file: Path) -> str:
    """SHA-256 of a file, nothing where there is none."""
    return _hashed(file, file.stat().st_mtime_ns, file.stat().st_size) if file.is_file() else ""


@cache
def _hashed(file: Path, changed: int, size: int) -> str:  # noqa: ARG001 - a file that was changed is another
    return hashlib.sha256(file.read_bytes()).hexdigest()


def load_heads(folder: Path, sources: Sequence[Source] = SOURCES) -> list[Head]:
    """All heads of the data folder, in the order of `sources`."""
    return [(load_map if source.contrast == "labels" else load_volume)(folder, source) for source in sources]


def sample(heads: Sequence[Head], seed: int, index: int, size: int) -> augment.Complex:
    """Slice `index` (y, x) of the pool with this seed: complex, 99th percentile of the magnitude 1. Depends on nothing else."""
    rng = np.random.default_rng((seed, index))
    weights = np.array([head.source.weight for head in heads])
    for _ in range(20):
        head = heads[int(rng.choice(len(heads), p=weights / weights.sum()))]
        image, _ = cut(head, rng, size)
        if (image > 0.3).mean() > 0.15:
            break
    image = augment.lesions(augment.recontrast(image, head.source.contrast, rng), rng)
    x = augment.normalise(image * augment.shading(size, rng) * augment.phase(size, rng))
    return augment.normalise(augment.degrade_background(augment.window(x, rng), rng))


def build(config: PoolConfig, data: Path, folder: Path, part: int = 0, parts: int = 1) -> Path:
    """The pool's file (slice, 2, y, x) float16, made now unless it is in `folder` already; several processes may make one part each.

    Each slice depends on (seed, index) alone, so the number of parts changes nothing.
    """
    path = folder / f"pool-{config.key(data)}-{part}of{parts}.npy"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    heads = load_heads(data, ANATOMY[config.anatomy])
    indices = range(part, config.count, parts)
    out = np.empty((len(indices), 2, config.size, config.size), np.float16)
    for row, index in enumerate(indices):
        x = sample(heads, config.seed, index, config.size)
        out[row, 0], out[row, 1] = x.real, x.imag
    partial = path.with_suffix(f".{os.getpid()}.tmp.npy")
    np.save(partial, out)
    partial.replace(path)
    return path


def pool_files(run: Run, pool: PoolConfig) -> list[Path]:
    """The pool's files; each process first makes its share of those that are missing."""
    for part in range(PARTS)[run.world.rank :: run.world.size]:
        build(pool, run.folder(), run.cache, part, PARTS)
    run.world.wait()
    return [build(pool, run.folder(), run.cache, part, PARTS) for part in range(PARTS)]

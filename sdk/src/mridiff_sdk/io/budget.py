"""Budget: the memory that one scan may take, compared with what a file claims before anything is allocated."""

from __future__ import annotations

import math
import os

from mridiff.errors import ConfigError, Mistake, UnsafeInput

VARIABLE = "MRIDIFF_MEMORY"
DEFAULT = 1.5
GB = 10**9
KSPACE, COPIES = 8, 8
"""Bytes of a sample, and copies of k-space at the peak: as stored, as read, transformed, maps twice, the truth with what leads to it."""


def budget() -> float:
    """GB that one scan may take: the environment variable MRIDIFF_MEMORY, else 1.5. Raises ConfigError where it is no such number."""
    text = os.environ.get(VARIABLE) or str(DEFAULT)
    try:
        allowed = float(text)
    except ValueError:
        allowed = math.nan
    if not 0 < allowed < math.inf:
        raise ConfigError([Mistake(VARIABLE, f"{text!r} is no amount of memory")], hint="Give GB as a number, as 4 or 0.5.")
    return allowed


def afford(size: int, what: str) -> None:
    """Raises UnsafeInput where `what` takes more memory (`size` in bytes) than one scan may."""
    if size > (allowed := budget()) * GB:
        raise UnsafeInput(f"{what} takes {size / GB:.3g} GB of memory; one scan may take {allowed:g} GB",
                          hint=f"If you trust the file and have the memory, set {VARIABLE}={math.ceil(size / GB)} (in GB).")  # fmt: skip


def afford_scan(shape: tuple[int, ...], what: str) -> None:
    """Raises UnsafeInput where a scan with k-space of this shape, and the copies that live while it is made, takes more than it may."""
    afford(math.prod(shape) * KSPACE * COPIES, f"{what}: a scan of shape {shape}")

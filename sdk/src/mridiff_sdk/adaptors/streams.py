"""Random streams for the items that one sample is cut into."""

from __future__ import annotations

from mridiff.interfaces import Streams


def split(rng: Streams, items: int) -> Streams:
    """One stream per (sample, item), sample first; fresh at every call, and independent of the other samples in the batch."""
    # A number drawn from the parent tells the calls apart: streams by name alone would start over each time.
    calls = rng.integers(0, 2**62)
    return Streams([f"{key}/{int(call)}/{i}" for key, call in zip(rng.keys, calls, strict=True) for i in range(items)])

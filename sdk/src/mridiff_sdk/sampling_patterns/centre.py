"""The centre of k-space: which samples a fully sampled middle holds."""

from __future__ import annotations


def centre(n: int, count: int) -> slice:
    """The `count` samples around the origin n // 2 of an axis of n, as in the mask functions of fastMRI: from (n - count + 1) // 2 on.

    Where the two sides cannot hold equally many, the extra sample is the first on an even axis and the last on an odd one.
    """
    start = (n - count + 1) // 2
    return slice(start, start + count)

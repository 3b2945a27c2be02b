"""Which samples of k-space are taken: Cartesian masks, trajectories, time-resolved combs, nested sequences of masks."""

from .cartesian import PATTERNS, mask, masks

__all__ = ["PATTERNS", "mask", "masks"]

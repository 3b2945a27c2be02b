"""Which samples of k-space are taken: Cartesian masks, trajectories, time-resolved combs, nested sequences of masks."""

from .cartesian import PATTERNS, mask, masks
from .centre import centre
from .kt import interleaved, spokes
from .nested import Order, Unit, UnitChoice, mask_at, removal_times
from .poisson import poisson_disc
from .radial import radial
from .spiral import spiral

__all__ = ["PATTERNS", "Order", "Unit", "UnitChoice", "centre", "interleaved", "mask", "mask_at", "masks", "poisson_disc", "radial",
           "removal_times", "spiral", "spokes"]  # fmt: skip

"""Non-Cartesian scans: the embedded head and the held-out ones, sampled along spokes or spirals."""

from __future__ import annotations

from dataclasses import dataclass

from mridiff.interfaces import Dataset, Scan

from . import options
from .along import Along
from .brain import head
from .held_out import Heads
from .simulation import Simulation

__all__ = ["NonCartesianBrain", "NonCartesianHeads"]


@dataclass(kw_only=True, eq=False)
class NonCartesianBrain(options.CoilArray, Along, Dataset):
    """One scan: the embedded head of `brain`, seen by simulated coils along a trajectory."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Scan:
        """The scan, under index 0 (or -1)."""
        if index not in (0, -1):
            raise IndexError(f"the embedded brain is one scan; there is no index {index}")
        return self.scan(Simulation(self.coils, self.coil_seed).raw("the embedded brain", head()), "brain")


@dataclass(kw_only=True, eq=False)
class NonCartesianHeads(Heads, Along, Dataset):
    """The slices of `held-out-heads`, named and chosen as there, each along a trajectory with a first angle of its own.

    Heads that were measured with coils are resampled from all of their k-space.
    """

    noise_std: options.NoiseStd = 0.0

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice; raises DataError where the folder lacks its file."""
        return self.scan(self.raw(index, given=self.maps == "given"), self.name(index))

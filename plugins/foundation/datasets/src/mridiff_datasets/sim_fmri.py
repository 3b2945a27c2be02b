"""Simulated fMRI of somebody who looks at drawn scenes: voxel responses, and the picture as truth; it needs no file."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.stimuli import Scene, scene

from .voxels import voxels

__all__ = ["SimFMRI"]

FIRST = {"train": 0, "validation": 100_000, "test": 200_000}
"""The number of each split's first scene."""
TRIALS = {"train": 1, "validation": 3, "test": 3}
"""How often each picture is shown; the responses are averaged."""


class SimFMRI(Dataset):
    """Scan i: the standardised responses of 800 voxels to scene i of a split, as condition "voxels" (voxel), the picture as truth "x".

    There is no forward operator and no y. Truth: RGB in [0, 1], (channel, y, x), and "attributes" (channel), how often each shape, colour,
    size, place and ground occurs. Training stimuli are shown once, the others three times.
    """

    def __init__(
        self,
        *,
        split: Annotated[Literal["train", "validation", "test"], "which stimuli; no scene is in two splits"] = "test",
        stimuli: Annotated[int, Ge(1), Le(100_000), "number of scans"] = 1,
        noise: Annotated[float, Gt(0), "level of the trial noise: 1 easy, 2 medium, 4 hard"] = 2.0,
        size: Annotated[int, Ge(16), Le(512), "pixels of each side of the pictures"] = 32,
        seed: Annotated[int, Ge(0), Lt(2**31), "seed of the subject and of all stimuli"] = 0,
    ) -> None:
        self.split, self.stimuli, self.level, self.size, self.seed = split, stimuli, noise, size, seed

    def __len__(self) -> int:
        return self.stimuli

    def scene(self, index: int) -> Scene:
        """What is shown in scan `index`; raises IndexError outside [-len, len)."""
        if not -self.stimuli <= index < self.stimuli:
            raise IndexError(f"there are {self.stimuli} scans; there is no index {index}")
        return scene(FIRST[self.split] + index % self.stimuli, self.seed)

    def __getitem__(self, index: int) -> Scan:
        """The responses to one picture."""
        shown = self.scene(index)
        name = f"sim-fmri-{self.split}-{index % self.stimuli}"
        x, counts = shown.picture(self.size)[None], shown.counts()[None]
        subject = voxels(self.size, self.seed)
        noise = subject.noise(self.level, TRIALS[self.split], Streams.of(self.seed, name).child("noise"))
        seen = Field(subject.responses(x, counts) + noise, ("voxel",))
        measured = Measured(None, Gaussian(), conditions={"voxels": seen})
        return Scan(name, measured, {"x": Field(x, ("channel", "y", "x")), "attributes": Field(counts, ("channel",))})

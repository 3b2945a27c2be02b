"""Simulated pairs: the counts of a PET scan and the undersampled k-space of an MR scan of one head; they need no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from mridiff.interfaces import Field, Scan

from .pet_mr_head import Contrast, Phantom
from .pet_mr_scanners import Scanners
from .subjects import Count, First, Subjects

__all__ = ["ACTIVITY", "PetMrPhantom"]

ACTIVITY = 0.19
"""The mean of the activity of a typical subject over the field of view, which makes a number of counts a duration of the scan."""


@dataclass(kw_only=True, eq=False)
class PetMrPhantom(Scanners, Subjects):
    """Scan i is subject `first` + i: y = (Poisson(s P u + b), M (F v + n)), all of it drawn from the subject's number and the seed.

    Acquisition: `angles` (angle), `mask` (ky, kx), `scale` (modality). Truth: "x" and "lesion" (modality, y, x), where each
    modality has spots that the other has not. Modality 0 is PET, 1 is MR.
    """

    subjects: Count = 1
    first: First = 0
    size: Annotated[int, Ge(16), Le(256), "pixels of each side"] = 64
    contrast: Annotated[Contrast, "brightness of tissues: as in a brain, or almost any"] = "brain"

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        head, name = Phantom(self.size, self.seed, self.contrast).head(subject), f"pet-mr-phantom-{subject}"
        measured = self.simulated(head.images[None], ACTIVITY * self.size**2, name, subject)
        truth = {"x": Field(head.images[None], ("modality", "y", "x")), "lesion": Field(head.spots[None], ("modality", "y", "x"))}
        return Scan(name, measured, truth)

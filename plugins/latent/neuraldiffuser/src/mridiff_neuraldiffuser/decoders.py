"""Decoders: from voxels to a latent, a text and vision features, one ridge regression each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from mridiff.errors import DataError
from mridiff.interfaces import Field
from mridiff_sdk.nets import Described
from mridiff_sdk.ridge import Ridge

LATENT, TEXT = "latent", "text"
"""The two targets that are not vision features."""
AXES = {LATENT: ("channel", "y", "x"), TEXT: ("token", "channel")}


def feature(layer: int) -> str:
    """The name of the target that layer `layer` of the vision tower is, counted from 1."""
    return f"feature-{layer}"


class Decoders(Described):
    """Voxel responses (sample, voxel) to the targets: "latent" (channel, y, x), "text" and "feature-N" (token, channel)."""

    def __init__(self, voxels: int, shapes: Mapping[str, Sequence[int]], rank: int) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {"voxels": voxels, "shapes": {k: list(v) for k, v in shapes.items()}, "rank": rank}
        self.targets = nn.ModuleDict({name: Ridge(voxels, shape, rank) for name, shape in shapes.items()})

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a target, without the sample axis."""
        return tuple(self.architecture["shapes"][name])

    @property
    def layers(self) -> list[int]:
        """The layers of the vision tower that are decoded, from early to late."""
        return sorted(int(name.rpartition("-")[2]) for name in self.targets if name not in AXES)

    def forward(self, voxels: Tensor) -> dict[str, Field]:
        """Every target; raises DataError for another number of voxels."""
        if voxels.shape[1:] != (self.architecture["voxels"],):
            raise DataError(f"these decoders read {self.architecture['voxels']} voxels; the scan has {tuple(voxels.shape[1:])}",
                            hint="decoders belong to one subject: mridiff train feature-guided-ldm on trials of this one")  # fmt: skip
        return {name: Field(ridge(voxels), AXES.get(name, AXES[TEXT])) for name, ridge in self.targets.items()}

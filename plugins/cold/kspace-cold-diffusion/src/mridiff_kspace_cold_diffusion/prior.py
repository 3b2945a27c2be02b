"""The restorer as a prior: x0 from an image whose k-space misses what a nested mask has removed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Prior, Scaling, Space, Streams
from mridiff_sdk.diffusions.fourier import FourierDiffusion
from mridiff_sdk.diffusions.gains import NestedMasks
from mridiff_sdk.sampling_patterns.nested import Order, UnitChoice

from .net import RestorerNet
from .plugin import WEIGHTS


def load(weights: str) -> RestorerNet:
    """The network by the name of weights that come with this package (their hash is checked), or by the path of a file.

    Raises DataError where there is neither, UnsafeInput where the shipped file was changed.
    """
    if weights in WEIGHTS:
        return RestorerNet.load(Path(__file__).parent / WEIGHTS[weights].file, WEIGHTS[weights].sha256)
    if Path(weights).is_file():
        return RestorerNet.load(Path(weights))
    raise DataError(f"no weights {weights!r}: neither a name (known: {', '.join(WEIGHTS)}) nor a file",
                    hint="give one of these names, or the path of a file made by `mridiff train kspace-restorer`")  # fmt: skip


class KspaceRestorer(Prior):
    """Estimates x0 from x_t = F^-1 M_t F x0, images complex (sample, y, x), scaled so that the zero-filled image peaks at 1.

    The masks M_t lead from all of k-space at t = 0 to the scan's own at t = 1; bound to a scan, each sample draws its own order.
    """

    space = Space(("y", "x"))
    scaling = Scaling("max-adjoint", 1.0)

    def __init__(
        self,
        weights: Annotated[str, "name of weights that come with the package, or the path of a .safetensors file"] = "brain",
        unit: Annotated[UnitChoice, "what is removed at once; auto: the largest that the scan's mask is made of"] = "auto",
        order: Annotated[Order, "what comes back first: any, the centre of k-space, or its edge"] = "random",
        patch: Annotated[int, Ge(1), "side of a patch, in samples"] = 4,
    ) -> None:
        super().__init__()
        self.model = load(weights)
        self.diffusion = FourierDiffusion(NestedMasks(unit, order, patch))

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The restored images (sample, y, x), for a time in [0, 1], a number or (sample,)."""
        out: Tensor = self.model(x_t, t)
        return out

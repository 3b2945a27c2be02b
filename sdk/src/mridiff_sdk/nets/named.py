"""Named: the network in a file that comes with a package, that its user fetched, or that is the user's own; and priors made of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Generic, Protocol, Self, TypeVar

from torch import Tensor, nn

from mridiff.errors import DataError
from mridiff.interfaces import Diffusion, Field, Prior, Streams
from mridiff.spec import Weights

Name = Annotated[str, "name of weights that come with the package, or the path of a .safetensors file"]
"""The option of a component that has weights."""
FOLDER = "MRIDIFF_WEIGHTS"
"""Environment variable: the folder of weights that do not come with their package."""


class Loadable(Protocol):
    """A network that reads itself from a file."""

    @classmethod
    def load(cls, path: Path, sha256: str | None = None) -> Self:
        """The network in a file with this hash."""
        ...


N = TypeVar("N", bound=Loadable)
M = TypeVar("M", bound=nn.Module)


def named(net: type[N], weights: str, shipped: Mapping[str, Weights], module: str, training: str) -> N:
    """The network by the name of weights that its package declares (their hash is checked), or by a path.

    `module` is the `__file__` of a module in the package's folder. Raises DataError where there is neither, naming the command
    `mridiff train <training>`, or where declared weights have to be fetched first; UnsafeInput where a declared file was changed.
    """
    if weights in shipped:
        return net.load(located(shipped[weights], module), shipped[weights].sha256)
    if Path(weights).is_file():
        return net.load(Path(weights))
    raise DataError(f"no weights {weights!r}: neither a name (known: {', '.join(shipped)}) nor a file",
                    hint=f"give one of these names, or the path of a file made by `mridiff train {training}`")  # fmt: skip


def located(weights: Weights, module: str) -> Path:
    """Where declared weights lie: in the package whose folder holds `module`, or, where they have a `url`, in the user's folder of weights.

    Nothing is ever downloaded. Raises DataError that says what to fetch and where to put it.
    """
    inside = Path(module).parent / weights.file
    if not weights.url or inside.is_file():
        return inside
    kept = weights_folder() / f"{Path(weights.file).stem}-{weights.sha256[:12]}.safetensors"
    if not kept.is_file():
        raise DataError(f"the weights {inside.name} do not come with their package, and {kept} is not there",
                        hint=f"fetch {weights.url} (SHA-256 {weights.sha256}, licence {weights.licence}) and save it under this name; "
                             f"{FOLDER} names another folder")  # fmt: skip
    return kept


def weights_folder() -> Path:
    """The folder of weights that their user fetched: the one in the environment, or one in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(FOLDER) or Path(cache) / "mridiff" / "weights")


class NetworkPrior(Prior, Generic[M]):
    """A prior whose estimate is one call of its network, `model(x_t, t)`; a subclass says space, scaling, and codec if there is one."""

    def __init__(self, model: M, diffusion: Diffusion) -> None:
        super().__init__()
        self.model, self.diffusion = model, diffusion

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of x0 (sample, *space) at time t, a number or (sample,)."""
        x0: Tensor = self.model(x_t, t)
        return x0

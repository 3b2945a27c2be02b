"""Named: the network in a file that comes with a package, or in one of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self, TypeVar

from mridiff.errors import DataError
from mridiff.spec import Weights


class Loadable(Protocol):
    """A network that reads itself from a file."""

    @classmethod
    def load(cls, path: Path, sha256: str | None = None) -> Self:
        """The network in a file with this hash."""
        ...


N = TypeVar("N", bound=Loadable)


def named(net: type[N], weights: str, shipped: Mapping[str, Weights], package: Path, training: str) -> N:
    """The network by the name of weights that come with the package in folder `package` (their hash is checked), or by a path.

    Raises DataError where there is neither, naming the command `mridiff train <training>`; UnsafeInput where the shipped file was changed.
    """
    if weights in shipped:
        return net.load(package / shipped[weights].file, shipped[weights].sha256)
    if Path(weights).is_file():
        return net.load(Path(weights))
    raise DataError(f"no weights {weights!r}: neither a name (known: {', '.join(shipped)}) nor a file",
                    hint=f"give one of these names, or the path of a file made by `mridiff train {training}`")  # fmt: skip

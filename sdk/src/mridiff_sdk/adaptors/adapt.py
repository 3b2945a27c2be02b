"""The adaptors that a prior needs to serve a given unknown, chosen by axis name, size and number type."""

from __future__ import annotations

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Space

from .fold import Fold
from .kspace import InKspace
from .magnitude import Magnitude
from .planes import Planes
from .reim import ReIm
from .tile import Tile

SPATIAL = ("z", "y", "x")


def adapt(prior: Prior, domain: Space) -> Prior:
    """`prior` for an operator's domain: as it is where it fits, else through what bridges k-space, numbers, sizes and axes, in this order.

    A prior of k-space is asked behind the Fourier transform; one of magnitudes with the phase of the measurement, another one of real
    images on both parts of complex numbers; one of a fixed size on overlapping patches of larger images; one of fewer axes on every
    slice, and one of a single direction of the image, as (t, y), on planes along the other one too. Raises DataError that shows both
    spaces where no adaptor bridges them, or where the prior's numbers have another unit; nothing is coerced in silence.
    """
    if prior.codec.kind == "identity" and prior.space.unit not in {"", domain.unit}:
        raise DataError(f"a prior of {prior.space} knows nothing of an unknown in {domain}: it has another unit",
                        hint="Choose a prior in the unit of the unknown, or one without a unit.")  # fmt: skip
    if prior.codec.kind == "identity" and "kx" in prior.space.axes and "kx" not in domain.axes:
        return adapt(InKspace(prior), domain)
    try:
        space = prior.codec.space(domain)
    except ValueError as error:
        raise DataError(f"a prior of {prior.space} cannot serve an unknown in {domain}: {error}",
                        hint="Choose a prior for these axes and sizes; `mridiff matrix` shows what fits.") from error  # fmt: skip
    if prior.space.admits(space) or prior.codec.kind == "nonlinear":
        return prior
    if space.complex and not prior.space.complex:
        return adapt(Magnitude(prior) if prior.space.kind == "magnitude" else ReIm(prior), domain)
    if set(prior.space.axes) <= set(space.axes) and prior.space.complex == space.complex:
        tiled = _tiled(prior, space)
        if tiled.space.admits(space):
            return tiled
        directions = _directions(tiled.space, space)
        return Planes(tiled, space, directions) if len(directions) > 1 else Fold(tiled, space)
    raise DataError(f"a prior of {prior.space} cannot serve an unknown in {space}",
                    hint="Choose a prior for these axes and sizes; `mridiff matrix` shows what fits.")  # fmt: skip


def _tiled(prior: Prior, space: Space) -> Prior:
    """The prior on patches along the axes of a fixed size that is not that of the space; patches overlap by a quarter at least."""
    sizes = {a: (n, space.sizes[space.axes.index(a)]) for a, n in zip(prior.space.axes, prior.space.sizes, strict=True) if n is not None}
    other = {a: n for a, (n, there) in sizes.items() if n != there}
    if any(a not in SPATIAL or (sizes[a][1] or n) < n for a, n in other.items()):
        raise DataError(
            f"a prior of {prior.space} cannot serve an unknown in {space}", hint="Choose a prior of smaller images, or of any size."
        )
    return Tile(prior, other, {a: max(1, 3 * n // 4) for a, n in other.items()}) if other else prior


def _directions(own: Space, space: Space) -> list[tuple[str, ...]]:
    """The axes of the planes that a prior is asked about: its own, and where it names one axis of the image, y or x, the other one too.

    Never along z, whose voxels may be many times as long, which an unknown does not tell: `Planes` takes these by hand.
    """
    swap = {"y": "x", "x": "y"}
    (named,) = [a for a in own.axes if a in swap] if sum(a in swap for a in own.axes) == 1 else [""]
    other = swap.get(named, "")
    return [own.axes, *([tuple(other if a == named else a for a in own.axes)] if other in space.axes else [])]

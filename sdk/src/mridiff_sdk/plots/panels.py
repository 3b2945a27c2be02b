"""Panels: named pictures brought to one shape, one window and one scale, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from mridiff.errors import DataError

from .planes import Picture, flatten
from .window import Window, error_of, factor_for, grey, window_of


@dataclass(frozen=True, slots=True)
class Panels:
    """What is compared: pictures by name, their common window, errors by name, spread over samples and other maps, the factor of these."""

    pictures: Mapping[str, Picture]
    reference: Picture | None
    window: Window
    errors: Mapping[str, Picture]
    std: Picture | None
    factor: int
    maps: Mapping[str, Picture] = field(default_factory=dict)

    @property
    def cmap(self) -> str:
        """The colours of the pictures."""
        return "signed" if self.window.signed else "gray"

    @property
    def scale(self) -> Window:
        """The window of all errors, and of the spread, which is compared with them."""
        return Window(0.0, self.window.high / self.factor)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns of every picture."""
        return next(iter(self.pictures.values())).shape[:2]


def panels(
    results: Mapping[str, NDArray[Any]],
    reference: NDArray[Any] | None,
    axes: tuple[str, ...],
    *,
    std: NDArray[Any] | None = None,
    maps: Mapping[str, NDArray[Any]] | None = None,
    voxel_size: Sequence[float] | None = None,
) -> Panels:
    """Pictures of `results` (*axes), windowed by the reference, else by the last result.

    Raises DataError where there is no result, or where shapes differ; names all that do.
    """
    given = {
        **results,
        **(maps or {}),
        **{k: v for k, v in (("the reference", reference), ("the standard deviation", std)) if v is not None},
    }
    shapes = {name: tuple(array.shape) for name, array in given.items()}
    if not results or len(set(shapes.values())) > 1:
        raise DataError(f"pictures that are compared must have one shape; these have: {shapes or 'nothing'}",
                        hint="Bring all results to the space of the reference first.")  # fmt: skip
    pictures = {name: flatten(array, axes, voxel_size) for name, array in results.items()}
    truth = None if reference is None else flatten(reference, axes, voxel_size)
    spread = None if std is None else grey(flatten(std, axes, voxel_size))
    window = window_of(list(pictures.values())[-1] if truth is None else truth)
    errors = {} if truth is None else {name: error_of(p, truth) for name, p in pictures.items()}
    others = {name: grey(flatten(array, axes, voxel_size)) for name, array in (maps or {}).items()}
    scaled = list(errors.values()) or [*([] if spread is None else [spread]), *others.values()]
    return Panels(pictures, truth, window, errors, spread, factor_for(scaled, window), others)


def sizes(array: NDArray[Any], axes: tuple[str, ...]) -> str:
    """The size of every axis in words."""
    return " × ".join(map(str, array.shape)) + f" ({', '.join(axes)})"


def errors_label(view: Panels) -> str:
    """What the error maps show and how much they are enlarged."""
    return f"|error| × {view.factor}" if view.window.signed else f"magnitude error × {view.factor}"


def window_label(view: Panels) -> str:
    """What the grey or colour window of all pictures is taken from."""
    source = "result" if view.reference is None else "reference"
    return "pictures" if view.window.signed else f"pictures: 99.5th percentile of {source}"

"""Scene: one to three coloured shapes before a ground of two tones; drawn at any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import Streams

COLOURS = {"red": (0.85, 0.12, 0.12), "green": (0.15, 0.75, 0.2), "blue": (0.15, 0.3, 0.9), "yellow": (0.95, 0.85, 0.15),
           "purple": (0.7, 0.2, 0.8), "white": (0.95, 0.95, 0.95)}  # fmt: skip
GROUNDS = {"grey": (0.45, 0.45, 0.45), "brown": (0.4, 0.25, 0.12), "navy": (0.1, 0.12, 0.35), "olive": (0.35, 0.42, 0.15)}
SIZES = {"small": 0.13, "medium": 0.19, "large": 0.27}
"""Half the width of a shape, as a fraction of the picture's side."""
ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")

Plane = Any
"""A real array (y, x)."""


def _box(u: Plane, v: Plane, a: float, b: float) -> Plane:
    return np.maximum(np.abs(u) - a, np.abs(v) - b)


SHAPES: dict[str, Callable[[Plane, Plane], Plane]] = {
    "disc": lambda u, v: np.hypot(u, v) - 1,
    "square": lambda u, v: _box(u, v, 0.85, 0.85),
    "triangle": lambda u, v: np.maximum(v - 0.8, np.abs(u) - 0.55 * (v + 1)),
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.72) - 0.26,
    "cross": lambda u, v: np.minimum(_box(u, v, 0.32, 1), _box(u, v, 1, 0.32)),
    "bars": lambda u, v: np.maximum(_box(u, v, 1, 1), np.abs((1.5 * (v + 1)) % 1 - 0.5) / 1.5 - 0.19),
}
"""Signed distance to each shape's edge, about zero; u to the right, v downwards, in units of half its width."""

ATTRIBUTES = (*SHAPES, *COLOURS, *SIZES, *ROWS, *COLUMNS, *(f"{g} above" for g in GROUNDS), *(f"{g} below" for g in GROUNDS))
"""What is counted in a scene, in the order of `Scene.counts`."""


@dataclass(frozen=True)
class Thing:
    """One shape by its words; `shift` moves it from the middle of its cell, in fractions of the side (x, y)."""

    shape: str
    colour: str
    size: str
    row: str
    column: str
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """The ground's upper and lower tone and the shapes before it, the nearest last."""

    above: str
    below: str
    things: tuple[Thing, ...]

    def picture(self, size: int) -> Tensor:
        """The scene as RGB in [0, 1], (channel, y, x), with soft edges one pixel wide."""
        y, x = np.meshgrid(*((np.arange(size) + 0.5) / size,) * 2, indexing="ij")
        image: Plane = np.where(y[None] < 0.5, _colour(GROUNDS, self.above), _colour(GROUNDS, self.below))
        for thing in self.things:
            r = SIZES[thing.size]
            u = (x - (0.22 + 0.28 * COLUMNS.index(thing.column) + thing.shift[0])) / r
            v = (y - (0.22 + 0.28 * ROWS.index(thing.row) + thing.shift[1])) / r
            cover = np.clip(0.5 - SHAPES[thing.shape](u, v) * r * size, 0, 1)
            image = image + cover * (_colour(COLOURS, thing.colour) - image)
        return torch.from_numpy(image.astype(np.float32))

    def counts(self) -> Tensor:
        """How often each of ATTRIBUTES occurs, (channel,)."""
        words = [w for t in self.things for w in (t.shape, t.colour, t.size, t.row, t.column)]
        words += [f"{self.above} above", f"{self.below} below"]
        return torch.tensor([float(words.count(a)) for a in ATTRIBUTES])


def _colour(table: dict[str, tuple[float, float, float]], name: str) -> Plane:
    return np.array(table[name])[:, None, None]


def scene(number: int, seed: int = 0) -> Scene:
    """Scene `number` of an endless series; ranges of numbers make disjoint splits.

    One, two or three shapes are equally likely, in different cells of a 3 x 3 grid; words are drawn independently.
    """
    draws = iter(Streams([f"{seed}/scene/{number}"]).uniform((32,))[0].tolist())

    def one(options: Any) -> Any:
        return tuple(options)[int(next(draws) * len(options))]

    above, below, count = one(GROUNDS), one(GROUNDS), one((1, 2, 3))
    cells = [(row, column) for row in ROWS for column in COLUMNS]
    things = []
    for _ in range(count):
        row, column = cells.pop(int(next(draws) * len(cells)))
        shift = (0.08 * (next(draws) - 0.5), 0.08 * (next(draws) - 0.5))
        things.append(Thing(one(SHAPES), one(COLOURS), one(SIZES), row, column, shift))
    return Scene(above, below, tuple(things))

"""A brain of magnetic tissue, drawn from numbers: the truth of simulated susceptibility scans."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.interfaces import Streams

Point = tuple[float, float, float]
Box = tuple[slice, slice, slice] | tuple[()]
"""Part of the grid, all of it if empty."""

NUCLEI: tuple[tuple[Point, Point, float, float], ...] = (
    # centre of the right one (z, y, x), radii, mean and spread of its susceptibility in ppm
    ((0.14, -0.26, 0.16), (0.16, 0.17, 0.07), 0.055, 0.02),  # head of the caudate
    ((0.04, -0.10, 0.32), (0.15, 0.24, 0.08), 0.07, 0.03),  # putamen
    ((0.00, -0.04, 0.22), (0.10, 0.15, 0.06), 0.15, 0.04),  # globus pallidus
    ((0.08, 0.16, 0.14), (0.13, 0.17, 0.11), 0.01, 0.02),  # thalamus
    ((-0.18, 0.14, 0.08), (0.06, 0.06, 0.05), 0.11, 0.03),  # red nucleus
    ((-0.20, 0.04, 0.12), (0.05, 0.10, 0.07), 0.13, 0.04),  # substantia nigra
    ((-0.52, 0.46, 0.16), (0.07, 0.10, 0.07), 0.10, 0.03),  # dentate nucleus
)
"""Deep grey matter, in units of half the field of view."""


class SusceptibilityBrain:
    """One subject, given by its number: white matter with a folded cortex, ventricles, iron-rich nuclei, veins, now and then a lesion.

    Coordinates (z, y, x) run from -1 to 1 over a cube; z up, y from front to back, x across. Values are ppm, relative to nothing.
    """

    def __init__(self, subject: int, seed: int = 0) -> None:
        self._rng = Streams.of(seed, f"susceptibility-brain/{subject}")

    def map(self, size: int) -> tuple[Tensor, Tensor]:
        """Susceptibility in ppm and how much of each voxel is brain, float32 (z, y, x) on a cube of `size` voxels a side."""
        u = self._uniform("shape", 20)[0]
        space = _Space(size, [0.14 * (v - 0.5) for v in u[:3]], [0.05 * (v - 0.5) for v in u[3:6]])
        radii = (0.70 + 0.08 * u[6], 0.82 + 0.08 * u[7], 0.68 + 0.08 * u[8])
        brain = space.ellipsoid((0, 0, 0), radii)
        chi = self._matter(space, radii, u)
        self._ventricles(space, chi, u)
        self._nuclei(space, chi)
        self._veins(space, chi, radii)
        self._lesions(space, chi, radii)
        return chi, brain

    def _uniform(self, what: str, *shape: int) -> list[list[float]]:
        rows = self._rng.child(what).uniform(shape if len(shape) > 1 else (1, *shape), torch.float64)[0]
        return rows.tolist()

    def _matter(self, space: _Space, radii: Point, u: Sequence[float]) -> Tensor:
        """White matter, a cortex whose inner border is folded, cerebrospinal fluid about it, and a faint texture."""
        depth = 1 - space.radius((0, 0, 0), radii)
        folds = space.waves(self._uniform("folds", 16, 4), 20.0)
        texture = space.waves(self._uniform("texture", 8, 4), 5.0)
        white, grey, fluid = -0.035 + 0.02 * u[9], 0.02 + 0.02 * u[10], 0.01 * (u[11] - 0.5)
        sharp = space.sharpness * min(radii)
        cortex = torch.sigmoid((0.17 + 0.05 * u[12] + 0.06 * folds - depth) * sharp)
        outside = torch.sigmoid((0.02 + 0.04 * folds - depth) * sharp)
        chi = white + (grey - white) * cortex + 0.008 * texture
        return chi + outside * (fluid - chi)

    def _ventricles(self, space: _Space, chi: Tensor, u: Sequence[float]) -> None:
        wide = 0.04 + 0.03 * u[13]
        for side in (-1, 1):
            space.over(chi, 0.005, (0.16, -0.02, side * 0.10), (0.07, 0.36, wide), tilt=side * 0.2)
        space.over(chi, 0.005, (0.0, 0.05, 0.0), (0.10, 0.18, 0.025))

    def _nuclei(self, space: _Space, chi: Tensor) -> None:
        for (centre, radii, mean, spread), row in zip(NUCLEI, self._uniform("nuclei", len(NUCLEI), 12), strict=True):
            for side, v in ((-1, row[:6]), (1, row[6:])):
                place = (centre[0] + 0.05 * (row[0] - 0.5), centre[1] + 0.05 * (row[1] - 0.5), side * (centre[2] + 0.04 * (row[2] - 0.5)))
                size = tuple(r * (0.8 + 0.4 * k) for r, k in zip(radii, v[2:5], strict=True))
                value = mean + 2 * spread * (row[3] - 0.5) + 0.5 * spread * (v[5] - 0.5)
                space.over(chi, value, place, size, tilt=side * (0.2 + 0.3 * row[4]))

    def _veins(self, space: _Space, chi: Tensor, radii: Point) -> None:
        """Tubes that wander through white matter and along the cortex, two to five voxels of a 96 cube thick."""
        for row in self._uniform("veins", 22, 24):
            place = [r * 1.5 * (v - 0.5) for r, v in zip(radii, row[:3], strict=True)]
            heading = [v - 0.5 for v in row[3:6]]
            value, thick = 0.12 + 0.25 * row[6], 0.010 + 0.014 * row[7] ** 2
            for k in range(5):
                heading = [h + 0.7 * (v - 0.5) for h, v in zip(heading, row[8 + 3 * k : 11 + 3 * k], strict=True)]
                length = math.hypot(*heading) or 1.0
                end = [p + 0.13 * h / length for p, h in zip(place, heading, strict=True)]
                space.tube(chi, value, place, end, thick, radii)
                place = end

    def _lesions(self, space: _Space, chi: Tensor, radii: Point) -> None:
        """Up to three bleedings or calcifications, in half of the subjects."""
        for row in self._uniform("lesions", 3, 8):
            if row[0] < 0.25:
                value = 0.2 + 0.4 * row[1] if row[2] < 0.7 else -0.1 - 0.2 * row[1]
                place = [r * 1.1 * (v - 0.5) for r, v in zip(radii, row[3:6], strict=True)]
                space.over(chi, value, (place[0], place[1], place[2]), (0.03 + 0.05 * row[6],) * 3)


class _Space:
    """The grid, moved and turned a little, and soft-edged shapes on it; a shape is computed in its own box only."""

    def __init__(self, size: int, turn: Sequence[float], shift: Sequence[float]) -> None:
        g = (torch.arange(size, dtype=torch.float32) + 0.5) * (2 / size) - 1
        grid = torch.stack(torch.meshgrid(g, g, g, indexing="ij"))
        self.size, self.shift, self.rotation = size, torch.tensor(shift, dtype=torch.float32), _rotation(turn)
        moved = torch.einsum("ij,jzyx->izyx", self.rotation, grid - self.shift[:, None, None, None])
        self.at = moved.contiguous()
        self.sharpness = 2.0 * size / 2
        """Of an edge: its logistic rises within about a voxel."""

    def radius(self, centre: Sequence[float], radii: Sequence[float], box: Box = (), tilt: float = 0.0) -> Tensor:
        """1 on the surface of an ellipsoid, turned about z by `tilt`."""
        z, y, x = (self.at[(i, *box)] - c for i, c in enumerate(centre))
        c, s = math.cos(tilt), math.sin(tilt)
        return torch.sqrt((z / radii[0]) ** 2 + ((c * y + s * x) / radii[1]) ** 2 + ((c * x - s * y) / radii[2]) ** 2)

    def ellipsoid(self, centre: Sequence[float], radii: Sequence[float], box: Box = (), tilt: float = 0.0) -> Tensor:
        """The part of each voxel inside an ellipsoid."""
        return torch.sigmoid((1 - self.radius(centre, radii, box, tilt)) * min(radii) * self.sharpness)

    def over(self, chi: Tensor, value: float, centre: Sequence[float], radii: Sequence[float], tilt: float = 0.0) -> None:
        """Lay an ellipsoid of one value over chi, in place."""
        box = self._box(centre, max(radii))
        chi[box] += self.ellipsoid(centre, radii, box, tilt) * (value - chi[box])

    def tube(self, chi: Tensor, value: float, start: Sequence[float], end: Sequence[float], thick: float, radii: Sequence[float]) -> None:
        """Lay a round-ended rod over chi, where it is inside the ellipsoid `radii`, in place."""
        a, b = torch.tensor(start, dtype=torch.float32), torch.tensor(end, dtype=torch.float32)
        box = self._box(((a + b) / 2).tolist(), float(torch.linalg.vector_norm(b - a)) / 2 + thick)
        d = self.at[(slice(None), *box)] - a[:, None, None, None]
        if not d.numel():
            return
        along = b - a
        share = (torch.einsum("izyx,i->zyx", d, along) / along.square().sum()).clamp(0, 1)
        distance = torch.linalg.vector_norm(d - share * along[:, None, None, None], dim=0)
        inside = torch.sigmoid((thick - distance) * self.sharpness) * self.ellipsoid((0, 0, 0), radii, box)
        chi[box] += inside * (value - chi[box])

    def waves(self, rows: Sequence[Sequence[float]], highest: float) -> Tensor:
        """A sum of plane waves of at most `highest` radians per unit, of about unit size."""
        total = torch.zeros_like(self.at[0])
        for row in rows:
            k = [2 * highest * (v - 0.5) for v in row[:3]]
            total += torch.cos(k[0] * self.at[0] + k[1] * self.at[1] + k[2] * self.at[2] + 2 * math.pi * row[3])
        return total * math.sqrt(2 / len(rows))

    def _box(self, centre: Sequence[float], reach: float) -> tuple[slice, slice, slice]:
        """A box of voxels about a sphere of radius `reach`, with room for its soft edge."""
        middle = self.rotation.T @ torch.tensor(centre, dtype=torch.float32) + self.shift
        low = ((middle - reach + 1) * self.size / 2).floor().int() - 3
        high = ((middle + reach + 1) * self.size / 2).ceil().int() + 3
        z, y, x = (slice(max(0, int(a)), max(0, int(b))) for a, b in zip(low, high, strict=True))
        return z, y, x


def _rotation(angles: Sequence[float]) -> Tensor:
    """A rotation about z, y and x in turn, (3, 3)."""
    made = torch.eye(3)
    for axis, angle in enumerate(angles):
        one, other = [i for i in range(3) if i != axis]
        turn = torch.eye(3)
        turn[one, one] = turn[other, other] = math.cos(angle)
        turn[one, other], turn[other, one] = -math.sin(angle), math.sin(angle)
        made = turn @ made
    return made

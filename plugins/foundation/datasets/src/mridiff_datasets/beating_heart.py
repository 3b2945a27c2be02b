"""A chest with a beating heart, drawn from numbers: the truth of simulated cine scans."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.interfaces import Streams

EDGE = 0.7
"""Pixels over which an edge falls off."""


class BeatingHeart:
    """One subject, given by its number: organs of random place, size and brightness, a smooth phase, and one heart beat.

    Coordinates run from -1 to 1 over the field of view. Both ventricles contract and their wall thickens; all else stands still, so
    the static part of the chest is exactly constant in time. Brightness is of order one, in arbitrary units.
    """

    def __init__(self, subject: int, seed: int = 0) -> None:
        self._rng = Streams.of(seed, f"beating-heart/{subject}")

    def series(self, frames: int, size: int) -> Tensor:
        """The beat, complex64 (t, y, x): `frames` even steps of one period, `size` pixels square."""
        u = self._rng.child("anatomy").uniform((40,), torch.float64)[0].tolist()
        y, x = torch.meshgrid(*(torch.linspace(-1, 1, size + 1, dtype=torch.float64)[:-1],) * 2, indexing="ij")
        canvas = _Canvas(y, x)
        chest = self._chest(canvas, u)
        beat = torch.stack([self._heart(canvas, chest, u, (t / frames + u[30]) % 1) for t in range(frames)])
        return torch.polar(beat, self._phase(y, x)).to(torch.complex64)

    def _chest(self, canvas: _Canvas, u: list[float]) -> Tensor:
        wide, tall = 0.80 + 0.12 * u[0], 0.66 + 0.14 * u[1]
        image = torch.zeros_like(canvas.y)
        image = canvas.over(image, 0.75 + 0.25 * u[2], (0, 0), (tall, wide))  # fat
        image = canvas.over(image, 0.30 + 0.20 * u[3], (0, 0), (tall - 0.09, wide - 0.08))  # muscle
        for side, k in ((-1, 4), (1, 8)):  # lungs, liver over the lower part of one of them
            place = (-0.05 + 0.1 * u[k], side * (0.40 + 0.06 * u[k + 1]))
            image = canvas.over(image, 0.05 + 0.05 * u[k + 2], place, (0.36 + 0.1 * u[k + 3], 0.22 + 0.06 * u[k]))
        image = canvas.over(image, 0.45 + 0.2 * u[12], (0.30 + 0.06 * u[13], -0.40), (0.14 + 0.05 * u[14], 0.24), angle=-0.3 - 0.4 * u[15])
        image = canvas.over(image, 0.20, (0.47 + 0.05 * u[16], 0.0), (0.11, 0.09))  # spine and its canal
        image = canvas.over(image, 0.9, (0.47 + 0.05 * u[16], 0.0), (0.045, 0.035))
        image = canvas.over(image, 0.8 + 0.3 * u[17], (0.28 + 0.06 * u[18], 0.12 + 0.05 * u[19]), (0.065, 0.065))  # aorta
        vessels = self._rng.child("vessels").uniform((12, 3), torch.float64)[0]
        for row in vessels.tolist():
            place = (-0.35 + 0.7 * row[0], (0.55 if row[1] > 0.5 else -0.55) + 0.3 * (row[1] % 0.5) - 0.07)
            image = canvas.over(image, 0.3 + 0.4 * row[2], place, (0.018 + 0.02 * row[2], 0.018 + 0.02 * row[0]))
        return image * (1 + 0.12 * self._waves(canvas.y, canvas.x))

    def _heart(self, canvas: _Canvas, chest: Tensor, u: list[float], phase: float) -> Tensor:
        """The frame at a phase of the beat in [0, 1): end of systole at 0.35, quick filling, rest."""
        s = math.sin(0.5 * math.pi * phase / 0.35) ** 2 if phase < 0.35 else math.exp(-((phase - 0.35) ** 2) / 0.06)
        cy, cx, tilt = -0.10 + 0.1 * u[20], 0.06 + 0.1 * u[21], 0.6 * u[22] - 0.3
        outer, pool = 0.26 + 0.05 * u[23], 0.17 + 0.03 * u[24]
        muscle, blood = 0.35 + 0.15 * u[25], 0.95 + 0.25 * u[26]
        squeeze = 1 - (0.30 + 0.15 * u[27]) * s
        cy, cx = cy + 0.03 * s, cx - 0.02 * s
        right = (cy - 0.02, cx - outer - 0.05 + 0.04 * s)
        image = canvas.over(chest, muscle + 0.05, right, (0.25 + 0.02 * u[28], 0.17), angle=tilt)
        image = canvas.over(image, blood * 0.95, right, (0.21 * (1 - 0.2 * s), 0.13 * (1 - 0.35 * s)), angle=tilt)
        outer *= 1 - 0.07 * s
        image = canvas.over(image, muscle, (cy, cx), (outer, outer * 0.94), angle=tilt)
        image = canvas.over(image, blood, (cy, cx), (pool * squeeze, pool * 0.92 * squeeze), angle=tilt)
        for side in (-1, 1):  # papillary muscles stand in the pool and come closer
            place = (cy + 0.09 * squeeze, cx + side * 0.08 * squeeze)
            image = canvas.over(image, muscle, place, (0.03, 0.03))
        return image

    def _waves(self, y: Tensor, x: Tensor) -> Tensor:
        """A texture of unit order: a few plane waves."""
        total = torch.zeros_like(y)
        for ky, kx, shift in self._rng.child("texture").uniform((6, 3), torch.float64)[0].tolist():
            total += torch.cos(2 * math.pi * ((6 * ky - 3) * y + (6 * kx - 3) * x + shift)) / 3
        return total

    def _phase(self, y: Tensor, x: Tensor) -> Tensor:
        """A smooth phase in radians, the same in all frames."""
        a = (2 * self._rng.child("phase").uniform((5,), torch.float64)[0] - 1).tolist()
        phase: Tensor = math.pi * a[0] + 0.8 * a[1] * y + 0.8 * a[2] * x + 0.5 * a[3] * y * x + 0.5 * a[4] * (y**2 + x**2)
        return phase


class _Canvas:
    """The grid, and ellipses with soft edges on it."""

    def __init__(self, y: Tensor, x: Tensor) -> None:
        self.y, self.x = y, x
        self.per_unit = len(y) / 2  # pixels

    def over(self, image: Tensor, value: float, centre: tuple[float, float], radii: tuple[float, float], angle: float = 0.0) -> Tensor:
        """The image with an ellipse of constant brightness laid over it."""
        dy, dx = self.y - centre[0], self.x - centre[1]
        c, s = math.cos(angle), math.sin(angle)
        r = torch.hypot((c * dy + s * dx) / radii[0], (c * dx - s * dy) / radii[1])
        inside = torch.sigmoid((1 - r) * (min(radii) * self.per_unit / EDGE * 2))
        laid: Tensor = image + inside * (value - image)
        return laid

"""A head seen by PET and by MR, drawn from numbers: one geometry, contrasts of their own, spots that only one of the two sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mridiff.interfaces import Streams

__all__ = ["LEVELS", "Contrast", "Phantom", "blurred"]

Contrast = Literal["brain", "any"]
EDGE = 0.7
"""Pixels over which an edge falls off."""
TISSUES = ("scalp", "liquor", "grey", "white", "nuclei", "ventricles")
RANGES = {
    "brain": (
        {"scalp": (0.1, 0.25), "liquor": (0.02, 0.08), "grey": (0.7, 0.95), "white": (0.2, 0.35), "nuclei": (0.6, 0.85),
         "ventricles": (0.02, 0.08)},
        {"scalp": (0.8, 1.0), "liquor": (0.08, 0.22), "grey": (0.38, 0.54), "white": (0.66, 0.84), "nuclei": (0.5, 0.66),
         "ventricles": (0.08, 0.22)},
    ),
    "any": (
        {"scalp": (0.05, 0.35), "liquor": (0.02, 0.2), "grey": (0.4, 0.95), "white": (0.05, 0.55), "nuclei": (0.2, 0.9),
         "ventricles": (0.02, 0.2)},
        {"scalp": (0.5, 1.0), "liquor": (0.1, 1.0), "grey": (0.25, 0.85), "white": (0.25, 0.95), "nuclei": (0.3, 0.9),
         "ventricles": (0.1, 1.0)},
    ),
}  # fmt: skip
"""Brightness of tissues in PET and in MR: as sugar uptake beside T1 weighting in a brain, or almost any."""
FWHM = (3.0, 5.0)
"""Full width at half maximum of the resolution of PET, in pixels of 64 across the field of view."""
LEVELS = (0.81, 0.96)
"""The 99th percentile of a slice of a typical subject, PET and MR: what images of others are brought to, and priors of pairs know."""


@dataclass(frozen=True)
class Head:
    """One subject: PET activity and MR magnitude, real (2, y, x), about 0 to 1, and where each has spots of its own, bool (2, y, x)."""

    images: Tensor
    spots: Tensor


class Phantom:
    """Subjects by number: `head(subject)` depends on the number and the seed alone.

    Tissues of random shape (scalp, liquor, folded grey and white matter, deep nuclei, ventricles) get a brightness per modality, each
    drawn by itself: where one modality has an edge the other mostly has one too. `contrast` "brain" draws them from narrow ranges, so that
    tissues can be told by MR, "any" from wide ones. One to three hot spots are in PET alone, up to two spots in MR alone. PET is blurred to
    its resolution, MR has a smooth shading and texture.
    """

    def __init__(self, size: int = 64, seed: int = 0, contrast: Contrast = "brain") -> None:
        self.size, self.seed, self.contrast = size, seed, contrast
        y, x = torch.meshgrid(*(torch.linspace(-1, 1, size + 1, dtype=torch.float64)[:-1] + 1 / size,) * 2, indexing="ij")
        self.y, self.x = y, x

    def head(self, subject: int) -> Head:
        """The subject of this number."""
        rng = Streams.of(self.seed, f"pet-mr-phantom/{subject}")
        shares, brain = self._tissues(rng.child("anatomy"))
        value = rng.child("contrast").uniform((2, len(TISSUES)), torch.float64)[0]
        ranges = torch.tensor([[r[t] for t in TISSUES] for r in RANGES[self.contrast]], dtype=torch.float64)
        bright = ranges[..., 0] + value * (ranges[..., 1] - ranges[..., 0])
        pet, mr = (bright @ shares.flatten(1)).reshape(2, self.size, self.size)
        pet, hot = self._spots(pet, brain, rng.child("hot"), (1, 3), (0.07, 0.11), (0.5, 0.9))
        mr, odd = self._spots(mr, brain, rng.child("odd"), (0, 2), (0.04, 0.09), (-0.4, 0.4))
        shading = 1 + 0.15 * waves(self.y, self.x, rng.child("shading"), 4, 1.0) + 0.04 * waves(self.y, self.x, rng.child("grain"), 8, 9.0)
        fwhm = FWHM[0] + (FWHM[1] - FWHM[0]) * float(rng.child("resolution").uniform(()))
        images = torch.stack((blurred(pet, fwhm * self.size / 64), mr * shading)).clamp_min(0)
        return Head(images.float(), torch.stack((hot, odd)))

    def _tissues(self, rng: Streams) -> tuple[Tensor, Tensor]:
        """The share of every tissue in every pixel (tissue, y, x), and where the brain is, bool (y, x)."""
        u = rng.uniform((20,), torch.float64)[0].tolist()
        wide, tall, tilt = 0.66 + 0.14 * u[0], 0.76 + 0.14 * u[1], 0.5 * (u[2] - 0.5)
        cy, cx = 0.1 * (u[3] - 0.5), 0.1 * (u[4] - 0.5)
        c, s = math.cos(tilt), math.sin(tilt)
        py, px = c * (self.y - cy) + s * (self.x - cx), c * (self.x - cx) - s * (self.y - cy)
        r = torch.hypot(py / tall, px / wide)
        folds = waves(self.y, self.x, rng.child("folds"), 12, 6.0)
        outer, thick = 0.80 + 0.03 * u[5], 0.16 + 0.08 * u[6]
        scale = min(wide, tall) * self.size / 2
        layers = [self._inside(1 - r, scale), self._inside(0.9 - r, scale), self._inside(outer - r - 0.03 * folds, scale)]
        layers.append(self._inside(outer - thick - r - 0.09 * folds, scale))
        nuclei, holes = torch.zeros_like(r), torch.zeros_like(r)
        for side in (-1, 1):
            place = (0.05 + 0.1 * (u[7] - 0.5), side * (0.20 + 0.06 * u[8]))
            nuclei = torch.maximum(nuclei, self._ellipse(py, px, place, (0.13 + 0.05 * u[9], 0.08 + 0.04 * u[10])))
            place = (-0.12 + 0.1 * (u[11] - 0.5), side * (0.09 + 0.04 * u[12]))
            holes = torch.maximum(holes, self._ellipse(py, px, place, (0.16 + 0.08 * u[13], 0.035 + 0.04 * u[14])))
        head, skull, brain, white = layers
        # each tissue is laid over the ones before
        shares = torch.stack((head, skull, brain, white, nuclei, holes))
        shares[4:] *= brain
        left = torch.cumprod(torch.cat((torch.ones_like(head)[None], 1 - shares.flip(0)))[:-1], 0).flip(0)
        return shares * left, brain > 0.9

    def _inside(self, depth: Tensor, scale: float) -> Tensor:
        """1 inside, 0 outside, with a soft edge; `depth` is the distance from the edge over `scale` pixels."""
        return torch.sigmoid(depth * scale * 2 / EDGE)

    def _ellipse(self, y: Tensor, x: Tensor, centre: tuple[float, float], radii: tuple[float, float]) -> Tensor:
        r = torch.hypot((y - centre[0]) / radii[0], (x - centre[1]) / radii[1])
        return self._inside(1 - r, min(radii) * self.size / 2)

    def _spots(self, image: Tensor, brain: Tensor, rng: Streams, count: tuple[int, int], radius: tuple[float, float],
               change: tuple[float, float]) -> tuple[Tensor, Tensor]:  # fmt: skip
        """The image with round spots in the brain that add `change`, and where they are."""
        n = int(rng.integers(count[0], count[1] + 1)[0])
        inner = torch.nonzero(brain & (torch.hypot(self.y, self.x) < 0.5))
        where = torch.zeros_like(brain)
        u = rng.child("spots").uniform((count[1], 3), torch.float64)[0].tolist()
        for a, b, c in u[:n]:
            row, column = inner[int(a * len(inner))].tolist()
            size = radius[0] + (radius[1] - radius[0]) * b
            spot = self._ellipse(self.y, self.x, (float(self.y[row, column]), float(self.x[row, column])), (size, size))
            image = image + (change[0] + (change[1] - change[0]) * c) * spot
            where = where | (spot > 0.5)
        return image, where


def waves(y: Tensor, x: Tensor, rng: Streams, count: int, highest: float) -> Tensor:
    """A smooth random field of unit variance: plane waves of up to `highest` cycles per field of view in each direction."""
    total = torch.zeros_like(y)
    for ky, kx, shift in rng.uniform((count, 3), torch.float64)[0].tolist():
        total += torch.cos(math.pi * highest * ((2 * ky - 1) * y + (2 * kx - 1) * x) + 2 * math.pi * shift)
    return total * math.sqrt(2 / count)


def blurred(image: Tensor, fwhm: float) -> Tensor:
    """A Gaussian blur of real images (..., y, x) by `fwhm` pixels, within the field of view."""
    sigma = fwhm / math.sqrt(8 * math.log(2))
    for n in (image.shape[-1], image.shape[-2]):
        i = torch.arange(n, dtype=image.dtype, device=image.device)
        kernel = torch.exp(-((i[:, None] - i) ** 2) / (2 * sigma**2))
        image = (image @ (kernel / kernel.sum(0))).mT  # each axis once, and transposed twice
    return image

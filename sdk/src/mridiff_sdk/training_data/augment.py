"""Augmentation: other contrasts, shading, lesions, receive phase and k-space windows for a magnitude slice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from .slices import Array, smooth_field

Complex = npt.NDArray[np.complex64]

TISSUES = ("csf", "grey", "white", "fat")
T1_LEVELS = (0.28, 0.66, 1.0, 1.7)
"""Typical intensity of each tissue in a T1 slice, in units of white matter: the knots of the contrast curves."""

RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "t2": ((0.8, 1.4), (0.45, 0.8), (0.25, 0.5), (0.2, 1.0)),
    "flair": ((0.03, 0.2), (0.6, 0.9), (0.4, 0.65), (0.3, 1.2)),
    "pd": ((0.6, 1.0), (0.8, 1.0), (0.6, 0.8), (0.4, 1.2)),
    "any": ((0.0, 1.2), (0.1, 1.1), (0.1, 1.1), (0.0, 1.5)),
}
"""Intensity of each tissue in the contrasts that a T1 slice is turned into."""


KINDS = {
    "t1": {"own": 0.2, "t2": 0.5, "flair": 0.1, "pd": 0.06, "any": 0.14},
    "t2": {"own": 0.85, "any": 0.15},
    "flair": {"own": 0.85, "any": 0.15},
    "bssfp": {"own": 0.85, "any": 0.15},
    "labels": {"own": 1.0},
}
"""How often a slice of each contrast keeps it, or is turned into another; intensities of label maps are drawn already."""


def recontrast(image: Array, contrast: str, rng: np.random.Generator) -> Array:
    """Another contrast (y, x) of the slice: a power for some, a smooth random curve of the intensity for the others.

    T1 slices are turned into T2-, FLAIR- and PD-like ones and into contrasts that no sequence has; air stays dark.
    """
    kind = str(rng.choice(list(KINDS[contrast]), p=list(KINDS[contrast].values())))
    if kind == "own":
        return np.asarray(image ** rng.uniform(0.75, 1.3), dtype=np.float32)
    air = rng.uniform(0.08, 0.14)
    knots = np.array([0, air, *T1_LEVELS, 6.0]) * np.array([1, 1, *rng.uniform(0.93, 1.07, 4), 1])
    values = [rng.uniform(low, high) for low, high in RANGES[kind]]
    curve = PchipInterpolator(knots, [0, 0.5 * air * values[0], *values, values[-1] * 1.3])
    return np.asarray(np.maximum(curve(np.minimum(image, 6.0)), 0), dtype=np.float32)


def lesions(image: Array, rng: np.random.Generator) -> Array:
    """The slice with up to four bright or dark spots (2 to 12 pixels) inside the head, in one slice of six."""
    if rng.random() > 0.17:
        return image
    size = image.shape[0]
    inside = np.argwhere(image > 0.3)
    if not len(inside):
        return image
    y, x = np.mgrid[:size, :size].astype(np.float32)
    wobble = 1 + 0.25 * smooth_field(rng, size, 8)
    out = image.copy()
    for _ in range(int(rng.integers(1, 5))):
        cy, cx = inside[rng.integers(len(inside))]
        ry, rx = rng.uniform(2, 12) * rng.uniform(0.6, 1.0, 2)
        distance = np.sqrt(((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2) * wobble
        weight = 1 / (1 + np.exp(np.minimum((distance - 1) * rng.uniform(4, 14), 40)))
        out = out * (1 - weight) + weight * np.float32(rng.uniform(0, 1.5)) * (0.5 + 0.5 * out)
    return np.asarray(out, dtype=np.float32)


def shading(size: int, rng: np.random.Generator) -> Array:
    """A smooth positive field (y, x), as left by coils that were combined without full correction."""
    strength = rng.uniform(0, 0.35)
    field = np.exp(strength * smooth_field(rng, size, int(rng.integers(1, 4))))
    return np.asarray(field, dtype=np.float32)


def phase(size: int, rng: np.random.Generator) -> Complex:
    """A unit-modulus image (y, x): none, smooth, or smooth with a steeper part, drawn at random."""
    kind = rng.random()
    if kind < 0.1:
        angle = np.zeros((size, size), np.float32)
    else:
        angle = rng.uniform(0.1, 1.2) * smooth_field(rng, size, int(rng.integers(1, 4)))
        if kind > 0.5:
            angle = angle + rng.uniform(0, 0.35) * smooth_field(rng, size, int(rng.integers(5, 12)))
        if kind > 0.9:
            y, x = np.mgrid[:size, :size] / size - rng.uniform(0.2, 0.8, 2)[:, None, None]
            angle = angle + rng.uniform(1, 4) * np.exp(-(x**2 + y**2) / rng.uniform(0.02, 0.08))
    return np.asarray(np.exp(1j * angle), dtype=np.complex64)


def window(x: Complex, rng: np.random.Generator) -> Complex:
    """The image as scanners often deliver it: in one of three the outer part of k-space was never measured (zero-filled)."""
    if rng.random() > 0.33:
        return x
    k = np.fft.fftshift(np.fft.fft2(x))
    n = x.shape[0]
    at = np.abs(np.arange(n) - n // 2) / (n / 2)
    ky, kx = np.meshgrid(at / rng.uniform(0.7, 1.0), at / rng.uniform(0.7, 1.0), indexing="ij")
    radius = np.sqrt(ky**2 + kx**2) if rng.random() < 0.5 else np.maximum(ky, kx)
    keep = np.clip((1 - radius) / rng.uniform(0.01, 0.15) + 0.5, 0, 1)
    return np.asarray(np.fft.ifft2(np.fft.ifftshift(k * keep)), dtype=np.complex64)


def degrade_background(x: Complex, rng: np.random.Generator) -> Complex:
    """The image over a faint noise floor in one case of three: real air is never quite empty."""
    if rng.random() > 0.33:
        return x
    noise = rng.standard_normal((2, *x.shape)) * rng.uniform(0.001, 0.005)
    return np.asarray(x + noise[0] + 1j * noise[1], dtype=np.complex64)


def normalise(x: Complex) -> Complex:
    """The image (y, x) divided by the 99th percentile of its magnitude."""
    return np.asarray(x / max(float(np.percentile(np.abs(x), 99)), 1e-6), dtype=np.complex64)

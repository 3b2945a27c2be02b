"""Voxels: how a simulated visual cortex answers to pictures: energy and colour channels through receptive fields, and attributes."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_sdk.stimuli import ATTRIBUTES, scene

V1, V4, IT = 400, 200, 200
"""Voxels of the three regions, in this order."""
ORIENTATIONS, WAVELENGTHS = 4, (16, 8, 4)
"""Energy channels: their orientations, and their wavelengths in pixels of a picture of 64 pixels."""
CALIBRATION = range(300)
"""Scenes whose responses give every voxel its mean and standard deviation; all of them are training stimuli."""
SHARED, SHARE = 5, 0.3
"""Noise factors that all voxels share, and the part of the noise variance that they carry."""


class Voxels:
    """Responses of voxels to pictures of `size` pixels, standardised, and their noise; all drawn from `seed`.

    A voxel of V1 or V4 adds the standardised square root of pooled Gabor energies (twelve channels) and pooled luminance, red-green and
    blue-yellow (signed); it pools under a Gaussian receptive field whose width grows with eccentricity. One of IT reads the counts of
    attributes through a fixed random network of two layers. A simple form of the encoding models of Kay et al., Nature 452, 2008; no
    voxel is that of a person.
    """

    def __init__(self, size: int, seed: int) -> None:
        rng, n = np.random.default_rng((seed, 1)), V1 + V4
        self.fields = receptive_fields(size, rng)
        self.energy = _single(rng.dirichlet([0.3] * ORIENTATIONS * len(WAVELENGTHS), n))
        self.signed = _single(rng.dirichlet([0.5] * 3, n) * rng.choice([-1, 1], (n, 3)))
        self.share = _single(np.where(np.arange(n) < V1, 0.5 * (rng.random(n) < 0.5), 0.7))
        self.hidden = _single(rng.standard_normal((len(ATTRIBUTES), 64))), _single(rng.standard_normal((64, IT)))
        ceiling = np.concatenate((np.maximum(0.6 * rng.beta(2, 3, n), 0.03), np.maximum(0.25 * rng.beta(2, 3, IT), 0.02)))
        self.noise_std = _single(np.sqrt((1 - ceiling) / ceiling))
        self.factors = torch.nn.functional.normalize(_single(rng.standard_normal((n + IT, SHARED))), dim=1)
        scenes = [scene(i, seed) for i in CALIBRATION]
        x, counts = torch.stack([s.picture(size) for s in scenes]), torch.stack([s.counts() for s in scenes])
        self.centre, self.spread = _moments(opponents(x).transpose(0, 1).flatten(1).T)
        amplitude, tones = self._amplitude(x), self._tones(x)
        self.usual, self.tone = _moments(amplitude), float(tones.std())
        self.mean, self.std = torch.zeros(n + IT), torch.ones(n + IT)
        self.mean, self.std = _moments(self.responses(x, counts))

    def responses(self, x: Tensor, counts: Tensor) -> Tensor:
        """Noise-free responses (sample, voxel) to pictures (sample, channel, y, x) with attribute counts (sample, channel)."""
        mean, std = self.usual
        early = (self._amplitude(x) - mean) / std + 2 * self.share * self._tones(x) / self.tone
        late = torch.tanh(0.3 * torch.tanh(0.6 * counts @ self.hidden[0]) @ self.hidden[1])
        return (torch.cat((early, late), 1) - self.mean) / self.std

    def noise(self, level: float, trials: int, rng: Streams) -> Tensor:
        """Noise of the mean over trials, (sample, voxel), for a level of 1 (easy), 2 (medium) or 4 (hard).

        At level 1 the share of a trial's variance that the picture explains is 0.6 Beta(2, 3), in IT 0.25 Beta(2, 3).
        """
        own, shared = rng.normal((V1 + V4 + IT,), torch.float32), rng.normal((SHARED,), torch.float32) @ self.factors.T
        unit: Tensor = (1 - SHARE) ** 0.5 * own + SHARE**0.5 * shared
        noise: Tensor = level / trials**0.5 * self.noise_std * unit
        return noise

    def _amplitude(self, x: Tensor) -> Tensor:
        return (self._pooled(energies(x)) * self.energy).sum(-1).sqrt()

    def _tones(self, x: Tensor) -> Tensor:
        channels = (opponents(x) - self.centre[:, None, None]) / self.spread[:, None, None]
        return (self._pooled(channels) * self.signed).sum(-1)

    def _pooled(self, channels: Tensor) -> Tensor:
        """(sample, voxel, channel)."""
        return (channels.flatten(2) @ self.fields.T).transpose(1, 2)


def receptive_fields(size: int, rng: np.random.Generator) -> Tensor:
    """Gaussians about centres whose eccentricity is log-uniform from 0.03 to 0.5 of the field, (voxel, pixel), each adding up to 1."""
    n = V1 + V4
    eccentricity, angle = 0.03 * (0.5 / 0.03) ** rng.random(n), 2 * np.pi * rng.random(n)
    sigma = (0.06 + 0.2 * eccentricity) * np.where(np.arange(n) < V1, 1, 2)
    grid = (np.arange(size) + 0.5) / size - 0.5
    dy = grid[None, :, None] - (eccentricity * np.sin(angle))[:, None, None]
    dx = grid[None, None, :] - (eccentricity * np.cos(angle))[:, None, None]
    fields = _single(np.exp(-(dy**2 + dx**2) / (2 * sigma[:, None, None] ** 2))).flatten(1)
    return fields / fields.sum(1, keepdim=True)


def energies(x: Tensor) -> Tensor:
    """Local amplitude of Gabor filters of a bandwidth of half their frequency, (sample, channel, y, x), of the luminance of pictures."""
    n = x.shape[-1]
    spectrum = torch.fft.fft2(x.mean(1) - x.mean((1, 2, 3))[:, None, None])
    k = torch.fft.fftfreq(n) * 64  # cycles per 64 pixels of a picture of any size
    made = []
    for wavelength in WAVELENGTHS:
        f = 64 / wavelength
        for i in range(ORIENTATIONS):
            a = math.pi * i / ORIENTATIONS
            distance = (k[:, None] - f * math.sin(a)) ** 2 + (k - f * math.cos(a)) ** 2
            made.append(torch.fft.ifft2(2 * spectrum * torch.exp(-distance / (2 * (f / 2) ** 2))).abs())
    return torch.stack(made, 1)


def opponents(x: Tensor) -> Tensor:
    """Luminance, red minus green, blue minus yellow of pictures, (sample, 3, y, x)."""
    r, g, b = x.unbind(1)
    return torch.stack(((r + g + b) / 3, r - g, b - (r + g) / 2), 1)


def _single(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


def _moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the first axis."""
    return values.mean(0), values.std(0).clamp_min(1e-6)


@lru_cache(maxsize=4)
def voxels(size: int, seed: int) -> Voxels:
    """The voxels of a simulated subject, made once."""
    return Voxels(size, seed)

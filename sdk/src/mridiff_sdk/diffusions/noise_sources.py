"""Where the n of x_t = H_t x0 + sigma_t n comes from: unit variance per number, one stream per sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Streams

from .. import fourier

NoiseSource = Callable[[Tensor, Streams], Tensor]
"""A draw (sample, ...) in the shape of its first argument, E|n|^2 = 1."""


def white(like: Tensor, rng: Streams) -> Tensor:
    """Independent standard normal numbers."""
    return rng.normal_like(like)


@dataclass(frozen=True)
class Correlated:
    """Normal noise whose slices along tensor dimension `dim` (negative: `space.dim(name)`) are correlated with coefficient `rho`.

    Every pair alike, as if part of the noise were shared; or, with `chain`, falling off as rho^|i - j| with the distance. Flicker
    between frames or slices needs rho < 1, copied texture rho > 0.
    """

    dim: int
    rho: float
    chain: bool = False

    def __post_init__(self) -> None:
        if self.dim >= 0 or not 0 <= self.rho <= 1:
            raise ValueError(f"Correlated needs a negative dimension and 0 <= rho <= 1; got {self.dim}, {self.rho}")

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw (sample, ...) in the shape of `like`."""
        n = like.shape[self.dim]
        i = torch.arange(n, dtype=torch.float64)
        distance = (i[:, None] - i).abs()
        C = self.rho ** (distance if self.chain else (distance > 0).double())
        values, vectors = torch.linalg.eigh(C)
        root = (vectors * values.clamp_min(0).sqrt()) @ vectors.mT  # C is singular at rho = 1: no Cholesky factor
        z = rng.normal_like(like).movedim(self.dim, -1)
        mixed: Tensor = z @ root.to(z)
        return mixed.movedim(-1, self.dim)


@dataclass(frozen=True)
class Masked:
    """Noise of `source` in the part of k-space that `mask` (1 or sample, ..., ky, kx) keeps; `kspace` says that the state is k-space.

    Numbers outside the mask are 0, so the variance per number is that of `source` inside it.
    """

    mask: Tensor
    kspace: bool = False
    source: NoiseSource = white

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw (sample, ...) in the shape of `like`; complex for an image."""
        n = self.source(like, rng)
        mask = self.mask.to(n.device, n.real.dtype)
        return mask * n if self.kspace else fourier.ifft(mask * fourier.fft(n))


@dataclass(frozen=True)
class Simplex:
    """Several octaves of three-dimensional simplex noise, scaled to unit variance, each plane (y, x) a random slice of its own.

    Octave o has wavelength `wavelength` / 2^o pixels and weight `persistence`^o (Wyatt et al., CVPR workshops 2022, AnoDDPM). Smooth
    and not normal: a lesion-sized structure is destroyed at a lower noise level than by white noise.
    """

    wavelength: float = 16.0
    octaves: int = 6
    persistence: float = 0.8

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw (sample, ..., y, x) in the shape of `like`; independent real and imaginary parts where it is complex."""
        parts = [self._real(like.shape[1:], rng) for _ in range(2 if like.is_complex() else 1)]
        n = torch.complex(parts[0], parts[1]) * 0.5**0.5 if like.is_complex() else parts[0]
        return n.to(like.device, like.dtype)

    def _real(self, shape: torch.Size, rng: Streams) -> Tensor:
        ny, nx = shape[-2:]
        planes = torch.Size(shape[:-2]).numel()
        tables = torch.stack([rng.permutation(256) for _ in range(planes)], dim=1).flatten(0, 1)
        offset = (256 * rng.uniform((planes, 3), torch.float64)).flatten(0, 1)
        y, x = torch.arange(ny, dtype=torch.float64), torch.arange(nx, dtype=torch.float64)
        grid = torch.stack((y[:, None].expand(ny, nx), x.expand(ny, nx), torch.zeros(ny, nx, dtype=torch.float64)), dim=-1)
        total = torch.zeros(len(tables), ny, nx, dtype=torch.float64)
        for o in range(self.octaves):
            # an offset per octave keeps the lattice points of the octaves from falling together
            total += self.persistence**o * simplex(grid * 2**o / self.wavelength + (o + 1) * offset[:, None, None], tables)
        std = (SIMPLEX_VARIANCE * sum(self.persistence ** (2 * o) for o in range(self.octaves))) ** 0.5
        return total.div(std).reshape(len(rng), *shape)


SIMPLEX_VARIANCE = 2.605e-5
"""Mean square of `simplex` over places and tables, measured on 1e7 values (standard error 1e-8); a test repeats it on fewer."""


def simplex(points: Tensor, tables: Tensor) -> Tensor:
    """Simplex noise at points (plane, ..., 3), with one permutation of 0 ... 255 per plane, (plane, 256); values (plane, ...).

    Space is cut into the six tetrahedra of each sheared cube; each corner adds (1/2 - d^2)^4 (g . d) with d the vector from the
    corner and g one of the twelve edge directions of a cube, by the permuted corner (Perlin 2001; Gustavson 2005).
    """
    base = (points + points.sum(-1, keepdim=True) / 3).floor()
    first = points - base + base.sum(-1, keepdim=True) / 6
    # How many of the other two coordinates each one exceeds says in which order the corners are met.
    a, b, c = first.unbind(-1)
    ab, bc, ac = a >= b, b >= c, a >= c
    rank = torch.stack((ab.long() + ac.long(), (~ab).long() + bc.long(), (~ac).long() + (~bc).long()), dim=-1)
    flat = tables.reshape(len(tables), *(1,) * (points.ndim - 2), 256).expand(*points.shape[:-1], 256)
    value = torch.zeros_like(a)
    for corner in range(4):
        offset = (rank >= 3 - corner).long()
        d = first - offset + corner / 6
        key = torch.zeros_like(base[..., :1], dtype=torch.long)
        for k in (2, 1, 0):
            key = flat.gather(-1, (base[..., k : k + 1].long() + offset[..., k : k + 1] + key) % 256)
        g = _EDGES[key[..., 0] % 12]
        value += (0.5 - (d * d).sum(-1)).clamp_min(0) ** 4 * (g * d).sum(-1)
    return value


_EDGES = torch.tensor([[1, 1, 0], [-1, 1, 0], [1, -1, 0], [-1, -1, 0], [1, 0, 1], [-1, 0, 1], [1, 0, -1], [-1, 0, -1],
                       [0, 1, 1], [0, -1, 1], [0, 1, -1], [0, -1, -1]], dtype=torch.float64)  # fmt: skip

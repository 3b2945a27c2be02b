"""Self-consistency: k-space as an image predicts it beside k-space as it was measured, and what that says of the model of the coils."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from mridiff.interfaces import Gaussian, Problem
from mridiff_sdk.fourier import fft

__all__ = ["SelfConsistency"]

NEAR = 5
"""Side of the neighbourhood of a sample whose mean energy says how large an error of the model is there."""
LEAST = 10
"""Samples of a coil for each entry of its kernel, without which there is no teaching it."""


@dataclass(frozen=True)
class SelfConsistency:
    """y = M G F S x + n: kernels G of k-space, close to 1 and adapted to each scan, that lead from an image to what was measured.

    From an image x each coil's kernel, complex and of side 2 `reach` + 1, is found by ridge regression of y on M F S x: its entries are
    known to about `spread` beforehand, and y to the mean square of what is left now, so that an image that is far from right teaches
    nothing. What all coils share is a factor of the image, and is left to it. What the kernels explain, M (G - 1) F S x, is no fault of
    the image. What they leave is an error of the model that grows with k-space: its variance at a sample is sigma_y^2 + c E, E the mean
    energy of F S x around it, c such that the sum over all samples is met. With exact maps and noise of the level sigma_y both vanish.
    """

    maps: Tensor
    mask: Tensor
    reach: int = 3
    spread: float = 0.05

    @classmethod
    def of(cls, problem: Problem, x: Tensor, reach: int, spread: float = 0.05) -> SelfConsistency | None:
        """That of a scan of planes by coils; None where A x is not M F S x by the scan's mask and maps, and where samples are too few."""
        known = problem.acquisition
        if not {"mask", "sensitivity_maps"} <= known.keys() or not isinstance(problem.noise, Gaussian) or problem.noise.weight is not None:
            return None
        maps, mask = known["sensitivity_maps"].data, known["mask"].data
        if not isinstance(problem.y, Tensor) or maps.ndim != 4 or x.ndim != 3 or problem.y.ndim != 4:
            return None
        if float(mask.flatten(1).sum(1).min()) < LEAST * (2 * reach + 1) ** 2:
            return None
        made = cls(maps, mask[:, None].to(maps.real.dtype), reach, spread)
        return made if torch.allclose(made.mask * made.predicted(x), problem.operator(x), atol=1e-4 * float(x.abs().max())) else None

    def predicted(self, x: Tensor) -> Tensor:
        """F S x, complex (sample, coil, ky, kx), of images (sample, y, x)."""
        return fft(self.maps * x[:, None])

    def __call__(self, problem: Problem, x: Tensor) -> Problem:
        """The problem as the image x (sample, y, x) shows it: y less what kernels explain, with the noise and error that they leave."""
        assert isinstance(problem.noise, Gaussian) and isinstance(problem.y, Tensor)
        k, M = self.predicted(x), self.mask
        r = M * (problem.y - k)
        e = torch.stack([self.explained(*parts) for parts in zip(k, r, M.expand(len(k), *M.shape[1:])[:, 0] > 0, strict=True)])
        floor = torch.finfo(r.real.dtype).tiny if problem.noise.std is None else problem.noise.std**2
        energy = around(k)
        left = (M * (r - e).abs().square()).sum((1, 2, 3), keepdim=True)
        samples = (M * torch.ones_like(energy)).sum((1, 2, 3), keepdim=True)
        c = ((left - floor * samples) / (M * energy).sum((1, 2, 3), keepdim=True)).clamp_min(0)
        return replace(problem, y=problem.y - e, noise=Gaussian(1.0, 1 / (floor + c * energy)))

    def explained(self, k: Tensor, r: Tensor, taken: Tensor) -> Tensor:
        """M (G - 1) k of one sample (coil, ky, kx), from its k-space k and what is left of it, r = M (y - k)."""
        steps = torch.arange(-self.reach, self.reach + 1, device=k.device)
        (ky, kx), (ny, nx) = taken.nonzero().T[:, :, None, None], taken.shape
        places = (ky + steps[:, None]) % ny * nx + (kx + steps) % nx
        near = k.flatten(1)[:, places.flatten(1)]  # (coil, sample of k-space, neighbour)
        left = r[:, taken, None]
        known = left.abs().square().mean((1, 2)) / self.spread**2
        H = near.mH @ near + torch.diag_embed(known[:, None].expand(-1, near.shape[-1])).to(near.dtype)
        h = torch.linalg.solve(H, near.mH @ left)
        e = torch.zeros_like(k)
        e[:, taken] = (near @ (h - h.mean(0)))[..., 0]
        return e


def around(k: Tensor) -> Tensor:
    """The mean energy of k (sample, coil, ky, kx) over coils and over the neighbours of each sample, real (sample, coil, ky, kx)."""
    energy = k.abs().square().mean(1, keepdim=True)
    return avg_pool2d(energy, NEAR, 1, NEAR // 2, count_include_pad=False).expand_as(k.real)

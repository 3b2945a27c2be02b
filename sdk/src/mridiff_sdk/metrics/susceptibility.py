"""Quality of susceptibility maps, which are known up to a constant, and worst where the dipole kernel is small."""

from __future__ import annotations

import torch
from torch import Tensor

from .magnitudes import magnitudes, mean_over


def nrmse(estimate: Tensor, reference: Tensor, region: Tensor) -> Tensor:
    """||x - truth|| / ||truth|| over `region` (1 or sample, ...), bool, both (sample, ...) less their means over it; per sample.

    1 for an empty map. The field tells susceptibility up to a constant, so a shift of the whole map is no error.
    """
    x, truth = (about_mean(m, region) for m in magnitudes(estimate, reference))
    return (mean_over((x - truth) ** 2, region) / mean_over(truth**2, region)).sqrt()


def about_mean(x: Tensor, region: Tensor) -> Tensor:
    """x (sample, ...) less its mean over `region`, zero outside."""
    mean = mean_over(x, region).reshape(-1, *(1,) * (x.ndim - 1))
    return torch.where(region, x - mean, 0)


def cone_error(estimate: Tensor, reference: Tensor, region: Tensor, kernel: Tensor, *, below: float = 0.1) -> Tensor:
    """A measure of streaks: energy of the error where |D| < `below`, over that of the truth there; per sample.

    Maps are (sample, z, y, x), less their means over `region`; `kernel` D (1 or sample, z, y, x) is in the order of `fftn` and without
    padding. 1 for an empty map; streaks along the cone are what exceeds the error of a smooth one.
    """
    x, truth = (about_mean(m, region) for m in (estimate, reference))
    cone = kernel.abs() < below
    error, energy = ((torch.fft.fftn(v, dim=(-3, -2, -1)).abs().square() * cone).flatten(1).sum(1) for v in (x - truth, truth))
    ratio: Tensor = error / energy
    return ratio

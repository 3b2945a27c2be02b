"""Misfit: one number that rises where a result holds what its prior does not know."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Space, Streams
from mridiff.pipeline.method import Method, Reconstruction
from mridiff.spec import Trait

from ..adaptors.adapt import adapt
from ..metrics.region import head_region
from .null_space import typical

LEVEL = 0.12
"""Noise that is added, in units of the typical size of the image's numbers."""
DRAWS = 8
"""Of that noise, shared out among the samples."""


@torch.no_grad()
def misfit(method: Method, result: Reconstruction) -> float:
    """How far the prior's own denoiser moves a result where it moves it most, over how far it does in the middle of the object.

    Noise is added to samples and taken away by the prior: what it knows comes back, what it does not know is replaced, while the data
    hold it in the result. The squared change, mean over draws and blurred by 1/32 of the plane, has its maximum there; that over its
    median, both inside the object as it is found in the mean. No truth is needed, and the noise is always the same. What is usual, a
    calibration says. Graham et al., CVPR workshops 2023 (arXiv 2211.07740), score whole images by such distances.

    Raises DataError with the reason for a method that has no denoiser, or several, and for a result that is no plane or volume (..., y, x).
    """
    prior = _denoiser(method, result)
    samples = result.samples.to(method.device) / result.scale
    x = samples[torch.arange(DRAWS) % len(samples)]
    u = prior.codec.encode(x)
    sigma = LEVEL * typical(u)
    n = Streams.of(0, f"{result.scan}/misfit", DRAWS).normal_like(u)
    change = (prior.codec.decode(prior.denoise(u + sigma * n, sigma)) - x).abs().square().mean(0)
    return _peak(change.cpu(), head_region(result.x)[0])


def _denoiser(method: Method, result: Reconstruction) -> Prior:
    """The one denoiser of a method, fitted to the space of its result."""
    chosen = method.plan.choice.priors
    if len(chosen) != 1 or not all(Trait.DENOISER in entry.spec.offers for entry in chosen.values()):
        known = ", ".join(entry.qualified for entry in chosen.values()) or "no prior"
        raise DataError(f"a misfit is what one denoiser says of an image, and this method has {known}")
    if result.axes[-2:] != ("y", "x"):
        raise DataError(f"a misfit is looked for in planes (y, x), and this result has axes ({', '.join(result.axes)})")
    (prior,) = method.priors.values()
    if type(prior).conditions is not Prior.conditions:
        raise DataError(f"{type(prior).__name__} reads more than the image, so that the image alone does not tell its misfit")
    return adapt(prior, Space.of(result.samples, result.axes))


def _peak(change: Tensor, inside: Tensor) -> float:
    """The largest value inside of a map (..., y, x), blurred in its planes, over its median there."""
    from scipy.ndimage import gaussian_filter

    width = (0.0,) * (change.ndim - 2) + (min(change.shape[-2:]) / 32,) * 2
    blurred = gaussian_filter(change.double().numpy(), width)[inside.numpy()]
    return float(blurred.max() / np.median(blurred))

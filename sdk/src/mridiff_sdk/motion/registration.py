"""Registration: the rigid motion that brings an image nearest to another, so that a pose does not count as an error."""

from __future__ import annotations

import torch
from torch import Tensor

from .rigid import Rigid


def registered(image: Tensor, reference: Tensor, iterations: int = 30) -> Tensor:
    """Images (sample, y, x) after the rigid motion that minimises the squared error of their magnitudes to the reference's.

    Found by L-BFGS from no motion, sample by sample, so displacements must be small beside the object.
    """
    return torch.cat([_one(x[None], r[None], iterations) for x, r in zip(image, reference.expand_as(image), strict=True)])


def _one(image: Tensor, reference: Tensor, iterations: int) -> Tensor:
    image = image.detach()
    size = (image.shape[-2], image.shape[-1])
    target = reference.abs()
    energy = target.square().sum()
    with torch.enable_grad():
        pose = torch.zeros(1, 3, dtype=target.dtype, device=target.device, requires_grad=True)
        optimiser = torch.optim.LBFGS([pose], max_iter=iterations, line_search_fn="strong_wolfe")

        def misfit() -> Tensor:
            optimiser.zero_grad()
            loss = (Rigid(pose, size)(image).abs() - target).square().sum() / energy
            loss.backward()
            return loss

        optimiser.step(misfit)
    return Rigid(pose.detach(), size)(image)

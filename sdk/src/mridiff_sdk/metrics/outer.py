"""Errors of fine structure: in the outer half of k-space, and of edges."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..codecs.radial import radius
from ..fourier import fft
from .magnitudes import magnitudes


def outer_nmse(estimate: Tensor, reference: Tensor, *, share: float = 0.5) -> Tensor:
    """||F (x - truth)||^2 / ||F truth||^2 over frequencies beyond `share` of the half width, of complex images (sample, y, x), per sample.

    An estimate without high frequencies has 1.
    """
    ny, nx = reference.shape[-2:]
    outside = (radius(ny, nx) > share * min(ny, nx) / 2).to(reference.device)
    error, truth = ((fft(x).abs().square() * outside).sum((-2, -1)) for x in (estimate - reference, reference))
    ratio: Tensor = error / truth
    return ratio


def edge_score(estimate: Tensor, reference: Tensor) -> Tensor:
    """Correlation of the Sobel magnitudes of |estimate| and |reference| (sample, y, x), per sample; 1 for equal edges."""
    a, b = (_sobel(x).flatten(1) for x in magnitudes(estimate, reference))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    score: Tensor = (a * b).sum(1) / (torch.linalg.vector_norm(a, dim=1) * torch.linalg.vector_norm(b, dim=1))
    return score


def _sobel(x: Tensor) -> Tensor:
    down = torch.tensor([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]], dtype=x.dtype, device=x.device)
    both = functional.conv2d(functional.pad(x[:, None], (1, 1, 1, 1), mode="replicate"), torch.stack([down, down.T])[:, None])
    size: Tensor = torch.linalg.vector_norm(both, dim=1)
    return size

"""The network of both priors: a denoiser of k-space that knows where in k-space it is."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff_sdk.nets import Preconditioned


class KSpaceNet(Preconditioned):
    """A preconditioned UNet with the position as three more input channels: convolutions alone cannot tell centre from edge."""

    def forward(self, x: Tensor, sigma: float | Tensor, condition: Tensor | None = None) -> Tensor:
        """Estimate of u0 from u0 + sigma n, complex (sample, ky, kx)."""
        return super().forward(x, sigma, position(x).expand(len(x), -1, -1, -1))


def position(like: Tensor) -> Tensor:
    """ky, kx from -1 to 1 and their distance to the centre, real (1, 3, ky, kx), for k-space (sample, ky, kx)."""
    axes = [(torch.arange(n, device=like.device) - n // 2) * (2 / n) for n in like.shape[-2:]]
    ky, kx = torch.meshgrid(axes, indexing="ij")
    return torch.stack([ky, kx, torch.hypot(ky, kx)])[None]

"""The network of a prior: two encoders, the diffusion of their code, and the decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff_sdk.complex import to_channels
from mridiff_sdk.nets import Described

from .decoder import Decoder
from .encoder import CodeDenoiser, Encoder
from .seen import Seen


class LatentNet(Described):
    """E1 (teacher, sees all of k-space), E2 (condition, sees what was measured), d (z_0 from z_t), G (k-space from measured and z_0).

    `void` is the radius of the centre that all of them are blind to, relative to the side of k-space.
    """

    def __init__(self, latent: int = 64, width: int = 32, residuals: int = 3, kspace: Sequence[int] = (24, 48),
                 image: Sequence[int] = (24, 48, 72), passes: int = 3, void: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"latent": latent, "width": width, "residuals": residuals, "kspace": list(kspace), "image": list(image),
                             "passes": passes, "void": void}  # fmt: skip
        self.latent, self.void = latent, void
        self.teacher = Encoder(6, latent, width, residuals, unit=True)
        self.student = Encoder(4, latent, width, residuals, unit=False)
        self.denoiser = CodeDenoiser(latent, 4 * latent)
        self.decoder = Decoder(latent, kspace, image, passes)

    def teach(self, seen: Seen, k: Tensor) -> Tensor:
        """z = E1(measured, full k-space), (sample, latent), for k-space k (sample, ky, kx)."""
        code: Tensor = self.teacher(torch.cat([seen.channels(), to_channels(seen.relative(k)).float()], dim=1))
        return code

    def condition(self, seen: Seen) -> Tensor:
        """c = E2(measured), (sample, latent)."""
        code: Tensor = self.student(seen.channels())
        return code

    def decode(self, seen: Seen, z: Tensor) -> Tensor:
        """G(measured, z), weighted k-space (sample, ky, kx) in the units of `seen`."""
        u: Tensor = self.decoder(seen, z.float())
        return u

"""The decoder: all of weighted k-space from the samples that were measured and a code that modulates every block."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.nets import ModulatedTransformerBlock, UNet

from .seen import Seen


class ModulatedUNet(UNet):
    """The UNet of the sdk, scaled and shifted in every block by a code instead of a number; channel attention on its coarsest level."""

    def __init__(self, channels: int, widths: Sequence[int], latent: int) -> None:
        super().__init__(channels, 2, widths=widths, blocks=[1] * len(widths), features=latent, unshuffle=2)
        self.embed = nn.Identity()  # type: ignore[assignment]  # s(z) and b(z) are linear in the code itself
        for stacks in (self.down_blocks, self.up_blocks):
            stacks[-1] = nn.ModuleList([ModulatedTransformerBlock(widths[-1], max(1, widths[-1] // 16), latent)])


class Decoder(nn.Module):
    """u <- k + M' G_k(k, M', r; z), then for j = 1 .. `passes`: u <- k + M' w F (x + G_j(x; z)) with x = F^-1 u / w.

    M' is 1 where samples are missing, so measured ones are passed on. G_k works on weighted k-space, the G_j on the image of what is
    known by then; all are U-shaped and modulated by z (sample, latent).
    """

    def __init__(self, latent: int, kspace: Sequence[int], image: Sequence[int], passes: int) -> None:
        super().__init__()
        self.kspace = ModulatedUNet(4, kspace, latent)
        self.images = nn.ModuleList(ModulatedUNet(2, image, latent) for _ in range(passes))

    def forward(self, seen: Seen, z: Tensor) -> Tensor:
        """Weighted k-space, complex (sample, ky, kx), in the units of `seen`."""
        u = seen.k + seen.missing * from_channels(self.kspace(seen.channels(), z))
        size = seen.image(seen.k).abs().square().mean((-2, -1), keepdim=True).sqrt().clamp_min(1e-12)
        for network in self.images.children():
            x = seen.image(u) / size
            x = x + from_channels(network(to_channels(x).float(), z))
            u = seen.k + seen.missing * seen.kspace(x * size)
        return u

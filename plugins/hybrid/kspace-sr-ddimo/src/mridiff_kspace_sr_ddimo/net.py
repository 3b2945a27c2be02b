"""The network: an image at a low resolution, and two resolutions, in; the image at the higher of the two out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.io import load_into, read_weights
from mridiff_sdk.nets import Described, NumberEmbedding, UNet

from .ladder import ladder, side

SIZE, GAIN = 0.4, 0.2
"""Root mean square of images, and of what they lack: F sees and gives numbers of order one."""


class Resolutions(nn.Module):
    """Features (sample, features) of times (sample, 2), now and wanted: a time embedding plus that of sides (h, w, h', w') of k-space."""

    def __init__(self, features: int, waves: int = 8) -> None:
        super().__init__()
        self.time = NumberEmbedding(features)
        self.register_buffer("frequencies", torch.logspace(0, 1, waves, base=32.0), persistent=False)
        self.mix = nn.Sequential(nn.Linear(8 * waves, features), nn.SiLU(), nn.Linear(features, features))

    def forward(self, both: Tensor) -> Tensor:
        """The sum of both embeddings."""
        sides = side(both).repeat_interleave(2, dim=1)
        angle = (sides[..., None] * self.frequencies).flatten(1)  # type: ignore[operator]  # a buffer
        out: Tensor = self.time(4 * both[:, 0] - 2) + self.mix(torch.cat([angle.sin(), angle.cos()], dim=1))
        return out


class ARRNet(Described):
    """x_s = A_s (u + F(u, t, s)), u = A_t x_t, complex (sample, y, x), for times 0 <= s < t <= 1 of the ladder, numbers or (sample,).

    What lies outside the box of t is noise alone, so F is not shown it; what lies outside that of s is not asked for.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 80, 96), blocks: Sequence[int] = (1, 1, 1, 1), features: int = 96,
                 unshuffle: int = 2) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"widths": list(widths), "blocks": list(blocks), "features": features, "unshuffle": unshuffle}
        self.net = UNet(2, 2, widths=widths, blocks=blocks, features=features, unshuffle=unshuffle)
        self.net.embed = Resolutions(features)  # type: ignore[assignment]  # two numbers in place of one
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU
        self.ladder = ladder()

    def start_from(self, path: Path) -> None:
        """Take the parameters in a file of this network, or, of a denoiser of the same widths, those between its ends."""
        tensors, _ = read_weights(path)
        if "head.weight" in tensors:
            own = {name: p for name, p in self.net.state_dict().items() if name.startswith(("embed.", "tail."))}
            shared = {name: p for name, p in tensors.items() if not name.startswith(("embed.", "tail."))}
            load_into(self.net, {**shared, **own})
        else:
            load_into(self, tensors)

    def forward(self, x_t: Tensor, t: float | Tensor, s: float | Tensor = 0.0) -> Tensor:
        """The estimate of A_s x0 in the precision of x_t."""
        precision = self.net.head.weight.dtype
        both = torch.stack([torch.as_tensor(v, dtype=precision, device=x_t.device).expand(len(x_t)) for v in (t, s)], dim=1)
        u = self.ladder.mean(x_t, t)
        seen = to_channels(u / SIZE).to(precision).contiguous(memory_format=torch.channels_last)
        return self.ladder.mean(u + GAIN * from_channels(self.net(seen, both).to(x_t.real.dtype)), s)

"""Network: draws an image from its noised version, its zero-filled reconstruction, the time and a latent vector."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff.interfaces import Streams
from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.nets import Described, LocalTransformerBlock, NumberEmbedding, ResidualBlock, pad, shuffle, unshuffle

FACTOR = 2
"""Space that moves into channels before the first convolution."""


class PlainBlock(nn.Module):
    """x + conv(silu(conv(silu(x)))) with as many parameters as a local transformer block, for the comparison with it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = round(8 * width / 18) + 1
        self.first = nn.Conv2d(width, hidden, 3, padding=1)
        self.second = nn.Conv2d(hidden, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        out: Tensor = x + self.second(functional.silu(self.first(functional.silu(x))))
        return out


class Level(nn.Module):
    """One resolution: a convolutional block that time and latent modulate, then, below the finest, the local transformer."""

    def __init__(self, width: int, features: int, mixer: nn.Module) -> None:
        super().__init__()
        self.block = ResidualBlock(nn.Conv2d, width, features)
        self.mixer = mixer

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        out: Tensor = self.mixer(self.block(x, features))
        return out


class Generator(Described):
    """x0 = c + F(x_t, c, t, z) for images of any size, with a latent vector z that is drawn anew in every call.

    F is a UNet without normalisation over space; t and z scale and shift the features of every residual block. With `transformer` every
    resolution but the finest also has a local transformer block, in the decoder with shifted windows; otherwise a `PlainBlock`.
    Sources: Xiao et al., Denoising diffusion GANs, ICLR 2022, section 4 (conditioning on t and z).
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 96, 96), features: int = 64, latent: int = 100, window: int = 8,
                 transformer: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"widths": list(widths), "features": features, "latent": latent, "window": window, "transformer": transformer}
        self.latent, self.multiple = latent, FACTOR * 2 ** (len(widths) - 1)
        self.time = NumberEmbedding(features)
        self.mapping = nn.Sequential(nn.Linear(latent, features), nn.SiLU(), nn.Linear(features, features), nn.SiLU())
        self.head = nn.Conv2d(4 * FACTOR**2, widths[0], 3, padding=1)

        def level(i: int, width: int, shifted: bool) -> Level:
            mixer = LocalTransformerBlock(width, window, shifted) if transformer else PlainBlock(width)
            return Level(width, features, nn.Identity() if i == 0 else mixer)

        pairs = list(itertools.pairwise(widths))
        self.encoder = nn.ModuleList(level(i, w, False) for i, w in enumerate(widths))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.decoder = nn.ModuleList(level(i, w, True) for i, w in enumerate(widths))
        self.tail = nn.Conv2d(widths[0], 2 * FACTOR**2, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU

    def forward(self, x_t: Tensor, t: float | Tensor, condition: Tensor, rng: Streams | None = None) -> Tensor:
        """A draw of x0 in the precision of x_t, complex (sample, y, x); z is the middle of its distribution where there is no `rng`."""
        n, precision, device = len(x_t), self.head.weight.dtype, x_t.device
        time = torch.as_tensor(t, dtype=precision, device=device).expand(n)
        z = torch.zeros(n, self.latent, dtype=precision, device=device) if rng is None else rng.normal((self.latent,), precision, device)
        # The embedding resolves numbers of the size of a few units.
        features = self.time(4 * time - 2) + self.mapping(z)
        h = torch.cat((to_channels(x_t), to_channels(condition).expand(n, -1, -1, -1)), dim=1).to(precision)
        out = self.body(h.contiguous(memory_format=torch.channels_last), features)
        return condition + from_channels(out.to(x_t.real.dtype))

    def body(self, h: Tensor, features: Tensor) -> Tensor:
        """F of channels (sample, 4, y, x), (sample, 2, y, x)."""
        ny, nx = h.shape[2:]
        h = self.head(unshuffle(pad(h, self.multiple), FACTOR))
        skips = []
        for i, level in enumerate(self.encoder):
            h = level(h, features)
            if i < len(self.downs):
                skips.append(h)
                h = self.downs[i](h)
        for i in reversed(range(len(self.decoder))):
            h = self.decoder[i](h, features)
            if i:
                h = self.ups[i - 1](h) + skips[i - 1]
        return shuffle(self.tail(functional.silu(h)), FACTOR)[..., :ny, :nx]

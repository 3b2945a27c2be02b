"""UNet: a compact residual network for images or volumes of any size, without normalisation layers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..io.weights import load_into
from .embedding import NumberEmbedding


def unshuffle(x: Tensor, factor: int) -> Tensor:
    """Space to channels: (sample, channel, *size) -> (sample, channel * factor^d, *size / factor)."""
    n, c, *size = x.shape
    d = len(size)
    split = x.reshape(n, c, *(k for s in size for k in (s // factor, factor)))
    order = (0, 1, *(3 + 2 * i for i in range(d)), *(2 + 2 * i for i in range(d)))
    return split.permute(order).reshape(n, c * factor**d, *(s // factor for s in size))


def shuffle(x: Tensor, factor: int) -> Tensor:
    """Channels to space, the inverse of `unshuffle`."""
    n, c, *size = x.shape
    d = len(size)
    split = x.reshape(n, c // factor**d, *(factor,) * d, *size)
    order = (0, 1, *(k for i in range(d) for k in (2 + d + i, 2 + i)))
    return split.permute(order).reshape(n, c // factor**d, *(s * factor for s in size))


class ResidualBlock(nn.Module):
    """x + conv(silu(film(conv(silu(x))))): the level embedding scales and shifts the hidden features."""

    def __init__(self, conv: type[nn.Conv2d] | type[nn.Conv3d], width: int, features: int) -> None:
        super().__init__()
        self.first = conv(width, width, 3, padding=1)
        self.second = conv(width, width, 3, padding=1)
        self.film = nn.Linear(features, 2 * width)
        with torch.no_grad():
            self.second.weight.mul_(0.2)
            self.film.weight.mul_(0.1)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Same shape as x (sample, width, *size); features (sample, features)."""
        film = self.film(features).reshape(x.shape[0], -1, *(1,) * (x.ndim - 2))
        scale, shift = film.chunk(2, dim=1)
        out: Tensor = x + self.second(functional.silu(self.first(functional.silu(x)) * (1 + scale) + shift))
        return out


class UNet(nn.Module):
    """Maps (sample, channel, *size), one number per sample and optional condition channels to (sample, out_channel, *size).

    `unshuffle` moves space into channels before the first convolution: the finest level runs at that fraction of the resolution,
    which costs little quality and saves most of the time. Sizes are padded by reflection (zeros where the image is too small) to a
    multiple of `multiple` and cropped afterwards. There is no normalisation over space: the answer at a pixel does not depend on
    how much background surrounds it. `dims` chooses images (2) or volumes (3). Source: the residual UNet of Zhang et al., DRUNet,
    TPAMI 2021 (additive skips, strided convolutions), with scale-and-shift conditioning after Perez et al., FiLM, 2018.
    """

    def __init__(self, in_channels: int = 2, out_channels: int = 2, condition_channels: int = 0, widths: Sequence[int] = (48, 96, 144),
                 blocks: Sequence[int] = (1, 2, 2), features: int = 128, unshuffle: int = 2, dims: int = 2) -> None:  # fmt: skip
        super().__init__()
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        grow = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
        self.dims, self.factor, self.multiple = dims, unshuffle, unshuffle * 2 ** (len(widths) - 1)
        self.condition_channels = condition_channels
        cells = unshuffle**dims
        self.embed = NumberEmbedding(features)
        self.head = conv((in_channels + condition_channels) * cells, widths[0], 3, padding=1)

        def stack(width: int, n: int) -> nn.ModuleList:
            return nn.ModuleList(ResidualBlock(conv, width, features) for _ in range(n))

        pairs = list(itertools.pairwise(widths))
        self.down_blocks = nn.ModuleList(stack(w, n) for w, n in zip(widths, blocks, strict=True))
        self.downs = nn.ModuleList(conv(a, b, 2, stride=2) for a, b in pairs)
        self.ups = nn.ModuleList(grow(b, a, 2, stride=2) for a, b in pairs)
        self.up_blocks = nn.ModuleList(stack(w, n) for w, n in zip(widths, blocks, strict=True))
        self.tail = conv(widths[0], out_channels * cells, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, number: Tensor, condition: Tensor | None = None) -> Tensor:
        """Output (sample, out_channel, *size) for x (sample, channel, *size), number (sample,), condition (sample, channel, *size)."""
        size = x.shape[2:]
        h = x if condition is None else torch.cat([x, condition], dim=1)
        h = self.head(unshuffle(pad(h, self.multiple), self.factor))
        features = self.embed(number)
        skips = []
        for level, stack in enumerate(self.down_blocks):
            h = run(stack, h, features)
            if level < len(self.downs):
                skips.append(h)
                h = self.downs[level](h)
        for level in reversed(range(len(self.up_blocks))):
            h = run(self.up_blocks[level], h, features)
            if level:
                h = self.ups[level - 1](h) + skips[level - 1]
        h = shuffle(self.tail(functional.silu(h)), self.factor)
        for axis, n in enumerate(size, start=2):
            h = h.narrow(axis, 0, n)
        return h


def deepen(net: UNet, tensors: Mapping[str, Tensor]) -> None:
    """Puts the parameters of a UNet of the same or fewer levels into `net`, whose own further levels then add nothing yet.

    Right after, both networks compute the same wherever they pad alike. Raises DataError where the levels they share differ.
    """
    levels = len({name.split(".")[1] for name in tensors if name.startswith("down_blocks.")})
    own = {name: p for name, p in net.state_dict().items() if _level(name) >= levels}
    silent = {name: torch.zeros_like(p) if name.startswith(f"ups.{levels - 1}.") else p for name, p in own.items()}
    load_into(net, {**silent, **tensors})


def _level(name: str) -> int:
    """The level of a parameter by its name; what leads to a level and back belongs to it, what has none to the finest."""
    stack, number, *_ = name.split(".")
    return int(number) + (stack in ("downs", "ups")) if number.isdigit() else 0


def run(stack: nn.Module, h: Tensor, features: Tensor) -> Tensor:
    """The residual blocks of one level, one after another."""
    for block in stack.children():
        h = block(h, features)
    return h


def pad(x: Tensor, multiple: int) -> Tensor:
    """x (sample, channel, *size) enlarged at the far ends to multiples of `multiple`: reflected, or zero where it is too small for that."""
    size = x.shape[2:]
    extra = [math.ceil(n / multiple) * multiple - n for n in size]
    if not any(extra):
        return x
    ends = [k for e in reversed(extra) for k in (0, e)]
    return functional.pad(x, ends, mode="reflect" if all(e < n for e, n in zip(extra, size, strict=True)) else "constant")

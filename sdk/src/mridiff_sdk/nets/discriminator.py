"""Discriminator: judges whether a less noisy image goes with a noisier one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .embedding import NumberEmbedding
from .unet import pad, unshuffle

SLOPE = 0.2
"""Of the leaky rectifiers."""
GAIN = 20.0
"""By which the first convolution begins larger: texture is some hundredths of an image that is scaled to 1."""


class _Down(nn.Module):
    """Residual block at half the resolution; the embedded times shift its hidden features."""

    def __init__(self, width: int, out: int, features: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, out, 3, padding=1)
        self.second = nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Conv2d(width, out, 1, bias=False)
        self.shift = nn.Linear(features, out)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        h = self.first(functional.leaky_relu(x, SLOPE)) + self.shift(features)[..., None, None]
        h = self.second(functional.avg_pool2d(functional.leaky_relu(h, SLOPE), 2))
        out: Tensor = (h + self.skip(functional.avg_pool2d(x, 2))) / math.sqrt(2)
        return out


class Discriminator(nn.Module):
    """One logit per sample for images (sample, channel, y, x) and their two times t > s; positive where they look real.

    The images are (x_s, x_t), and a condition if there is one, as channels. Strided residual network whose resolution halves from
    width to width (and once before, by `unshuffle`); the standard deviation over the batch joins as a last channel, so that a
    generator whose samples are all alike is found out. The first convolution sees each of the `images` by itself and begins without a
    mean: what tells a smooth x_s from a real one is its texture, which the noise of x_t and the level of an image would drown for the
    first hundreds of updates. Sources: Xiao et al., Denoising diffusion GANs, ICLR 2022, appendix C (pairs and time); Karras et al.,
    Progressive growing of GANs, ICLR 2018, section 3 (standard deviation over the batch).
    """

    def __init__(self, channels: int, widths: Sequence[int] = (32, 64, 96, 96), features: int = 64, unshuffle: int = 2,
                 images: int = 1) -> None:  # fmt: skip
        super().__init__()
        self.factor, self.multiple = unshuffle, unshuffle * 2 ** (len(widths) - 1)
        self.t, self.s = NumberEmbedding(features), NumberEmbedding(features)
        self.head = nn.Conv2d(channels * unshuffle**2, widths[0], 3, padding=1, groups=images)
        with torch.no_grad():
            each = self.head.weight.unflatten(1, (-1, unshuffle**2))
            each.sub_(each.mean((2, 3, 4), keepdim=True)).mul_(GAIN)
        self.blocks = nn.ModuleList(_Down(a, b, features) for a, b in itertools.pairwise(widths))
        self.last = nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1)
        self.logit = nn.Linear(widths[-1], 1)

    def forward(self, images: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Logits (sample,) of images (sample, channel, y, x) at times (sample,)."""
        h = self.head(unshuffle(pad(images, self.multiple), self.factor))
        features = self.t(t) + self.s(s)
        for block in self.blocks:
            h = block(h, features)
        spread = (h.var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
        h = functional.leaky_relu(self.last(torch.cat((h, spread.expand(len(h), 1, *h.shape[2:])), dim=1)), SLOPE)
        out: Tensor = self.logit(h.mean(dim=(2, 3)))[:, 0]
        return out

"""Local transformer: self-attention inside small windows beside a convolution, for images of any size."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class WindowAttention(nn.Module):
    """Self-attention among the pixels of each window x window square, with a depth-wise convolution of the values beside it.

    Images are cut into squares from the corner, or, `shifted`, from half a square outside of it; pixels beyond the border are seen by
    nobody, so an image of any size will do. A learned bias per head depends on where two pixels stand to each other. The 3 x 3
    convolution of the values is local without regard to windows. Sources: Liu et al., Swin Transformer, ICCV 2021, equations 3 and 4
    (here by padding instead of by cyclic shift); Dong et al., CSWin Transformer, CVPR 2022, equation 7 (convolution of the values).
    """

    squares: Tensor

    def __init__(self, width: int, heads: int, window: int = 8, shifted: bool = False) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} channels cannot be shared evenly by {heads} heads")
        self.heads, self.window, self.offset = heads, window, window // 2 if shifted else 0
        self.split = nn.Linear(width, 3 * width)
        self.local = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, (2 * window - 1) ** 2))
        at = torch.arange(window)
        y, x = (a.flatten() for a in torch.meshgrid(at, at, indexing="ij"))
        places = (y[:, None] - y + window - 1) * (2 * window - 1) + (x[:, None] - x + window - 1)
        self.register_buffer("squares", places, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, y, x, channel)."""
        n, ny, nx, c = x.shape
        q, k, v = self.split(x).chunk(3, dim=-1)
        inside = x.new_ones(1, ny, nx, 1)
        q, k, w, seen = (self.windows(part) for part in (q, k, v, inside))
        score = q @ k.mT / math.sqrt(c // self.heads) + self.bias[:, self.squares]
        unseen = (seen[:, :1, :, 0] == 0).repeat(n, 1, 1)[:, :, None, :]  # (n window, 1, 1, pixel)
        mixed = self.image(score.masked_fill(unseen, -math.inf).softmax(dim=-1) @ w, n, ny, nx)
        out: Tensor = self.out(mixed + self.local(v.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return out

    def margins(self, ny: int, nx: int) -> tuple[int, int]:
        """Pixels that are missing at the far ends to whole squares."""
        return -(ny + self.offset) % self.window, -(nx + self.offset) % self.window

    def windows(self, x: Tensor) -> Tensor:
        """(sample, y, x, channel) to (sample * window, head, pixel, channel / head), zero beyond the border."""
        bottom, right = self.margins(x.shape[1], x.shape[2])
        x = functional.pad(x, (0, 0, self.offset, right, self.offset, bottom))
        n, ny, nx, c = x.shape
        heads = self.heads if c % self.heads == 0 else 1
        w = self.window
        cut = x.reshape(n, ny // w, w, nx // w, w, heads, c // heads)
        return cut.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, heads, w * w, c // heads)

    def image(self, x: Tensor, n: int, ny: int, nx: int) -> Tensor:
        """The inverse of `windows`, to (n, ny, nx, channel)."""
        bottom, right = self.margins(ny, nx)
        w, rows, columns = self.window, (ny + self.offset + bottom) // self.window, (nx + self.offset + right) // self.window
        whole = x.reshape(n, rows, columns, self.heads, w, w, -1).permute(0, 1, 4, 2, 5, 3, 6).reshape(n, rows * w, columns * w, -1)
        return whole[:, self.offset : self.offset + ny, self.offset : self.offset + nx]


class LocalTransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)) whose hidden layer holds a 3 x 3 depth-wise convolution.

    Norms are over the channels of each pixel. One head per 32 channels; every second block should be `shifted`.
    """

    def __init__(self, width: int, window: int = 8, shifted: bool = False, expansion: int = 2) -> None:
        super().__init__()
        self.norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = WindowAttention(width, max(1, width // 32), window, shifted)
        self.grow = nn.Linear(width, expansion * width)
        self.mix = nn.Conv2d(expansion * width, expansion * width, 3, padding=1, groups=expansion * width)
        self.shrink = nn.Linear(expansion * width, width)
        with torch.no_grad():
            self.attention.out.weight.mul_(0.2)
            self.shrink.weight.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        h = x.permute(0, 2, 3, 1)
        h = h + self.attention(self.norm(h))
        hidden = functional.gelu(self.grow(self.second_norm(h))).permute(0, 3, 1, 2)
        hidden = functional.gelu(self.mix(hidden)).permute(0, 2, 3, 1)
        out: Tensor = (h + self.shrink(hidden)).permute(0, 3, 1, 2)
        return out

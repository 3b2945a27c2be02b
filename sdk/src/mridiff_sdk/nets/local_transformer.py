"""Local transformer: self-attention inside small windows beside a convolution, for images of any size."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class WindowAttention(nn.Module):
    """Self-attention among the pixels of each window x window square, with a depth-wise convolution of the values beside it.

    Images are cut into squares from the corner, or, `shifted`, from half a square outside of it; pixels beyond the border are seen by
    nobody, so an image of any size will do. For the shift the image is turned like a ring, and pixels that only this brings together do
    not see each other. A learned bias per head depends on where two pixels stand to each other. The 3 x 3 convolution of the values is
    local without regard to windows. Sources: Liu et al., Swin Transformer, ICCV 2021, equations 3 and 4; Dong et al., CSWin Transformer,
    CVPR 2022, equation 7 (convolution of the values).
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
        _, ny, nx, c = x.shape
        parts = self.split(x)
        q, k, v = self.windows(parts)
        score = q / math.sqrt(c // self.heads) @ k.mT + self.biases(ny, nx)
        mixed = self.image(score.softmax(dim=-1) @ v, ny, nx)
        out: Tensor = self.out(mixed + self.local(parts[..., 2 * c :].permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return out

    def biases(self, ny: int, nx: int) -> Tensor:
        """What is added to scores, (1 or window, head, pixel, pixel): the learned bias, -inf between pixels that do not see each other."""
        learned = self.bias[:, self.squares]
        if not self.offset and not ny % self.window and not nx % self.window:
            return learned[None]
        rows, columns = (self.sides(size).to(learned.device) for size in (ny, nx))
        w = self.window
        place = (3 * rows[:, None] + columns).reshape(len(rows) // w, w, -1, w).transpose(1, 2).reshape(-1, 1, w * w)
        return learned.masked_fill(place[..., :, None] != place[..., None, :], -math.inf)

    def sides(self, size: int) -> Tensor:
        """For each line of the padded and turned image 1 or 0, where it came from before or behind the turn, and 2 beyond the border."""
        at = (torch.arange(size + -size % self.window) + self.offset) % (size + -size % self.window)
        return torch.where(at < size, (at < self.offset).long(), 2)

    def windows(self, x: Tensor) -> Tensor:
        """(sample, y, x, 3 channel) to (3, sample, window, head, pixel, channel / head): zero beyond the border, turned by the offset."""
        w = self.window
        if x.shape[1] % w or x.shape[2] % w:
            x = functional.pad(x, (0, 0, 0, -x.shape[2] % w, 0, -x.shape[1] % w))
        if self.offset:
            x = x.roll((-self.offset, -self.offset), dims=(1, 2))
        n, ny, nx, c = x.shape
        cut = x.reshape(n, ny // w, w, nx // w, w, 3, self.heads, -1)
        return cut.permute(5, 0, 1, 3, 6, 2, 4, 7).reshape(3, n, -1, self.heads, w * w, c // (3 * self.heads))

    def image(self, x: Tensor, ny: int, nx: int) -> Tensor:
        """The inverse of `windows`, to (sample, ny, nx, channel)."""
        n, w, rows, columns = len(x), self.window, -(-ny // self.window), -(-nx // self.window)
        whole = x.reshape(n, rows, columns, self.heads, w, w, -1).permute(0, 1, 4, 2, 5, 3, 6).reshape(n, rows * w, columns * w, -1)
        if self.offset:
            whole = whole.roll((self.offset, self.offset), dims=(1, 2))
        return whole[:, :ny, :nx]


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

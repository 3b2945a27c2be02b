"""AMK network: the missing samples of k-space from those that are there, round after round, wholly in (whitened) k-space."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff_sdk.codecs import Profile, bands, radius
from mridiff_sdk.nets import Described, NumberEmbedding

from .block import AMKBlock
from .completion import candidates, complete, mirrored


class AMKNet(Described):
    """k0 of `coils` virtual coils, complex (sample, coil, ky, kx), from k = M k0: M = 1 where any coil of k is not 0.

    `warm` rounds of `complete` make g of k, then so many `rounds` each do

        g <- M k + (1 - M) (g + sum_j a_j d_j + w F(g / w, d / w, M, M mirrored, t, round)),   d_j = P_j g - g,

    with kernels P_j of this scan (see `candidates`) and weights a that add up to 1 in each ring and each coil. w(r) is the root mean
    square of training k-space by radius: a table for matrices of `grid` samples, kept with the weights. F has levels of `widths` on
    grids halved by stride-2 convolutions, `blocks` AMK blocks on each level and way; the decoder's features of all levels (with `fuse`;
    else of the first) are brought to the full grid, weighted by an attention over levels, and reduced to 2 channels per coil. `edges` are
    the radii that part the rings. All rounds share one F; the weights a come from the mean of its last features.
    """

    log_profile: Tensor

    def __init__(self, coils: int = 4, widths: Sequence[int] = (20, 36, 50), blocks: int = 1, features: int = 48,
                 edges: Sequence[float] = (0.08, 0.35, 0.7), reaches: Sequence[int] = (3, 5, 7), grid: int = 64, radii: int = 32,
                 warm: int = 12, rounds: int = 4, shares: Sequence[float] = (0.08, 0.24, 0.6), whiten: bool = True,
                 fuse: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"coils": coils, "widths": list(widths), "blocks": blocks, "features": features, "edges": list(edges),
                             "reaches": list(reaches), "grid": grid, "radii": radii, "warm": warm, "rounds": rounds,
                             "shares": list(shares), "whiten": whiten, "fuse": fuse}  # fmt: skip
        self.coils, self.edges, self.grid, self.warm, self.rounds, self.shares = coils, tuple(edges), grid, warm, rounds, tuple(shares)
        self.whiten, self.choices = whiten, len(shares) + 1
        self.register_buffer("log_profile", torch.zeros(radii))
        self.embed, self.embed_round = NumberEmbedding(features), NumberEmbedding(features)
        self.head = nn.Conv2d(2 * coils * (1 + self.choices) + 2, widths[0], 3, padding=1)

        def stack(width: int) -> nn.ModuleList:
            return nn.ModuleList(AMKBlock(width, features, len(edges) + 1, reaches) for _ in range(blocks))

        pairs = list(itertools.pairwise(widths))
        self.down_blocks = nn.ModuleList(stack(w) for w in widths)
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.up_blocks = nn.ModuleList(stack(w) for w in widths[:-1])
        levels, first = len(widths) if fuse else 1, widths[0]
        self.thin = nn.ModuleList(nn.Conv2d(w, first, 1) for w in widths[:levels])
        self.attention = nn.Conv2d(levels * first, levels, 1)
        with torch.no_grad():
            self.attention.weight.mul_(0.1)
            self.attention.bias[0] += 4  # type: ignore[index]  # begins with the full grid: mixed evenly, all learn later
        self.tail = nn.Conv2d(levels * first, 2 * coils, 3, padding=1)
        self.choose = nn.Linear(first + features, (len(edges) + 1) * coils * self.choices)
        for last in (self.tail, self.choose):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def set_profile(self, table: Tensor) -> None:
        """Keep the root mean square of |k| at the radii 0, 1, 2 ... of a matrix of `grid` samples."""
        self.log_profile.copy_(table[: len(self.log_profile)].clamp_min(1e-12).log())

    def weight(self, ny: int, nx: int) -> Tensor:
        """w, real (ky, kx), for a matrix of any size with the training's field of view."""
        w = Profile(self.log_profile.exp())(radius(ny, nx).to(self.log_profile.device))
        # The transform is orthonormal: the same image on more samples has larger values at the same frequency.
        return (w * (math.sqrt(ny * nx) / self.grid)).float()

    def whitening(self, ny: int, nx: int) -> Tensor:
        """What k-space is divided by: w, or a constant if the network does not whiten."""
        return self.weight(ny, nx) if self.whiten else torch.full((ny, nx), math.sqrt(ny * nx) / self.grid, device=self.log_profile.device)

    def forward(self, k: Tensor, t: float | Tensor) -> Tensor:
        """The estimate of all k-space, in the precision of k; t in [0, 1] a number or (sample,)."""
        ny, nx = k.shape[-2:]
        M = (k != 0).any(1, keepdim=True)
        w = self.whitening(ny, nx)
        rings = bands(ny, nx, self.edges).to(w)
        known = torch.cat([M, mirrored(M)], dim=1).to(w)
        times = self.embed(4 * torch.as_tensor(t, dtype=w.dtype, device=w.device).expand(len(k)) - 2)
        g = complete(k, M, self.warm)
        for i in range(self.rounds):
            d = candidates(g, self.shares)
            u = torch.cat([g, *d], dim=1) / w
            turn = self.embed_round(torch.full_like(times[:, 0], 4 * i / max(self.rounds - 1, 1) - 2))
            drawn, shares = self.fill(torch.cat([u.real.to(w), u.imag.to(w), known], dim=1), times + turn)
            a = torch.einsum("nbcj,byx->jncyx", shares, rings)
            real, imaginary = drawn.to(u.real.dtype).chunk(2, dim=1)
            mixed = sum((a[j].to(u.real.dtype) * d[j] for j in range(self.choices)), w * torch.complex(real, imaginary))
            g = torch.where(M, k, g + mixed)
        return g

    def margins(self, n: int) -> tuple[int, int]:
        """Samples to add before and after n, so that they can be halved on every level and the origin stays at the centre."""
        full = n + -n % 2 ** len(self.downs)
        before = full // 2 - n // 2
        return before, full - n - before

    def fill(self, x: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """F: what the network sees to (sample, 2 coil, ky, kx), and the shares of the candidates (sample, ring, coil, candidate)."""
        (up, down), (left, right) = (self.margins(n) for n in x.shape[-2:])
        inside = (..., slice(up, up + x.shape[-2]), slice(left, left + x.shape[-1]))
        x = functional.pad(x, (left, right, up, down))
        ny, nx = x.shape[-2:]
        rings = [bands(ny >> i, nx >> i, self.edges).to(x) for i in range(len(self.down_blocks))]
        h, skips = self.head(x), []
        for i, stack in enumerate(self.down_blocks):
            h = self.run(stack, h, features, rings[i])
            skips.append(h)
            h = self.downs[i](h) if i < len(self.downs) else h
        decoded = [h]
        for i in reversed(range(len(self.ups))):
            h = self.run(self.up_blocks[i], self.ups[i](h) + skips[i], features, rings[i])
            decoded.insert(0, h)
        maps = [functional.interpolate(thin(d), size=(ny, nx), mode="bilinear") for thin, d in zip(self.thin, decoded, strict=False)]
        levels = self.attention(torch.cat(maps, 1)).softmax(1)
        merged = torch.cat([m * levels[:, i : i + 1] for i, m in enumerate(maps)], 1)
        drawn = self.tail(functional.silu(merged))[inside]
        logits = self.choose(torch.cat([decoded[0].mean((2, 3)), features], dim=1)).float()
        return drawn, logits.reshape(len(x), -1, self.coils, self.choices).softmax(-1)

    @staticmethod
    def run(stack: nn.Module, h: Tensor, features: Tensor, rings: Tensor) -> Tensor:
        """The blocks of one level, one after another."""
        for block in stack.children():
            h = block(h, features, rings)
        return h

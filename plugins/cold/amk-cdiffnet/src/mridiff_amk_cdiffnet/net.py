"""AMK network: the missing samples of k-space from those that are there, wholly in (whitened) k-space."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff_sdk.codecs.radial import Profile, bands, radius
from mridiff_sdk.nets.described import Described
from mridiff_sdk.nets.embedding import NumberEmbedding

from .block import AMKBlock
from .completion import complete, mirrored


class AMKNet(Described):
    """k0 = M k + (1 - M) (g + w F(g / w, d / w, M, M mirrored, t)) for k of `coils` virtual coils, complex (sample, coil, ky, kx).

    M = 1 where any coil is not 0. g is k completed in `rounds` rounds by what the scan tells of itself, d how far that is from measured
    samples (see `complete`; with 0 rounds k and nothing). w(r) is the root mean square of training k-space by radius: a table for
    matrices of `grid` samples, kept with the weights. F has levels of `widths` on grids halved by stride-2 convolutions, `blocks` AMK
    blocks on each level and way; the decoder's features of all levels (with `fuse`; else of the first) are brought to the full grid,
    weighted by an attention over levels, and reduced to 2 channels per coil. `edges` are the radii that part the bands.
    """

    log_profile: Tensor

    def __init__(self, coils: int = 4, widths: Sequence[int] = (16, 32, 48), blocks: int = 1, features: int = 48,
                 edges: Sequence[float] = (0.08, 0.35, 0.7), reaches: Sequence[int] = (3, 5, 7), grid: int = 64,
                 radii: int = 32, rounds: int = 10, whiten: bool = True, fuse: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"coils": coils, "widths": list(widths), "blocks": blocks, "features": features, "edges": list(edges),
                             "reaches": list(reaches), "grid": grid, "radii": radii, "rounds": rounds, "whiten": whiten,
                             "fuse": fuse}  # fmt: skip
        self.edges, self.grid, self.rounds, self.whiten = tuple(edges), grid, rounds, whiten
        self.register_buffer("log_profile", torch.zeros(radii))
        self.embed = NumberEmbedding(features)
        self.head = nn.Conv2d(4 * coils + 2, widths[0], 3, padding=1)

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
        self.tail = nn.Conv2d(levels * first, 2 * coils, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)  # type: ignore[arg-type]

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

    def forward(self, k: Tensor, t: float | Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """The estimate of all k-space, in the precision of k; t in [0, 1] a number or (sample,); `seen` collects the branch weights."""
        ny, nx = k.shape[-2:]
        M = (k != 0).any(1, keepdim=True)
        w = self.whitening(ny, nx)
        g, d = complete(k, M, self.rounds)
        u = torch.cat([g, d], dim=1) / w
        x = torch.cat([u.real, u.imag, M.to(u.real.dtype), mirrored(M).to(u.real.dtype)], dim=1).to(self.head.weight.dtype)
        (up, down), (left, right) = (self.margins(n) for n in (ny, nx))
        x = functional.pad(x, (left, right, up, down))
        out = self.fill(x, torch.as_tensor(t, dtype=x.dtype, device=x.device).expand(len(x)), seen)
        real, imaginary = out[..., up : up + ny, left : left + nx].to(u.real.dtype).chunk(2, dim=1)
        return torch.where(M, k, g + w * torch.complex(real, imaginary))

    def margins(self, n: int) -> tuple[int, int]:
        """Samples to add before and after n, so that they can be halved on every level and the origin stays at the centre."""
        full = n + -n % 2 ** len(self.downs)
        before = full // 2 - n // 2
        return before, full - n - before

    def fill(self, x: Tensor, t: Tensor, seen: list[Tensor] | None) -> Tensor:
        """F: what the network sees (sample, 4 coil + 2, ky, kx), in sizes that can be halved, to (sample, 2 coil, ky, kx)."""
        ny, nx = x.shape[-2:]
        rings = [bands(ny >> i, nx >> i, self.edges).to(x) for i in range(len(self.down_blocks))]
        features = self.embed(4 * t - 2)
        h, skips = self.head(x), []
        for i, stack in enumerate(self.down_blocks):
            h = self.run(stack, h, features, rings[i], seen)
            skips.append(h)
            h = self.downs[i](h) if i < len(self.downs) else h
        decoded = [h]
        for i in reversed(range(len(self.ups))):
            h = self.run(self.up_blocks[i], self.ups[i](h) + skips[i], features, rings[i], seen)
            decoded.insert(0, h)
        maps = [functional.interpolate(thin(d), size=(ny, nx), mode="bilinear") for thin, d in zip(self.thin, decoded, strict=False)]
        shares = self.attention(torch.cat(maps, 1)).softmax(1)
        merged = torch.cat([m * shares[:, i : i + 1] for i, m in enumerate(maps)], 1)
        out: Tensor = self.tail(functional.silu(merged))
        return out

    @staticmethod
    def run(stack: nn.Module, h: Tensor, features: Tensor, rings: Tensor, seen: list[Tensor] | None) -> Tensor:
        """The blocks of one level, one after another."""
        for block in stack.children():
            h = block(h, features, rings, seen)
        return h

"""GRAPPA: missing samples of k-space from their neighbours in all coils, by weights that the calibration lines teach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor
from torch.nn.functional import pad

from mridiff.errors import DataError
from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff_sdk.coils import calibration_region
from mridiff_sdk.fourier import ifft

from .least_squares import for_samples

__all__ = ["GRAPPA"]

Arrangement = tuple[Tensor, Tensor, Tensor, Tensor]
"""Targets (target, 2), places (ky, kx), the offsets of their sampled neighbours (source, 2), and S^H V S and S^H V T of these."""


class GRAPPA(Sampler):
    """k_c(p) = sum over neighbours q and coils d of w_cd(q - p) k_d(q) where nothing was measured;  x_c = F^-1 k_c.

    w = (S^H V S + l2 tr(S^H V S) / n)^-1 S^H V T: the n sources S and targets T of every place of the calibration region in which the
    neighbourhood fits, each weighed by V, one over the root mean square there, so that the bright centre does not drown them; one w for
    each arrangement of sampled neighbours. Where whole lines were measured these are `lines` of them on either side, the far ones left
    out where the region is too small, and `readout` samples along each; elsewhere the sampled ones of a window that holds `points` of
    them on average. Lines beyond the outermost measured ones stay 0. V is ours; without it random lines end below zero-filling.
    Sources: Griswold et al., Generalized autocalibrating partially parallel acquisitions, Magn. Reson. Med. 47, 2002; for two
    undersampled directions Blaimer et al., 2D-GRAPPA-operator for faster 3D parallel MRI, Magn. Reson. Med. 56, 2006.
    """

    def __init__(self, *, lines: Annotated[int, Ge(1), "measured lines on either side of a missing one"] = 1,
                 readout: Annotated[int, Ge(1), "samples along a line"] = 5,
                 points: Annotated[int, Ge(1), "neighbours on average, where the mask is not of lines"] = 8,
                 l2: Annotated[float, Gt(0), "weight of |w|^2, relative to the mean of S^H V S"] = 0.01) -> None:  # fmt: skip
        super().__init__()
        self.lines, self.readout, self.points, self.l2 = lines, readout, points, l2

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: the coil images."""
        y, mask = problem.y, problem.linear.mask
        assert isinstance(y, Tensor) and isinstance(mask, Tensor)
        filled = [self.filled(k, m > 0) for k, m in zip(y, mask.expand(len(y), *mask.shape[1:]), strict=True)]
        yield Step(0, 1, for_samples(ifft(torch.stack(filled)), rng))

    def filled(self, k: Tensor, mask: Tensor) -> Tensor:
        """k (coil, ky, kx) with what is missing by the mask (ky, kx), bool; raises DataError where too little calibrates."""
        if not bool((mask == mask[:, :1]).all()) and bool((mask == mask[:1]).all()):  # lines along ky
            return self.filled(k.mT, mask.mT).mT
        known = k[(slice(None), *calibration_region(mask))]
        by_lines = bool((mask == mask[:, :1]).all())
        found = self.by_lines(mask[:, 0], mask.shape[1], known) if by_lines else self.by_points(mask, known)
        full = k.clone()
        for targets, offsets, H, b in found:
            w = weights(H, b, self.l2)
            full[:, targets[:, 0], targets[:, 1]] = (gathered(k, targets, offsets) @ w).T
        return full

    def by_lines(self, mask: Tensor, width: int, known: Tensor) -> Iterator[Arrangement]:
        """Arrangements of missing lines: mask (ky,), bool."""
        measured = mask.nonzero()[:, 0]
        across = torch.arange(self.readout, device=mask.device) - self.readout // 2
        alike: dict[tuple[int, ...], list[int]] = {}
        for p in (~mask).nonzero()[:, 0].tolist():
            sides = (measured[measured < p].flip(0) - p, measured[measured > p] - p)
            if not all(map(len, sides)):
                continue
            ranked = sorted((i, abs(row), row) for side in sides for i, row in enumerate(side[: self.lines].tolist()))
            rows = [row for _, _, row in ranked]
            while rows and not fits(known, max(0, *rows) - min(0, *rows) + 1, self.readout, len(rows) * self.readout):
                rows.pop()
            if not rows:
                raise too_little(known)
            alike.setdefault(tuple(rows), []).append(p)
        for kind, places in alike.items():
            offsets = grid(torch.tensor(kind), across)
            G, n = products(known, torch.cat([offsets, torch.zeros_like(offsets[:1])])), len(offsets) * len(known)
            yield grid(torch.tensor(places), torch.arange(width)), offsets, G[:n, :n], G[:n, n:]

    def by_points(self, mask: Tensor, known: Tensor) -> Iterator[Arrangement]:
        """Arrangements of missing samples: mask (ky, kx), bool."""
        beside = max(int(mask.sum()) - known[0].numel(), 1) / max(mask.numel() - known[0].numel(), 1)
        half = 1
        while (2 * half + 1) ** 2 * beside < self.points and fits(known, 2 * half + 3, 2 * half + 3, self.points):
            half += 1
        if not fits(known, 2 * half + 1, 2 * half + 1, 1):
            raise too_little(known)
        window = grid(*(torch.arange(-half, half + 1),) * 2)
        G = products(known, window).unflatten(1, (len(window), -1)).unflatten(0, (len(window), -1))
        seen = pad(mask, (half,) * 4).unfold(0, 2 * half + 1, 1).unfold(1, 2 * half + 1, 1)[~mask].flatten(1)
        kinds, kind = seen.unique(dim=0, return_inverse=True)
        alike = (~mask).nonzero()[kind.argsort()].split(torch.bincount(kind).tolist())
        for chosen, places in zip(kinds, alike, strict=True):
            if bool(chosen.any()):
                of = G[chosen]
                yield places, window[chosen], of[:, :, chosen].flatten(2).flatten(0, 1), of[:, :, len(window) // 2].flatten(0, 1)


def fits(known: Tensor, height: int, width: int, sources: int) -> bool:
    """Whether a neighbourhood has as many places in the calibration region (coil, ky, kx) as weights to learn of each coil."""
    places = max(known.shape[1] - height + 1, 0) * max(known.shape[2] - width + 1, 0)
    return places >= sources * len(known)


def grid(a: Tensor, b: Tensor) -> Tensor:
    """All pairs of two lists, (pair, 2)."""
    return torch.cartesian_prod(a, b).reshape(-1, 2)


def gathered(k: Tensor, targets: Tensor, offsets: Tensor) -> Tensor:
    """The sources of all targets in k (coil, ky, kx), 0 beyond its edges, (target, source * coil)."""
    places = targets[:, None] + offsets
    last = torch.tensor(k.shape[1:], device=k.device) - 1
    held = places.clamp_min(0).minimum(last)
    inside = (held == places).all(-1)
    return (k[:, held[..., 0], held[..., 1]] * inside).permute(1, 2, 0).flatten(1)


def products(known: Tensor, offsets: Tensor) -> Tensor:
    """M^H V M for the samples M of all coils at these offsets (offset * coil), of every place of the calibration region (coil, ky, kx)."""
    low, high = offsets.amin(0), offsets.amax(0)
    ny, nx = (int(n) for n in torch.tensor(known.shape[1:]) - (high - low))
    M = torch.cat([known[:, y : y + ny, x : x + nx].flatten(1) for y, x in (offsets - low).tolist()]).T
    # the centre of k-space is far brighter than what is to be found
    V = M.abs().square().mean(1, keepdim=True).clamp_min(torch.finfo(known.real.dtype).tiny).rsqrt()
    return M.mH @ (V * M)


def weights(H: Tensor, b: Tensor, l2: float) -> Tensor:
    """The weights of sources, (source * coil, coil)."""
    ridge = l2 * H.diagonal().real.mean().clamp_min(torch.finfo(H.real.dtype).tiny)
    w: Tensor = torch.linalg.solve(H + ridge * torch.eye(len(H), dtype=H.dtype, device=H.device), b)
    return w


def too_little(known: Tensor) -> DataError:
    """The error of a calibration region (coil, ky, kx) in which no neighbourhood fits."""
    return DataError(f"the calibration region of {known.shape[1]} x {known.shape[2]} samples (ky, kx) is too small for {len(known)} coils",
                     hint="Measure more central lines fully, or use a method that needs none, such as cg-sense.")  # fmt: skip

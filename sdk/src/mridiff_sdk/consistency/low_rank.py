"""Low rank of the block-Hankel matrix of k-space, shared by all coils, frames or echoes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

CHUNK = 2**22  # numbers of the Hankel matrix held at once


@torch.no_grad()
def hankel_low_rank(kspace: Tensor, rank: int, window: tuple[int, int] = (8, 8)) -> Tensor:
    """One low-rank pass over `kspace` (sample, ..., ky, kx): project each window onto the `rank` leading components, then average.

    A row of the matrix P is one place of the window, its columns are the wy wx samples of all middle axes (coils, frames, ...)
    together. It is truncated to P V V^H, with V the leading eigenvectors of P^H P (columns x columns, so no SVD of the tall matrix),
    and each k-space sample becomes the mean of its copies. At full rank this is the identity. Shin et al. (SAKE), Magn. Reson.
    Med. 72, 2014. Raises ConfigError.
    """
    wy, wx = window
    stacked = kspace.flatten(1, -3) if kspace.ndim > 3 else kspace[:, None]
    columns = stacked.shape[1] * wy * wx
    if not (1 <= wy <= kspace.shape[-2] and 1 <= wx <= kspace.shape[-1]):
        raise ConfigError([Mistake("window", f"{window} does not fit into k-space {tuple(kspace.shape[-2:])}")])
    if not 1 <= rank <= columns:
        raise ConfigError([Mistake("rank", f"{rank} is not between 1 and the {columns} columns of the Hankel matrix")])
    return torch.stack([_project(k, rank, window) for k in stacked]).reshape(kspace.shape)


def _project(k: Tensor, rank: int, window: tuple[int, int]) -> Tensor:
    wy, wx = window
    columns = len(k) * wy * wx
    gram = k.new_zeros(columns, columns)
    for _, patches in _patches(k, window):
        gram += patches.mH @ patches
    V = torch.linalg.eigh(gram)[1][:, columns - rank :]
    total, hits = torch.zeros_like(k), torch.zeros(k.shape[-2:], dtype=k.real.dtype, device=k.device)
    nx = k.shape[-1] - wx + 1
    for top, patches in _patches(k, window):
        low = ((patches @ V) @ V.mH).reshape(-1, nx, len(k), wy, wx).permute(2, 3, 4, 0, 1)
        for y in range(wy):
            for x in range(wx):
                place = (..., slice(top + y, top + y + low.shape[3]), slice(x, x + nx))
                total[place] += low[:, y, x]
                hits[place] += 1
    return total / hits


def _patches(k: Tensor, window: tuple[int, int]) -> Iterator[tuple[int, Tensor]]:
    """The Hankel matrix (place, column) in blocks of window rows, each with its first ky."""
    views = k.unfold(1, window[0], 1).unfold(2, window[1], 1).permute(1, 2, 0, 3, 4)
    rows = max(1, CHUNK // (views[0].numel() or 1))
    for top in range(0, len(views), rows):
        block = views[top : top + rows]
        yield top, block.reshape(-1, k.shape[0] * window[0] * window[1])

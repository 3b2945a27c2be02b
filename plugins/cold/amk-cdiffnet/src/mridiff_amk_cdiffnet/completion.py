"""Completion: missing samples from what the scan itself tells of its coils and of the phase of the object."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff_sdk.coils.low_frequency import low_frequency_maps
from mridiff_sdk.fourier import fft, ifft

from .virtual import CENTRE, calibration

GROWTH = 3.0
"""The last round calibrates on a centre that is so many times wider than the first one's."""


def complete(k: Tensor, M: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    """g and d: `rounds` times g <- M k + (1 - M) P g from g = k, and d = M (P g - k), for k (sample, coil, ky, kx), M what is there.

    P g = F S Re(S^H F^-1 g): all coils see one image, real but for the phase of S, the low-frequency coil images over their root sum of
    squares. In k-space P is a convolution, of g and of its mirrored conjugate, with the kernels of this scan, which no fixed network can
    know. S comes from g itself, from more and more of its centre. d says how far P is right, where the truth is known. Sources: POCSENSE
    (Samsonov et al., Magn. Reson. Med. 52, 2004), projections for partial k-space (Haacke et al., J. Magn. Reson. 92, 1991), and
    the alternation of image and coils of JSENSE (Ying and Sheng, Magn. Reson. Med. 57, 2007).
    """
    g, d = k, torch.zeros_like(k)
    for i in range(rounds):
        share = CENTRE * (1 + (GROWTH - 1) * i / max(rounds - 1, 1))
        S = low_frequency_maps(g, calibration(k.shape[-2], k.shape[-1], share))
        predicted = fft(S * (S.conj() * ifft(g)).sum(1, keepdim=True).real)
        g, d = torch.where(M, k, predicted), torch.where(M, predicted - k, 0)
    return g, d


def mirrored(M: Tensor) -> Tensor:
    """M (..., ky, kx) at -k: where the mirrored conjugate of a sample is there."""
    ny, nx = M.shape[-2:]
    # The origin is n // 2; of an even number of samples the first has no partner but itself.
    return M.flip((-2, -1)).roll(((ny + 1) % 2, (nx + 1) % 2), (-2, -1))

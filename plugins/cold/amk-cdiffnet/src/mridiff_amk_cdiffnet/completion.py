"""Completion: missing samples from what the scan itself tells of its coils and of the phase and place of the object."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff_sdk.coils import low_frequency_maps, taper
from mridiff_sdk.fourier import fft, ifft

from .virtual import CENTRE, calibration

GROWTH = 3.0
"""The last round calibrates on a centre that is so many times wider than the first one's."""
BLUR, FAINT = 0.25, 0.03
"""Where the object is: its image from this share of k-space, and how bright that is, relative to the brightest, where one is as likely
to be in it as not."""


@torch.no_grad()
def kernels(g: Tensor, share: float) -> Tensor:
    """S: the low-frequency coil images of g (sample, coil, ky, kx), from a `share` of each side, over their root sum of squares."""
    return low_frequency_maps(g, calibration(g.shape[-2], g.shape[-1], share))


def predict(g: Tensor, S: Tensor, inside: Tensor | None = None) -> Tensor:
    """P g = F S Re(S^H F^-1 g): all coils see one image, real but for the phase of S, and (with `inside`) only where the object is.

    In k-space P is a convolution, of g and of its mirrored conjugate, with the kernels of this scan, which no fixed network can know;
    they reach as far as the share of k-space that S is from. Sources: POCSENSE (Samsonov et al., Magn. Reson. Med. 52, 2004),
    projections for partial k-space (Haacke et al., J. Magn. Reson. 92, 1991).
    """
    x = (S.conj() * ifft(g)).sum(1, keepdim=True).real
    return fft(S * (x if inside is None else x * inside))


@torch.no_grad()
def support(g: Tensor) -> Tensor:
    """Where the object is, (sample, 1, y, x) from 0 to 1: b / (b + FAINT), b the magnitude of all coils, blurred, over its largest."""
    x = ifft(g)
    size = (x.real.square() + x.imag.square()).sum(1, keepdim=True).sqrt()
    blurred = ifft(low_pass(fft(size))).real.clamp_min(0)
    blurred = blurred / blurred.amax((2, 3), keepdim=True).clamp_min(torch.finfo(size.dtype).tiny)
    return blurred / (blurred + FAINT)


def low_pass(k: Tensor) -> Tensor:
    """k (..., ky, kx) within BLUR of each side, under a Hann window."""
    for axis in (-2, -1):
        n = k.shape[axis]
        k = k * taper(n, max(BLUR * n / 2, 1), k.real).reshape(-1, *(1,) * (-1 - axis))
    return k


@torch.no_grad()
def complete(k: Tensor, M: Tensor, rounds: int) -> Tensor:
    """`rounds` times g <- M k + (1 - M) P g from g = k (sample, coil, ky, kx), M what is there; S from more and more of the centre of g.

    Source of the alternation of image and coils: JSENSE (Ying and Sheng, Magn. Reson. Med. 57, 2007).
    """
    g = k
    for i in range(rounds):
        S = kernels(g, CENTRE * (1 + (GROWTH - 1) * i / max(rounds - 1, 1)))
        g = torch.where(M, k, predict(g, S))
    return g


def candidates(g: Tensor, shares: Sequence[float]) -> list[Tensor]:
    """What several kernels make of g: P g - g for kernels of each of `shares`, and, for the middle one, kept to the object as well."""
    S = [kernels(g, share) for share in shares]
    return [*(predict(g, s) - g for s in S), predict(g, S[len(S) // 2], support(g)) - g]


def mirrored(M: Tensor) -> Tensor:
    """M (..., ky, kx) at -k: where the mirrored conjugate of a sample is there."""
    ny, nx = M.shape[-2:]
    # The origin is n // 2; of an even number of samples the first has no partner but itself.
    return M.flip((-2, -1)).roll(((ny + 1) % 2, (nx + 1) % 2), (-2, -1))

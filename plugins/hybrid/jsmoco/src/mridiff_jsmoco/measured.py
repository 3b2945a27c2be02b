"""Measured heads that move afterwards: the images of their coils, moved between shots on a grid twice as fine."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from mridiff.interfaces import Field, Measured, Scan, Streams
from mridiff_sdk.coils import espirit_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.motion import Rigid, draw, shots_of
from mridiff_sdk.sampling_patterns import centre

SIDE, CALIBRATION = 96, 24
"""Pixels of the shorter side of the image, and of each side of the region that maps are estimated on."""


def in_motion(scan: Scan, acceleration: int = 2, rotation: float = 4.0, shift: float = 2.0, shots: int = 8) -> Scan:
    """The scan of a full k-space (1, coil, ky, kx), its middle measured in several poses; coils move along, and noise is its own.

    The truth "x" is the image at rest, by maps of all of it, which are the truth "sensitivity_maps"; maps of the scan are those of its
    corrupted centre.
    """
    y = scan.measured.y
    assert isinstance(y, Tensor)
    size = [2 * round(n * SIDE / min(y.shape[-2:]) / 2) for n in y.shape[-2:]]
    middle = y[..., centre(y.shape[-2], size[0]), centre(y.shape[-1], size[1])]
    fine = 2 * ifft(pad(middle, (size[1] // 2,) * 2 + (size[0] // 2,) * 2))
    mask = torch.zeros(1, *size)
    mask[..., size[1] // 2 % acceleration :: acceleration] = 1
    mask[..., centre(size[1], CALIBRATION // 2)] = 1
    taken = shots_of(mask, shots)
    motion = draw("uniform", shots, rotation, shift, Streams.of(0, scan.id, [0]).child("motion")).float()
    moved = torch.zeros_like(middle)
    for s in range(shots):
        T = Rigid(motion[:, s] * torch.tensor([1.0, 2.0, 2.0]), (2 * size[0], 2 * size[1]))
        inner = fft(T(fine))[..., size[0] // 2 : -(size[0] // 2), size[1] // 2 : -(size[1] // 2)] / 2
        moved += (taken[:, None] == s) * inner
    true, told = _maps(middle, CALIBRATION), _maps(moved, CALIBRATION // 2)
    acquisition = {"mask": Field(mask, ("ky", "kx")), "shots": Field(taken, ("ky", "kx")), "sensitivity_maps": told}
    x = Field((true.data.conj() * ifft(middle)).sum(1), ("y", "x"))
    truth = {"x": x, "motion": Field(motion, ("shot", "channel"), "degree, pixel"), "sensitivity_maps": true}
    return replace(scan, measured=Measured(moved, scan.measured.noise, acquisition), truth=truth)


def _maps(y: Tensor, lines: int) -> Field:
    region = (centre(y.shape[-2], CALIBRATION), centre(y.shape[-1], lines))
    return Field(espirit_maps(y, region), ("coil", "y", "x"))

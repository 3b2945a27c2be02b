"""Agreement: how near two samples end."""

from __future__ import annotations

import torch

from mridiff import Reconstruction
from mridiff.interfaces import Scan


def agreement(result: Reconstruction, _: Scan) -> float:
    """PSNR in dB of the magnitude of one sample about that of another, range: the maximum of the latter."""
    a, b = result.samples[:2].abs()
    return float(10 * torch.log10(b.max() ** 2 / (a - b).square().mean()))

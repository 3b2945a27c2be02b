"""Peak signal-to-noise ratio."""

from __future__ import annotations

from torch import Tensor

from .magnitudes import data_range_of, magnitudes, mean_over


def psnr(estimate: Tensor, reference: Tensor, *, data_range: float | Tensor | None = None, region: Tensor | None = None) -> Tensor:
    """Peak signal-to-noise ratio in dB of magnitudes (sample, ...), per sample; infinite for equal images.

    10 log10(range^2 / mean squared error) with range = the maximum of the reference magnitude (also under a region) unless
    `data_range` is given. As fastMRI defines it (Zbontar et al., arXiv 1811.08839) where a sample is a volume (1, z, y, x): range and
    mean are the volume's. Slices given one by one have ranges of their own, and their mean is another number. The mean runs over
    `region`, (1 or sample, ...), if there is one. No scale is fitted: an error of scale is an error.
    """
    x, truth = magnitudes(estimate, reference)
    peak = data_range_of(truth, data_range)
    return 20 * peak.log10() - 10 * mean_over((x - truth) ** 2, region).log10()

"""Samples of a posterior that is known: truths of a Gaussian prior, each measured by one coil, with draws of its own posterior."""

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from mridiff_sdk.testing.exact import problems

TRUTHS = 150


@dataclass(frozen=True)
class Exact:
    """`samples` (sample, truth, y, x) of truths (1, truth, y, x), complex, and the posterior's mean and deviation, (1, truth, y, x)."""

    samples: Tensor
    truth: Tensor
    mean: Tensor
    std: Tensor

    def real(self):
        """Samples and truth of the real part, whose deviation is `std` / sqrt(2)."""
        return self.samples.real, self.truth.real


@cache
def _posteriors():
    known = next(problems())
    noisy, truth = known.repeated(TRUTHS, 1)
    found = [known.prior.posterior(replace(noisy, y=noisy.y[i : i + 1])) for i in range(TRUTHS)]
    return truth.to(torch.complex128)[None], torch.stack([mean[0] for mean, _ in found])[None], found[0][1]


def exact(count=19, spread=1.0, bias=0.0):
    """`count` draws for each truth; their deviations times `spread`, and shifted by `bias` posterior deviations."""
    truth, mean, C = _posteriors()
    shape = (count, *mean.shape[1:])
    z = torch.randn(*shape[:2], len(C), dtype=C.dtype, generator=torch.Generator().manual_seed(3))
    std = torch.diagonal(C).real.sqrt().reshape(mean.shape[2:]).expand(mean.shape)
    return Exact(mean + bias * std + spread * (z @ torch.linalg.cholesky(C).T).reshape(shape), truth, mean, std)

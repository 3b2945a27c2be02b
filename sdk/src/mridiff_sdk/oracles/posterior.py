"""The exact posterior of a Gaussian prior under a linear operator and Gaussian noise, by dense matrices: up to about 2000 unknowns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Gaussian, Noise, Problem
from mridiff.interfaces.scan import Data

from .covariance import Covariance


@dataclass(frozen=True)
class Measurement:
    """y = A x + n as dense matrices in double precision: n independent with the given precision 1 / E|n|^2, everything flattened.

    Where the unknown is real and the data complex, real and imaginary parts are rows of their own.
    """

    A: Tensor
    y: Tensor
    precision: Tensor

    @classmethod
    def of(cls, problem: Problem) -> Measurement:
        """The measurement of a problem, of its first sample where there are several.

        Raises TypeError for noise that is not Gaussian or an operator that is not linear over the numbers of its domain, ValueError for a
        noise level that is unknown or 0.
        """
        n = torch.Size(problem.space.shape).numel()
        single = problem.space.dtype(_precision_of(problem.y))
        identity = torch.eye(n, dtype=single).reshape(n, *problem.space.shape)
        A = torch.stack([_flat(problem.linear(identity[i : i + 1])) for i in range(n)], dim=1)
        y, precision = _flat(problem.y), _levels(problem.noise, problem.y)
        if problem.space.complex:
            if not A.is_complex():
                raise TypeError("an operator from complex to real numbers has no circular posterior; use a real domain")
            return cls(A, y, precision)
        if A.is_complex():
            # Each part of complex noise has half its variance.
            return cls(torch.cat((A.real, A.imag)), torch.cat((y.real, y.imag)), 2 * torch.cat((precision, precision)))
        return cls(A, y, precision)


def gaussian_posterior(mean: Tensor, covariance: Covariance, m: Measurement) -> tuple[Tensor, Tensor, Tensor]:
    """Posterior mean (n,), covariance (n, n), and the log evidence log p(y) up to a constant that no prior changes.

    With C = L L^H and W the precision: covariance = L (1 + L^H A^H W A L)^-1 L^H, which holds for singular C and for weights of 0.
    """
    L = covariance.root()
    AL = m.A @ L
    M = torch.eye(L.shape[1], dtype=L.dtype) + AL.mH @ (m.precision[:, None] * AL)
    factor = torch.linalg.cholesky(M)
    r = m.y - m.A @ mean
    h = AL.mH @ (m.precision * r)
    posterior_mean = mean + L @ torch.cholesky_solve(h[:, None], factor)[:, 0]
    posterior_covariance = L @ torch.cholesky_solve(L.mH, factor)
    fit = (m.precision * r.abs().square()).sum() - torch.linalg.solve_triangular(factor, h[:, None], upper=False).abs().square().sum()
    volume = 2 * torch.diagonal(factor).real.log().sum()
    return posterior_mean, posterior_covariance, -(1.0 if L.is_complex() else 0.5) * (fit + volume)


def _precision_of(y: Data | None) -> torch.dtype:
    first = y[0] if isinstance(y, tuple) else y
    if first is None:
        raise TypeError("a problem without a measurement has no posterior but the prior")
    return first.real.dtype


def _flat(y: Data | None) -> Tensor:
    """The first sample of a measurement, all blocks in a row, in double precision."""
    if y is None:
        raise TypeError("a problem without a measurement has no posterior but the prior")
    blocks = y if isinstance(y, tuple) else (y,)
    flat = torch.cat([b[0].flatten() for b in blocks])
    return flat.to(torch.complex128 if flat.is_complex() else torch.float64)


def _levels(noise: Noise, y: Data | None) -> Tensor:
    """1 / E|n|^2 of every number of the first sample, in the order of `_flat`."""
    if isinstance(noise, Blocks) and isinstance(y, tuple):
        return torch.cat([_levels(part, block) for part, block in zip(noise.parts, y, strict=True)])
    if not isinstance(noise, Gaussian) or not isinstance(y, Tensor):
        raise TypeError(f"the exact posterior needs Gaussian noise, not {type(noise).__name__}")
    std = torch.as_tensor(0.0 if noise.std is None else noise.std, dtype=torch.float64)
    if not bool((std > 0).all()):
        raise ValueError(f"the exact posterior needs a noise level above 0; got {noise.std}")
    precision = torch.ones(y.shape, dtype=torch.float64) / std**2
    return (precision if noise.weight is None else precision * noise.weight.double())[0].flatten()

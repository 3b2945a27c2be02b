"""A problem and its prior in deepinv's words: images of two real channels between 0 and 1, a Physics, a Denoiser."""

from __future__ import annotations

from typing import Any

import torch
from deepinv.models import Denoiser
from deepinv.physics import GaussianNoise, LinearPhysics
from torch import Tensor

from mridiff.interfaces import Gaussian, Prior, Problem, Streams
from mridiff_sdk.complex import channel_std, complex_std, from_channels, to_channels
from mridiff_sdk.diffusions import reach
from mridiff_sdk.reverse import Reverse

__all__ = ["Bridge"]

LEAST = 1e-3
"""The noise level that is told where none is known, or a lower one: deepinv divides by it."""


class Bridge:
    """An image x is u = 1/2 + x / (2 bound) in deepinv's words, complex numbers as channels; A x = y becomes A u = y / (2 bound) + A(1/2).

    `physics`, `denoiser` and `y` are what its algorithms are given, for as many samples as `rng` has streams; `image` leads back. The
    denoiser is asked at the noise level of complex numbers, sqrt(2) times that of a channel, within what the prior's diffusion reaches;
    its last answer is `estimate`, an image. Weights of the noise go into A and y. Raises TypeError for several blocks of data.
    """

    estimate: Tensor

    def __init__(self, prior: Prior, problem: Problem, rng: Streams, bound: float) -> None:
        A, y, noise = problem.linear, problem.y, problem.noise
        if not isinstance(y, Tensor) or not isinstance(noise, Gaussian):
            raise TypeError("deepinv's algorithms take one block of data with Gaussian noise")
        self.chain, self.bound, self.complex = Reverse(prior, problem, rng), bound, problem.space.complex
        self.root = 1.0 if noise.weight is None else noise.weight.sqrt()
        std = torch.as_tensor(LEAST if noise.std is None else noise.std).max() / (2 * bound)
        self.sigma = max(float(channel_std(std) if self.complex else std), LEAST)
        half = torch.full((1, *problem.space.shape), 0.5, dtype=y.real.dtype, device=y.device)
        middle = torch.complex(half, half) if self.complex else half
        self.y = split(self.root * (y / (2 * bound) + A(middle))).expand(len(rng), *split(y).shape[1:])
        self.shape = (len(rng), *split(middle).shape[1:])
        self.physics, self.denoiser = _Physics(self, A), _Denoiser(self)

    def image(self, u: Tensor) -> Tensor:
        """x of u (sample, channel, *space)."""
        return joined((u - 0.5) * (2 * self.bound), self.complex).to(self.chain.problem.space.dtype(self.y.dtype))

    def channels(self, x: Tensor) -> Tensor:
        """u of x."""
        return 0.5 + split(x) / (2 * self.bound)

    def highest(self) -> float:
        """The largest noise level, in deepinv's units, that the prior knows."""
        level = reach(self.chain.diffusion)[1] / (2 * self.bound)
        return float(channel_std(level) if self.complex else level)

    def denoised(self, u: Tensor, sigma: float | Tensor) -> Tensor:
        """E[u0 | u] at deepinv's noise level."""
        chain, level = self.chain, 2 * self.bound * torch.as_tensor(sigma, dtype=torch.float64).flatten()[0]
        t = float(chain.diffusion.time((complex_std(level) if self.complex else level).clamp(*reach(chain.diffusion))))
        x0 = chain.decode(chain.prior(chain.diffusion.mean(chain.encode(self.image(u)), t), t, chain.conditions, chain.rng))
        self.estimate = x0.detach()
        return self.channels(x0)


class _Physics(LinearPhysics):
    """A as deepinv calls it."""

    def __init__(self, bridge: Bridge, A: Any) -> None:
        super().__init__(noise_model=GaussianNoise(sigma=bridge.sigma))
        self.bridge, self.op = bridge, [A]  # in a list: a part of the problem, not of this

    def A(self, x: Tensor, **kwargs: object) -> Tensor:
        """A u."""
        return split(self.bridge.root * self.op[0](joined(x, self.bridge.complex)))

    def A_adjoint(self, y: Tensor, **kwargs: object) -> Tensor:
        """A^H y."""
        A = self.op[0]
        codomain_complex = A.codomain.complex
        return split(A.H(self.bridge.root * joined(y, codomain_complex)))


class _Denoiser(Denoiser):
    """The prior as deepinv calls it; every image at one noise level."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.bridge = bridge

    def forward(self, x: Tensor, sigma: float | Tensor, **kwargs: object) -> Tensor:
        """The denoised images."""
        return self.bridge.denoised(x, sigma)


def split(x: Tensor) -> Tensor:
    """Real (sample, channel, ...) of a complex or real tensor (sample, ...)."""
    return to_channels(x) if x.is_complex() else x[:, None]


def joined(u: Tensor, is_complex: bool) -> Tensor:
    """The inverse of `split`."""
    return from_channels(u) if is_complex else u[:, 0]

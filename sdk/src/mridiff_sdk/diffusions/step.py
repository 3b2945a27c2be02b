"""The one reverse step, and the table of its two numbers.

    x_s = mean(x0, s) + r (x_t - mean(x0, t)) + tau n

Given the true x0 the residual x_t - mean(x0, t) has standard deviation sigma_t, so a rule keeps the marginal of x_s exactly when
r^2 sigma_t^2 + tau^2 = sigma_s^2. Each rule below is a row (r, tau) for the step from time t to an earlier time s; times are
numbers or (sample,).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Streams, spread

Row = tuple[Tensor, Tensor]
Rule = Callable[[Diffusion, float | Tensor, float | Tensor], Row]


def residual(diffusion: Diffusion, x_t: Tensor, x0: Tensor, t: float | Tensor) -> Tensor:
    """x_t - mean(x0, t): what of x_t (sample, ...) the estimate x0 leaves unexplained, sigma_t n for the true x0."""
    return x_t - diffusion.mean(x0, t)


def step(diffusion: Diffusion, x0: Tensor, residual: Tensor, s: float | Tensor, r: float | Tensor, tau: float | Tensor,
         rng: Streams) -> Tensor:  # fmt: skip
    """x_s = mean(x0, s) + r residual + tau n, (sample, ...); nothing is drawn where tau is 0 for every sample."""
    x_s = diffusion.mean(x0, s) + spread(r, residual) * residual
    tau = spread(tau, residual)
    return x_s + tau * diffusion.noise(x_s, rng) if bool((tau > 0).any()) else x_s


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, and 1 where the whole is 0 (a deterministic residual is carried on as it is)."""
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, torch.ones_like(whole)), torch.ones_like(whole))


def _root(value: Tensor) -> Tensor:
    return value.clamp_min(0).sqrt()


def ddim(diffusion: Diffusion, t: float | Tensor, s: float | Tensor, eta: float = 0.0) -> Row:
    """Song et al., ICLR 2021 (DDIM), equation 16: eta = 0 deterministic, eta = 1 the ancestral chain."""
    sigma_t, sigma_s = diffusion.sigma(t), diffusion.sigma(s)
    q = _share(sigma_s / diffusion.alpha(s), sigma_t / diffusion.alpha(t))
    fresh = eta**2 * (1 - q**2)
    return _share(sigma_s, sigma_t) * _root(1 - fresh), sigma_s * _root(fresh)


def ddpm(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """The Gaussian posterior q(x_s | x_t, x0): r = alpha_t sigma_s^2 / (alpha_s sigma_t^2) (Ho et al., NeurIPS 2020, equation 7)."""
    sigma_t, sigma_s = diffusion.sigma(t), diffusion.sigma(s)
    a = diffusion.alpha(t) / diffusion.alpha(s)
    r = a * _share(sigma_s, sigma_t) ** 2
    return r, sigma_s * _root(1 - (a * _share(sigma_s, sigma_t)) ** 2)


gan_posterior: Rule = ddpm
"""The same posterior about an x0 that a generator drew instead of estimated, in few large steps (Xiao et al., ICLR 2022)."""


def ve_ancestral(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """r = sigma_s^2 / sigma_t^2 and the matching tau: the posterior where the mean carries no factor alpha (VE, heat, boxes)."""
    sigma_t, sigma_s = diffusion.sigma(t), diffusion.sigma(s)
    q = _share(sigma_s, sigma_t)
    return q**2, sigma_s * _root(1 - q**2)


heat: Rule = ve_ancestral
"""De-noising and re-sharpening at once: the old blur leaves with the residual, the new one comes with mean(x0, s)."""


def ve_reverse(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """x_t + (sigma_t^2 - sigma_s^2) score + sqrt(sigma_t^2 - sigma_s^2) n, the predictor of Song et al., ICLR 2021, algorithm 2.

    Its variance exceeds sigma_s^2 by (sigma_t^2 - sigma_s^2)^2 / sigma_t^2, which vanishes with the step only.
    """
    sigma_t, sigma_s = diffusion.sigma(t), diffusion.sigma(s)
    return _share(sigma_s, sigma_t) ** 2, _root(sigma_t**2 - sigma_s**2)


def edm_euler(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """r = sigma_s / sigma_t, tau = 0: one Euler step of the probability flow (Karras et al., NeurIPS 2022, algorithm 1)."""
    r = _share(diffusion.sigma(s), diffusion.sigma(t))
    return r, torch.zeros_like(r)


def cold(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:  # noqa: ARG001 - one signature for all rows
    """r = 1, tau = 0: x_t - mean(x0, t) + mean(x0, s), the improved cold rule (Bansal et al., NeurIPS 2023, algorithm 2)."""
    return torch.ones_like(diffusion.sigma(s)), torch.zeros_like(diffusion.sigma(s))


def renoise(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:  # noqa: ARG001 - as above
    """r = 0, tau = sigma_s: forget x_t and noise the estimate afresh."""
    sigma_s = diffusion.sigma(s)
    return torch.zeros_like(sigma_s), sigma_s


RULES: dict[str, Rule] = {
    "ddim": ddim, "ddpm": ddpm, "ve-ancestral": ve_ancestral, "ve-reverse": ve_reverse, "edm-euler": edm_euler, "cold": cold,
    "renoise": renoise,
}  # fmt: skip
"""The rules by name, for a configuration."""

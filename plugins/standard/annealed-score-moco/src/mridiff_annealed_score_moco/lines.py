"""Lines of k-space along the phase-encode axis: which of them lie in the central band, and which agree with the prior."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, pad

from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.reverse import Reverse

LEAST = 1e-3
"""Gain of a denoiser on noise, at least: nothing is so certain."""
NEIGHBOURS = 1
"""Lines to either side over which a disagreement is averaged, as logarithms."""


@dataclass(frozen=True)
class Lines:
    """The lines that hold an image (sample, y, x) to that of the input: the band |k| <= part * n along the axis `dim`."""

    input: Tensor
    part: float
    dim: int

    @property
    def band(self) -> Tensor:
        """Which lines lie in the band, (line,), bool; symmetric about k = 0 but for the first line of an even number."""
        n = self.input.shape[self.dim]
        return (torch.arange(n, device=self.input.device) - n // 2).abs() <= self.part * n

    def held(self, x: Tensor, weight: Tensor, to: Tensor | None = None) -> Tensor:
        """X_k + weight_k (Y_k - X_k) for every line k, `weight` (sample, line), Y that of the input or of the image `to`."""
        along = weight[:, None, :] if self.dim == -1 else weight[:, :, None]
        return x + ifft(along * fft((self.input if to is None else to) - x))

    def disagreement(self, chain: Reverse, x: Tensor, level: float) -> Tensor:
        """How far each line of the input is from what the prior expects of x (sample, y, x), (sample, line): about 1 at rest.

        rho_k = mean |F D(x + s n) - Y|^2 / (s^2 J_k) over line k, with D the denoiser at the level s and J_k the gain of its estimate on
        noise there: s^2 J_k is the variance of what D leaves unknown of the line (Tweedie). J_k = N_k^H (F D' n)_k / |N_k|^2, N = F n, is
        found from D(x + s n) and D(x - s n), two calls (Ramani, Blu, Unser, Monte-Carlo SURE, 2008).
        """
        n = chain.rng.normal_like(x)
        up, down = (fft(chain.denoised(x + sign * level * n, level)) for sign in (1, -1))
        N, Y, across = fft(n), fft(self.input), -2 if self.dim == -1 else -1
        gain = (N.conj() * (up - down)).real.sum(across) / (2 * level * N.abs().square().sum(across))
        off = ((up - Y).abs().square() + (down - Y).abs().square()).mean(across) / 2
        return off / (level**2 * gain.clamp_min(LEAST))

    def trust(self, rho: Tensor, tolerance: float) -> Tensor:
        """The weight of each line, (sample, line): 1 in the band, and 1 / (1 + (excess / tolerance)^2) outside of it.

        The excess is what rho, averaged over `NEIGHBOURS`, has above its median in the band, relative to that - a prior that is too sure of
        itself is so there, too - and for each line the largest from the centre out to it: once an object has moved, lines that were
        measured later are no better, though the prior knows too little of the outermost to tell.
        """
        usual = rho[:, self.band].median(1, keepdim=True).values
        local = avg_pool1d(pad((rho / usual).log()[:, None], (NEIGHBOURS, NEIGHBOURS), mode="replicate"), 2 * NEIGHBOURS + 1, 1)[:, 0]
        centre = rho.shape[1] // 2
        before, after = local[:, : centre + 1].flip(1).cummax(1).values.flip(1), local[:, centre:].cummax(1).values
        excess = (torch.cat((before[:, :-1], after), 1).exp() - 1).clamp_min(0)
        return torch.where(self.band, 1.0, 1 / (1 + (excess / tolerance) ** 2))

"""Steps on the unknowns of an acquisition: motion, coil maps, kernels; dictionaries phi of (sample, *space), by name.

Each quantity moves on its own scale (`Nuisance.step_scale`) and is projected back into its bounds and gauge after every step.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Nuisance, ParametricOperator, Problem, Streams, spread

Phi = Mapping[str, Tensor]


def gradient(problem: Problem, operator: ParametricOperator, x: Tensor, phi: Phi, *names: str) -> dict[str, Tensor]:
    """The gradient of the negative log-likelihood with respect to phi[name] of `names`, of all if none is given, at x."""
    with torch.enable_grad():
        leaves = {name: phi[name].detach().requires_grad_() for name in names or phi}
        nll = problem.noise.nll(operator.at({**phi, **leaves})(x.detach()), problem.y).sum()
        return dict(zip(leaves, torch.autograd.grad(nll, tuple(leaves.values())), strict=True))


class Adam:
    """Adam (Kingma and Ba, ICLR 2015) with steps of `rate` times each quantity's own scale, element by element."""

    def __init__(self, nuisance: Mapping[str, Nuisance], rate: float, decay: tuple[float, float] = (0.9, 0.999)) -> None:
        self.nuisance, self.rate, self.decay = nuisance, rate, decay
        self._count = 0
        self._first: dict[str, Tensor] = {}
        self._second: dict[str, Tensor] = {}

    def step(self, phi: Phi, gradients: Phi) -> dict[str, Tensor]:
        """phi after one step against the gradients; the arguments stay as they are."""
        self._count += 1
        return {name: self._move(name, phi[name], g) for name, g in gradients.items()}

    def _move(self, name: str, value: Tensor, g: Tensor) -> Tensor:
        b1, b2 = self.decay
        first = b1 * self._first.get(name, torch.zeros_like(g)) + (1 - b1) * g
        second = b2 * self._second.get(name, torch.zeros_like(g.real)) + (1 - b2) * (g * g.conj()).real
        self._first[name], self._second[name] = first, second
        size = (second / (1 - b2**self._count)).sqrt()
        # Relative to the gradient's own size: phi has units, an absolute constant would favour some of them.
        direction = first / (1 - b1**self._count) / (size + 1e-8 * size.max() + torch.finfo(size.dtype).tiny)
        n = self.nuisance[name]
        return n.project(value - self.rate * n.step_scale * direction)


def langevin(nuisance: Mapping[str, Nuisance], phi: Phi, gradients: Phi, rate: float, rng: Streams,
             temperature: float = 1.0) -> dict[str, Tensor]:  # fmt: skip
    """phi - rate g / rms(g) + temperature sqrt(2 rate) n, in units of each quantity's scale, projected.

    The gradient counts by its direction alone, sample by sample (after Levac et al., MRM 2024, released code).
    """
    moved = {}
    for name, g in gradients.items():
        n, size = nuisance[name], g.abs().square().flatten(1).mean(1).sqrt()
        drift = g / spread(torch.where(size > 0, size, torch.ones_like(size)), g)
        noise = (2 * rate) ** 0.5 * temperature * rng.normal_like(g) if temperature > 0 else torch.zeros_like(g)
        moved[name] = n.project(phi[name] + n.step_scale * (noise - rate * drift))
    return moved


def least_squares(components: Tensor, y: Tensor, near: Tensor, weight: float) -> Tensor:
    """argmin_a sum_c |y_c - sum_k a_ck B_k|^2 + weight * trace(B^H B) / K * |a - near|^2, for unknowns in which a measurement is linear.

    `components` B are (sample, channel, ...) with K channels, y (1 or sample, coil, ...) and a, `near` (1 or sample, coil, channel). With
    a weight it stays `near` in what the components do not tell apart.
    """
    B = components.flatten(2)
    gram = B.conj() @ B.mT  # (sample, K, K), of the equations gram a = B^H y
    damping = weight * gram.diagonal(dim1=1, dim2=2).real.mean(1)[:, None, None]
    off = y.flatten(2).expand(len(B), -1, -1) - near @ B
    H = gram + damping * torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
    change: Tensor = torch.linalg.solve(H, B.conj() @ off.mT).mT
    return near + change

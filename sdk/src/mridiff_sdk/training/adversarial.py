"""Adversarial: a generator of few large diffusion steps against a critic of pairs (x_s, x_t)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff.interfaces import Diffusion, Objective, Streams, spread

from ..complex import to_channels
from ..diffusions.step import gan_posterior, residual, step

BLANK = 0.1
"""States with less of the image than this are drawn anew for a second draw."""


class AdversarialObjective(Objective):
    """Losses "critic" and "generator" of a network that draws x0 from x_t, a condition and latent noise, on chains of `steps` steps.

    Real pairs are x_s ~ q(x_s | x0), x_t ~ q(x_t | x_s); fake ones have the same x_t and x_s ~ q(x_s | x_t, model's x0). A chain is
    drawn per sample, then a step t -> s of it.

    critic: softplus(-D(real)) + softplus(D(fake)) + (r1 / 2) |grad_{x_s} D(real)|^2, the last at every `r1_every`-th update;
    generator: softplus(-D(fake)) + weight distance. Without a critic the last term is all there is.

    The distance is |a - x0| of a draw a. With `spread` it is |(a + b) / 2 - x0| - |a - b| / sqrt(12) of two draws: least, for errors
    that are normal, where the draws spread about their mean as the truth does, while |a - x0| is least without any spread. The draws
    share x_t, but where it holds next to nothing of x0 it is drawn anew for b: then it is what tells them apart.

    The batch holds "x" and "condition", (sample, y, x), real or complex; the model is called as model(x_t, t, condition, rng). Both losses
    share one call of it. Sources: Xiao et al., Denoising diffusion GANs, ICLR 2022, equations 3 to 6; Mescheder et al., ICML 2018 (R1);
    Bendel et al., A regularized conditional GAN for posterior sampling in image recovery problems, NeurIPS 2023, equations 6 to 9 (spread).
    """

    sees: Literal["truth", "measured"] = "truth"
    updates: Tensor

    def __init__(self, diffusion: Diffusion, critic: nn.Module | None, *, steps: Sequence[int] = (4,), weight: float = 10.0,
                 r1: float = 1.0, r1_every: int = 10, spread: bool = False) -> None:  # fmt: skip
        super().__init__()
        self.diffusion, self.critic, self.weight, self.r1, self.r1_every = diffusion, critic, weight, r1, r1_every
        self.spread = spread
        self.steps = torch.tensor(tuple(steps))
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def times(self, rng: Streams) -> tuple[Tensor, Tensor]:
        """A step t -> s of one of the chains per sample, both (sample,)."""
        chain, place = rng.uniform((2,)).unbind(1)
        n = self.steps[(chain * len(self.steps)).long()]
        i = (place * n).floor()
        return (i + 1) / n, i / n

    def pair(self, x0: Tensor, t: Tensor, s: Tensor, rng: Streams) -> tuple[Tensor, Tensor]:
        """A real pair (x_s, x_t), each (sample, y, x)."""
        d = self.diffusion
        x_s = d.mean(x0, s) + spread(d.sigma(s), x0) * d.noise(x0, rng)
        a = d.alpha(t) / d.alpha(s)
        fresh = (d.sigma(t) ** 2 - (a * d.sigma(s)) ** 2).clamp_min(0).sqrt()
        return x_s, spread(a, x0) * x_s + spread(fresh, x0) * d.noise(x0, rng)

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """The critic's loss, then the generator's."""
        x0, condition = batch["x"], batch["condition"]
        t, s = self.times(rng)
        x_s, x_t = self.pair(x0, t, s, rng)
        estimate = model(x_t, t.to(x_t.real.dtype), condition, rng)
        distance = self.distance(model, estimate, x0, x_t, t, condition, rng)
        if self.critic is None:
            yield "generator", self.weight * distance
            return
        fake = step(self.diffusion, estimate, residual(self.diffusion, x_t, estimate, t), s, *gan_posterior(self.diffusion, t, s), rng)
        others = torch.cat([channels(v) for v in (x_t, condition)], dim=1)
        yield "critic", self.critic_loss(self.critic, channels(x_s), channels(fake.detach()), others, t, s)
        self.critic.requires_grad_(False)  # the generator's loss passes through it and leaves it alone
        judged = self.critic(torch.cat((channels(fake), others), dim=1), t, s)
        yield "generator", functional.softplus(-judged).mean() + self.weight * distance
        self.critic.requires_grad_(True)

    def distance(self, model: nn.Module, estimate: Tensor, x0: Tensor, x_t: Tensor, t: Tensor, condition: Tensor, rng: Streams) -> Tensor:
        """Of one draw from the truth, or of two from it less that from each other."""
        if not self.spread:
            return (estimate - x0).abs().mean()
        blank = spread(self.diffusion.alpha(t), x_t) < BLANK
        x_t = torch.where(blank, spread(self.diffusion.sigma(t), x_t) * self.diffusion.noise(x_t, rng), x_t)
        other = model(x_t, t.to(x_t.real.dtype), condition, rng)
        distance: Tensor = ((estimate + other) / 2 - x0).abs().mean() - (estimate - other).abs().mean() / 12**0.5
        return distance

    def critic_loss(self, critic: nn.Module, real: Tensor, fake: Tensor, others: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Of images as channels (sample, channel, y, x)."""
        penalise = self.r1 > 0 and int(self.updates) % self.r1_every == 0
        self.updates += 1
        real = real.detach().requires_grad_(penalise)
        judged = critic(torch.cat((real, others), dim=1), t, s)
        loss = functional.softplus(-judged).mean() + functional.softplus(critic(torch.cat((fake, others), dim=1), t, s)).mean()
        if penalise:
            (gradient,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
            loss = loss + 0.5 * self.r1 * gradient.square().flatten(1).sum(1).mean()
        return loss


def channels(x: Tensor) -> Tensor:
    """Images (sample, y, x), real or complex, as real channels (sample, 1 or 2, y, x)."""
    return to_channels(x) if x.is_complex() else x[:, None]

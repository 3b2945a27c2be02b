"""What the two stages of training minimise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams
from mridiff_sdk.diffusions import uniform
from mridiff_sdk.fourier import fft
from mridiff_sdk.training import Batch, MaskFamily, Source

from .chain import ladder, reverse
from .net import LatentNet
from .seen import Seen

TEACHER, STUDENT = "teacher", "student"


class Taught:
    """A source whose batches say which of the two trains: 0 in the stage of the teacher, 1 in that of the student."""

    def __init__(self, source: Source, learns: str) -> None:
        self.source, self.learns = source, learns

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The source's batch, and "student"."""
        inner = self.source.batch(step, samples)
        return Batch({**inner.truth, STUDENT: torch.tensor(float(self.learns == STUDENT))}, inner.measured)


def magnitude(e: Tensor) -> Tensor:
    """Mean of |Re| and |Im|."""
    return 0.5 * (e.real.abs() + e.imag.abs()).mean()


class LatentObjective(Objective):
    """teacher: R(G(measured, z)) with z = E1(measured, k); student: R(G(measured, z_0)) + `code` (|z_0 - z| + |d(z_t, t, c) - z|), z fixed.

    z_0 is the end of the chain, whose gradient goes back through all of its steps; z_t is drawn from q(z_t | z) at one of its levels. R is
    the mean absolute error of the image, relative to its root mean square, and `kspace` times that of weighted k-space, over all
    samples. The batch needs "x" (sample, y, x), clean, and "student"; every sample gets a mask of its own.
    """

    def __init__(self, masks: MaskFamily, levels: int, kspace: float = 0.1, code: float = 0.1) -> None:
        super().__init__()
        self.masks, self.kspace, self.code = masks, kspace, code
        self.diffusion = ladder(levels)
        self.times: list[float] = uniform(self.diffusion, levels).tolist()

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "teacher" or "student"."""
        assert isinstance(model, LatentNet)
        k = fft(batch["x"])
        mask = self.masks.draw(k.shape[-2:], rng.child("mask")).to(k.device, k.real.dtype)
        seen = Seen.of(mask * k, 1 - mask, model.void)
        if not bool(batch[STUDENT]):
            yield TEACHER, self.distance(seen, model.decode(seen, model.teach(seen, k)), k)
            return
        with torch.no_grad():
            z = model.teach(seen, k)
        c = model.condition(seen)
        z_0, t = self.draw(model, c, rng), rng.integers(1, len(self.times)) / (len(self.times) - 1)
        other = model.denoiser(self.diffusion.degrade(z, t, rng), t.to(z), c)
        codes = (z_0 - z).abs().mean() + (other - z).abs().mean()
        yield STUDENT, self.distance(seen, model.decode(seen, z_0), k) + self.code * codes

    def draw(self, model: LatentNet, c: Tensor, rng: Streams) -> Tensor:
        """The code at the end of a chain, given the condition c, (sample, latent) both; differentiable."""
        z_T = rng.normal((model.latent,), torch.float32, c.device)
        times = torch.ones(len(c), device=c.device)
        return reverse(lambda z, t: model.denoiser(z, t * times, c), self.diffusion, z_T, self.times, rng)

    def distance(self, seen: Seen, u: Tensor, k: Tensor) -> Tensor:
        """R: how far weighted k-space u is from that of k, (sample, ky, kx) both."""
        error = u - seen.relative(k)
        size = seen.image(seen.relative(k)).abs().square().mean((-2, -1), keepdim=True).sqrt().clamp_min(1e-12)
        return magnitude(seen.image(error) / size) + self.kspace * magnitude(error)

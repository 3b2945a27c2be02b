"""Networks that are called as `network(sample, timestep)` (diffusers' models)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mridiff.interfaces import Diffusion, Field, Prior, Scaling, Space, Streams, spread

from ...codecs import Channels

Prediction = Literal["epsilon", "sample", "v_prediction"]


class FromUnet(Prior):
    """A prior from a network of a discrete Gaussian chain: `network(sample, timestep)` gives a tensor, a tuple or an object with `.sample`.

    sample is real (sample, channels, y, x), timestep an integer per sample that counts from 0, the least noise. With two channels the
    unknown is complex: the channels are real and imaginary part, and the network sees sqrt(2) times the pair that has the unknown's
    noise level, so the image is scaled by 1 / sqrt(2) instead of the noise, and its level needs no conversion. With one
    channel the unknown is real. `scaling` is that of the magnitude of the images that the network was trained on, in its own units.
    Predictions: epsilon, the noise; sample, x0; v_prediction, alpha eps - sigma x0 (Salimans and Ho, ICLR 2022, appendix D). `offset` is
    what was subtracted from the images before training: 1 where images from 0 to 2 were brought to -1 to 1.
    """

    def __init__(self, network: nn.Module, diffusion: Diffusion, *, predicts: Prediction = "epsilon", channels: Literal[1, 2] = 2,
                 scaling: Scaling | None = None, offset: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        if diffusion.levels is None:
            raise ValueError(f"{type(diffusion).__name__} has no discrete levels; give the chain of the network, as VP(levels=1000)")
        self.network, self.diffusion, self.predicts, self.offset = network, diffusion, predicts, offset
        given = scaling or Scaling()
        self.scaling = given
        self.space = Space(("y", "x"), complex=False)
        if channels == 2:
            self.codec = Channels()
            self.space = Space(("channel", "y", "x"), (2, None, None), complex=False)
            self.scaling = Scaling(given.statistic, given.value / 2**0.5)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0 from x_t, real (sample, 2, y, x) or (sample, y, x); computed in the network's precision, given in that of x_t."""
        d = self.diffusion
        alpha, sigma = spread(d.alpha(t), x_t), spread(d.sigma(t), x_t)
        x_t = x_t - alpha * self.offset
        u = x_t if len(self.space.axes) == 3 else x_t[:, None]
        out = _tensor(self.network(u.to(self._precision(u)), self._timestep(t, u))).to(u.dtype).reshape(x_t.shape)
        if self.predicts == "epsilon":
            return (x_t - sigma * out) / alpha + self.offset
        return (out if self.predicts == "sample" else alpha * x_t - sigma * out) + self.offset

    def _timestep(self, t: float | Tensor, u: Tensor) -> Tensor:
        """Time i / levels is the state after i steps of noise, which the network calls timestep i - 1."""
        assert self.diffusion.levels is not None
        i = (torch.as_tensor(t, device=u.device) * self.diffusion.levels).round().long() - 1
        return i.clamp(0, self.diffusion.levels - 1).expand(len(u))

    def _precision(self, u: Tensor) -> torch.dtype:
        return next((p.dtype for p in self.network.parameters()), u.dtype)


def _tensor(result: Any) -> Tensor:
    value = getattr(result, "sample", result)
    first: Tensor = value[0] if isinstance(value, tuple) else value
    return first

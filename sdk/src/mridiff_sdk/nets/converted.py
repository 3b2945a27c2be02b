"""Converted: public networks with their preconditioning, in files of ours that describe themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mridiff.interfaces import spread

from ..io.weights import load_into, read_weights, write_weights
from .bounded import bounded
from .ncsnpp import NCSNpp
from .song import SongUNet

NETWORKS: dict[str, type[SongUNet | NCSNpp]] = {"edm": SongUNet, "ncsnpp": NCSNpp}
RANGES = {"edm": (0.002, 80.0), "vp": (0.0032, 152.0), "ve": (0.02, 100.0), "score": (0.01, 50.0)}
"""Noise levels of each preconditioning as its authors trained it, used where the checkpoint does not tell."""


def coefficients(kind: str, s: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """c_skip, c_out, c_in and c_noise at noise levels s, each in the shape of s; raises KeyError for other kinds.

    "edm", "vp", "ve": Karras et al., NeurIPS 2022, table 1 (VP with beta from 0.1 to 20 and 1000 steps); "score": a network that is the
    score times s and reads ln s (Song et al., ICLR 2021, VE).
    """
    one = torch.ones_like(s)
    total = s**2 + sigma_data**2
    vp_time = ((0.1**2 + 2 * 19.9 * torch.log1p(s**2)).sqrt() - 0.1) / 19.9
    return {
        "edm": (sigma_data**2 / total, s * sigma_data / total.sqrt(), 1 / total.sqrt(), s.log() / 4),
        "vp": (one, -s, 1 / (s**2 + 1).sqrt(), 999 * vp_time),
        "ve": (one, s, one, (0.5 * s).log()),
        "score": (one, s, one, s.log()),
    }[kind]


class Converted(nn.Module):
    """D(x, sigma), the estimate of x0 from x = x0 + sigma n, real (sample, channel, y, x) with sigma per real number."""

    def __init__(self, network: str, layout: Mapping[str, Any], precondition: str, sigma_data: float = 0.5,
                 sigma_range: tuple[float, float] | None = None) -> None:  # fmt: skip
        super().__init__()
        sigma_range = sigma_range or RANGES[precondition]
        self.description: dict[str, Any] = {"network": network, "layout": dict(layout), "precondition": precondition,
                                            "sigma_data": sigma_data, "sigma_range": list(sigma_range)}  # fmt: skip
        self.net = NETWORKS[network](layout)
        self.precondition, self.sigma_data, self.sigma_range = precondition, sigma_data, sigma_range

    @property
    def channels(self) -> int:
        """Of the images."""
        channels: int = self.net.channels
        return channels

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """In the precision of x; sigma is a number or (sample,), clamped to the range of the training."""
        level = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).clamp(*self.sigma_range).expand(len(x))
        c_skip, c_out, c_in, c_noise = coefficients(self.precondition, level, self.sigma_data)
        precision = next(p.dtype for p in self.net.parameters())
        out: Tensor = self.net((spread(c_in, x) * x).to(precision), c_noise.to(precision)).to(x.dtype)
        return spread(c_skip, x) * x + spread(c_out, x) * out

    def save(self, path: Path, **notes: str) -> str:
        """Write parameters and description; returns the SHA-256 of the file."""
        return write_weights(path, self.net.state_dict(), {"converted": json.dumps(self.description, sort_keys=True), **notes})

    @classmethod
    def load(cls, path: Path) -> Self:
        """The network in a file that `save` wrote, fixed; raises DataError where it is none."""
        tensors, header = read_weights(path)
        with bounded(path, tensors, "make one with `mridiff convert`"):
            d = json.loads(header["converted"])
            low, high = d["sigma_range"]
            out = cls(d["network"], d["layout"], d["precondition"], float(d["sigma_data"]), (float(low), float(high)))
            load_into(out.net, tensors)
        return out.eval().requires_grad_(False)

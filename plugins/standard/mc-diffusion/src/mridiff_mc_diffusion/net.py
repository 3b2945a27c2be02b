"""The network of both priors: a denoiser of pairs of real images, which sees the pair or each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mridiff.interfaces import spread
from mridiff_sdk.io import load_into, read_weights
from mridiff_sdk.nets import Described, UNet

from .noise import Uneven

MODALITIES = 2


class PairNet(Described):
    """x0 = c_skip x + c_out F(c_in x, ln(s) / 4) for x = x0 + s n, real (sample, modality, y, x), with s = sigma std for each modality.

    F has a UNet for the answer of each modality. Where `joint`, both of them see the pair; otherwise each sees its own modality, which is
    the only difference. `net` holds the arguments of the UNets but their channels, `sigma_data` is the root mean square of the images, and
    levels s outside of `sigma_range` count as its ends. Source of the factors: Karras et al., NeurIPS 2022, table 1.
    """

    def __init__(self, net: Mapping[str, Any], sigma_data: float, sigma_range: tuple[float, float], std: Sequence[float],
                 joint: bool) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"net": dict(net), "sigma_data": sigma_data, "sigma_range": list(sigma_range), "std": list(std), "joint": joint}
        self.noise = Uneven(tuple(std))
        self.sigma_data, self.sigma_range = sigma_data, (sigma_range[0], sigma_range[1])
        self.joint = joint
        made = nn.ModuleList(UNet(MODALITIES if joint else 1, 1, **net) for _ in range(MODALITIES))
        self.nets = made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start_from(self, path: Path) -> None:
        """Take the parameters in a file; those of independent networks start joint ones, which do not look at the other modality yet."""
        tensors, fresh = read_weights(path)[0], self.state_dict()
        for i, name in enumerate(f"nets.{i}.head.weight" for i in range(MODALITIES)):
            own = tensors.get(name)
            if own is not None and own.shape[1] * MODALITIES == fresh[name].shape[1]:
                tensors[name] = torch.cat([own if j == i else torch.zeros_like(own) for j in range(MODALITIES)], dim=1)
        load_into(self, tensors)

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """The estimate of x0 in the precision of x; sigma is a number or (sample,)."""
        s = (spread(sigma, x) * self.noise.over(x)).clamp(*self.sigma_range).expand(len(x), MODALITIES, 1, 1)
        total = s**2 + self.sigma_data**2
        u, number = (x / total.sqrt()).float(), (s[..., 0, 0].log() / 4).float()
        seen = [u] * MODALITIES if self.joint else u.chunk(MODALITIES, dim=1)
        seen = [part.contiguous(memory_format=torch.channels_last) for part in seen]
        made = [net(part, level) for net, part, level in zip(self.nets, seen, number.unbind(1), strict=True)]
        out = torch.cat(made, dim=1)
        return x * (self.sigma_data**2 / total) + out.to(x.dtype) * (s * self.sigma_data / total.sqrt())

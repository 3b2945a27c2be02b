"""Song: the DDPM++ and NCSN++ networks in the form of the EDM study, so that their public weights can be run.

Every module is called as in those weights, and its shape is read off them: `layout` describes a network by its tensors alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff.errors import DataError

from .unet import pad

STAGE = re.compile(r"(enc|dec)\.(\d+)x\d+_(aux_\w+?|[a-z]+)(\d*)\.")
ORDER = ("conv", "down", "in", "up", "aux_down", "aux_skip", "aux_residual", "block", "aux_up", "aux_norm", "aux_conv")
"""Modules of one resolution, in the order in which they run."""


def layout(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The network that fits the tensors, as plain data; raises DataError where it is none of this family."""
    stages: dict[str, list[Any]] = {}
    for key in tensors:
        if found := STAGE.match(key):
            half, size, kind, number = found.groups()
            down = half == "enc"
            stages[found[0][:-1]] = [not down, -int(size) if down else int(size), ORDER.index(kind), int(number or 0)]
    if not stages or "map_layer0.weight" not in tensors:
        raise DataError("these tensors are no DDPM++ or NCSN++ network of the EDM form: it has parts like 'enc.32x32_conv.weight'")
    modules = [_module(name, tensors) for name in sorted(stages, key=lambda n: stages[n])]
    noise, embedding = tensors["map_layer0.weight"].shape[1], tensors["map_layer1.weight"].shape[0]
    return {"noise": noise, "embedding": embedding, "fourier": "map_noise.freqs" in tensors, "modules": modules,
            "labels": _inputs(tensors, "map_label.weight"), "augment": _inputs(tensors, "map_augment.weight"),
            "filter": next((v.shape[-1] for k, v in tensors.items() if k.endswith("resample_filter")), 2)}  # fmt: skip


def _inputs(tensors: Mapping[str, Tensor], name: str) -> int:
    return tensors[name].shape[1] if name in tensors else 0


def _module(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Name, kind, channels in and out, and whether there is attention."""
    kind = re.sub(r"\d+$", "", name.split("_", 1)[1])
    weight = next((tensors[k] for k in (f"{name}.conv0.weight", f"{name}.weight") if k in tensors), None)
    channels = [0, 0] if weight is None else [weight.shape[-1 if weight.ndim == 1 else 1], weight.shape[0]]
    if f"{name}.affine.weight" in tensors and tensors[f"{name}.affine.weight"].shape[0] != channels[1]:
        raise DataError(f"{name} scales its features by the noise level: that is an ADM network, which is not known here")
    return {"name": name, "kind": kind, "in": channels[0], "out": channels[1], "attention": f"{name}.qkv.weight" in tensors}


def shrink(x: Tensor, taps: Tensor, padding: int) -> Tensor:
    """Each channel of x (sample, channel, y, x) filtered by taps (1, 1, k, k) and taken at every second pixel."""
    return functional.conv2d(x, taps.to(x.dtype).expand(x.shape[1], -1, -1, -1), stride=2, padding=padding, groups=x.shape[1])


def grow(x: Tensor, taps: Tensor) -> Tensor:
    """Each channel at twice the resolution; the transpose of `shrink`, times four."""
    weight = 4 * taps.to(x.dtype).expand(x.shape[1], -1, -1, -1)
    return functional.conv_transpose2d(x, weight, stride=2, padding=(taps.shape[-1] - 1) // 2, groups=x.shape[1])


def resized(x: Tensor, change: str, taps: Tensor) -> Tensor:
    """x at twice or half the resolution ("up", "down"), or as it is."""
    if change == "up":
        return grow(x, taps)
    return shrink(x, taps, (taps.shape[-1] - 1) // 2) if change else x


class Convolution(nn.Module):
    """A convolution after, or with `late` before, a change of resolution; without weights (kernel 0) the change alone."""

    resample_filter: Tensor

    def __init__(self, channels: tuple[int, int], kernel: int, change: str = "", taps: int = 2, late: bool = False) -> None:
        super().__init__()
        self.change, self.late = change, late
        if kernel:
            self.weight = nn.Parameter(torch.zeros(channels[1], channels[0], kernel, kernel))
            self.bias = nn.Parameter(torch.zeros(channels[1]))
        if change:
            self.register_buffer("resample_filter", torch.zeros(1, 1, taps, taps))

    def forward(self, x: Tensor) -> Tensor:
        """(sample, channel, y, x)."""
        if self.late:  # at full resolution, its margin wide enough for the filter that follows
            margin = self.weight.shape[-1] // 2 + (self.resample_filter.shape[-1] - 1) // 2
            return shrink(functional.conv2d(x, self.weight, padding=margin), self.resample_filter, 0) + self.bias[:, None, None]
        if self.change:
            x = resized(x, self.change, self.resample_filter)
        return functional.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2) if hasattr(self, "weight") else x


def norm(channels: int) -> nn.GroupNorm:
    """Group normalisation with up to 32 groups of four channels or more."""
    return nn.GroupNorm(min(32, channels // 4), channels, eps=1e-6)


class Block(nn.Module):
    """A residual block with the noise level as an addition to its features, then attention if it has any; both sums divided by sqrt(2)."""

    def __init__(self, channels: tuple[int, int], embedding: int, change: str, taps: int, attention: bool) -> None:
        super().__init__()
        self.attention = attention
        self.norm0, self.conv0 = norm(channels[0]), Convolution(channels, 3, change, taps)
        self.affine = nn.Linear(embedding, channels[1])
        self.norm1, self.conv1 = norm(channels[1]), Convolution((channels[1], channels[1]), 3)
        self.skip = Convolution(channels, 1, change, taps) if change or channels[0] != channels[1] else None
        if attention:
            self.norm2 = norm(channels[1])
            self.qkv = Convolution((channels[1], 3 * channels[1]), 1)
            self.proj = Convolution((channels[1], channels[1]), 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(sample, channel, y, x) with the embedding (sample, features)."""
        h = self.conv0(functional.silu(self.norm0(x))) + self.affine(embedding)[:, :, None, None]
        h = self.conv1(functional.silu(self.norm1(h)))
        x = (h + (x if self.skip is None else self.skip(x))) * 0.5**0.5
        if self.attention:
            q, k, v = self.qkv(self.norm2(x)).unflatten(1, (-1, 3)).flatten(3).transpose(1, 3).unbind(2)  # (sample, place, channel)
            x = (x + self.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))) * 0.5**0.5
        return x


class SongUNet(nn.Module):
    """The network that `layout` describes: (sample, channel, y, x) and one number per sample to the same shape, at any size.

    Class labels, where it was trained with any, are all zero, and augmentation is none. Source: Song et al., ICLR 2021 (DDPM++ and
    NCSN++); Karras et al., NeurIPS 2022, appendix F.1 and table 7.
    """

    def __init__(self, layout: Mapping[str, Any]) -> None:
        super().__init__()
        noise, embedding, taps = layout["noise"], layout["embedding"], layout["filter"]
        self.map_noise = nn.Module()
        if layout["fourier"]:
            self.map_noise.register_buffer("freqs", torch.zeros(noise // 2))
        self.map_label = nn.Linear(layout["labels"], noise) if layout["labels"] else None
        self.map_augment = nn.Linear(layout["augment"], noise, bias=False) if layout["augment"] else None
        self.map_layer0, self.map_layer1 = nn.Linear(noise, embedding), nn.Linear(embedding, embedding)
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        self.noise, self.multiple = noise, 2 ** sum(m["kind"] == "down" for m in layout["modules"])
        for m in layout["modules"]:
            half, name = m["name"].split(".")
            getattr(self, half)[name] = _build(m, embedding, taps)
        self.channels = layout["modules"][0]["in"]

    def embed(self, number: Tensor) -> Tensor:
        """Features (sample, embedding) of a number (sample,)."""
        waves = getattr(self.map_noise, "freqs", None)
        exponents = torch.linspace(0, 1, self.noise // 2, device=number.device)
        angle = number[:, None] * (torch.pow(1e-4, exponents) if waves is None else 2 * math.pi * waves).to(number.dtype)
        features = torch.cat([angle.sin(), angle.cos()], dim=1)
        if self.map_label is not None:
            features = features + self.map_label.bias
        out: Tensor = functional.silu(self.map_layer1(functional.silu(self.map_layer0(features))))
        return out

    def forward(self, x: Tensor, number: Tensor) -> Tensor:
        """Output (sample, channel, y, x)."""
        size, embedding = x.shape[2:], self.embed(number)
        h = side = pad(x, self.multiple)
        skips: list[Tensor] = []
        for name, module in self.enc.items():
            if "aux_down" in name:
                side = module(side)
            elif "aux_skip" in name:
                h = skips[-1] = h + module(side)
            elif "aux_residual" in name:
                h = side = skips[-1] = (h + module(side)) * 0.5**0.5
            else:
                h = module(h, embedding) if isinstance(module, Block) else module(h)
                skips.append(h)
        out: Tensor | None = None
        for name, module in self.dec.items():
            if "aux_up" in name:
                out = module(out)
            elif "aux_norm" in name:
                side = functional.silu(module(h))
            elif "aux_conv" in name:
                out = module(side) if out is None else out + module(side)
            else:
                h = module(torch.cat([h, skips.pop()], dim=1) if "block" in name else h, embedding)
        assert out is not None
        return out[..., : size[0], : size[1]]


def _build(m: Mapping[str, Any], embedding: int, taps: int) -> nn.Module:
    channels, kind = (m["in"], m["out"]), m["kind"]
    if kind in {"block", "in", "down", "up"}:
        return Block(channels, embedding, kind if kind in {"down", "up"} else "", taps, m["attention"])
    if kind == "aux_norm":
        return norm(m["out"])
    kernel = {"conv": 3, "aux_conv": 3, "aux_residual": 3, "aux_skip": 1}.get(kind, 0)
    change = {"aux_down": "down", "aux_residual": "down", "aux_up": "up"}.get(kind, "")
    return Convolution(channels, kernel, change, taps, late=kind == "aux_residual")

"""NCSNpp: the NCSN++ network in the form of the score-SDE study, so that weights trained with it can be run.

Modules stand in one list and are called as in those weights; `layout` describes a network by its tensors alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff.errors import DataError

from .song import norm, resized, shrink
from .unet import pad

HALF = math.sqrt(0.5)
KINDS = {"W": "fourier", "NIN_3.W": "attention", "GroupNorm_0.weight": "block", "Conv2d_0.weight": "pyramid", "Conv_0.weight": "combine"}
PLAIN = {1: "norm", 2: "linear", 4: "conv"}
"""Modules that are one layer, by the number of axes of its weight."""


def layout(tensors: Mapping[str, Tensor], *, fir: bool = True, centred: bool = True) -> dict[str, Any]:
    """The network that fits the tensors, as plain data; raises DataError where it is none of this family.

    What the tensors do not tell: `fir`, whether resolutions change through the filter 1 3 3 1 rather than 1 1, and `centred`, whether
    the images were given as they are rather than as 2 x - 1.
    """
    found: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("all_modules."):
            _, number, name = key.split(".", 2)
            found.setdefault(int(number), {})[name] = value
    if sorted(found) != list(range(len(found))) or len(found) < 8:
        raise DataError("these tensors are no NCSN++ network of the score-SDE form: it has parts like 'all_modules.3.weight'")
    modules = [_describe(i, found[i]) for i in range(len(found))]
    if [m["kind"] for m in modules[:4]] != ["fourier", "linear", "linear", "conv"]:
        raise DataError("only networks with Fourier features of a continuous noise level are known here (the VE form of NCSN++)")
    return {"modules": modules, "halves": _halves(modules[4:]), "taps": 4 if fir else 2, "centred": centred}


def _describe(number: int, parts: Mapping[str, Tensor]) -> dict[str, Any]:
    kind = next((k for name, k in KINDS.items() if name in parts), None) or PLAIN.get(parts["weight"].ndim if "weight" in parts else 0)
    if kind is None or (kind == "block" and "NIN_0.W" in parts):
        raise DataError(f"module {number} ({', '.join(sorted(parts))}) is of a variant that is not known here",
                        hint="of NCSN++, residual blocks of the BigGAN kind are")  # fmt: skip
    if kind == "fourier":
        return {"kind": kind, "in": 1, "out": parts["W"].shape[0]}
    if kind in {"attention", "block"}:
        channels = parts["GroupNorm_0.weight"].shape[0]
        out = parts["Conv_0.weight"].shape[0] if kind == "block" else channels
        return {"kind": "change" if kind == "block" and "Conv_2.weight" in parts and out == channels else kind, "in": channels, "out": out}
    weight = parts[{"pyramid": "Conv2d_0.weight", "combine": "Conv_0.weight"}.get(kind, "weight")]
    return {"kind": kind, "in": weight.shape[-1 if weight.ndim == 1 else 1], "out": weight.shape[0]}


def _halves(modules: list[dict[str, Any]]) -> list[int]:
    """How many modules shrink the image, and how many stand in the middle; raises DataError where they do not add up."""
    kinds = [m["kind"] for m in modules]
    changes, blocks = kinds.count("change"), kinds.count("block")
    per_level = kinds[: kinds.index("change")].count("block") if changes else (blocks - 3) // 2
    wanted, seen = (changes // 2 + 1) * per_level, 0
    for first, kind in enumerate(kinds):
        seen += kind == "block"
        if seen == wanted:
            end = first + 1 + (kinds[first + 1] == "attention" and kinds[first + 2 : first + 5] == ["block", "attention", "block"])
            if kinds[end : end + 3] == ["block", "attention", "block"]:
                return [end, 3]
    raise DataError(f"{blocks} blocks and {changes} changes of resolution do not make an NCSN++ network")


class PerPixel(nn.Module):
    """A linear layer over channels."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.W: Tensor = nn.Parameter(torch.zeros(n, n))
        self.b: Tensor = nn.Parameter(torch.zeros(n))

    def forward(self, x: Tensor) -> Tensor:
        """(sample, place, channel)."""
        return functional.linear(x, self.W.T, self.b)


class Attention(nn.Module):
    """Self-attention over all places; the sum is divided by sqrt(2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.GroupNorm_0 = norm(channels)
        self.NIN_0, self.NIN_1, self.NIN_2, self.NIN_3 = (PerPixel(channels) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """(sample, channel, y, x)."""
        h = self.GroupNorm_0(x).flatten(2).transpose(1, 2)
        mixed: Tensor = self.NIN_3(functional.scaled_dot_product_attention(self.NIN_0(h), self.NIN_1(h), self.NIN_2(h)))
        return (x + mixed.transpose(1, 2).reshape(x.shape)) * HALF


class Residual(nn.Module):
    """A residual block that may change the resolution between its first norm and its first convolution; the sum is divided by sqrt(2)."""

    def __init__(self, channels: tuple[int, int], embedding: int, change: str, taps: Tensor) -> None:
        super().__init__()
        self.change, self.taps = change, taps
        self.GroupNorm_0, self.Conv_0 = norm(channels[0]), nn.Conv2d(*channels, 3, padding=1)
        self.Dense_0 = nn.Linear(embedding, channels[1])
        self.GroupNorm_1, self.Conv_1 = norm(channels[1]), nn.Conv2d(channels[1], channels[1], 3, padding=1)
        self.Conv_2 = nn.Conv2d(*channels, 1) if change or channels[0] != channels[1] else None

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(sample, channel, y, x) with the embedding (sample, features)."""
        h, x = (resized(u, self.change, self.taps.to(x.device)) for u in (functional.silu(self.GroupNorm_0(x)), x))
        h = self.Conv_0(h) + self.Dense_0(functional.silu(embedding))[:, :, None, None]
        h = self.Conv_1(functional.silu(self.GroupNorm_1(h)))
        return torch.add(h, x if self.Conv_2 is None else self.Conv_2(x)) * HALF


class Side(nn.Module):
    """The image itself at half the resolution, brought into the features: "combine" adds or appends it, "pyramid" averages."""

    def __init__(self, kind: str, channels: tuple[int, int], taps: Tensor, appends: bool) -> None:
        super().__init__()
        self.kind, self.taps, self.appends = kind, taps, appends
        if kind == "combine":
            self.Conv_0 = nn.Conv2d(*channels, 1)
        else:
            self.Conv2d_0 = nn.Conv2d(*channels, 3)

    def forward(self, side: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """The image for the next level, and the features."""
        if self.kind == "combine":
            side = resized(side, "down", self.taps.to(side.device))
            return side, torch.cat([self.Conv_0(side), h], dim=1) if self.appends else self.Conv_0(side) + h
        margin = 1 + (self.taps.shape[-1] - 1) // 2
        wide = functional.conv2d(side, self.Conv2d_0.weight, padding=margin)  # filtering and convolution commute
        shrunk = shrink(wide, self.taps.to(side.device), 0) + self.Conv2d_0.bias[:, None, None]  # type: ignore[index]
        h = (shrunk + h) * HALF
        return h, h


class NCSNpp(nn.Module):
    """The network that `layout` describes: (sample, channel, y, x) and ln sigma per sample to sigma times the score, at any size.

    Source: Song et al., Score-based generative modeling through stochastic differential equations, ICLR 2021, appendix H.
    """

    def __init__(self, layout: Mapping[str, Any]) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0] if layout["taps"] == 4 else [1.0, 1.0])
        self.taps = (torch.outer(line, line) / line.sum() ** 2)[None, None]
        self.centred = layout["centred"]
        modules = layout["modules"]
        down, middle = layout["halves"]
        self.channels, self.embedding = modules[3]["in"], modules[2]["out"]
        self.all_modules = nn.ModuleList()
        for i, m in enumerate(modules):
            following = modules[i + 1]["in"] if i + 1 < len(modules) else 0
            self.all_modules.append(self._build(m, "down" if i < 4 + down else "up", following))
        self.ends = (4, 4 + down, 4 + down + middle)
        self.multiple = 2 ** (sum(m["kind"] == "change" for m in modules) // 2)

    def _build(self, m: Mapping[str, Any], change: str, following: int) -> nn.Module:
        channels, kind = (m["in"], m["out"]), m["kind"]
        if kind == "fourier":
            holder = nn.Module()
            holder.W = nn.Parameter(torch.zeros(m["out"]), requires_grad=False)
            return holder
        if kind in {"block", "change"}:
            return Residual(channels, self.embedding, change if kind == "change" else "", self.taps)
        if kind in {"combine", "pyramid"}:
            return Side(kind, channels, self.taps, appends=following == 2 * m["out"])
        made: dict[str, Any] = {"linear": nn.Linear, "attention": lambda n, _: Attention(n), "norm": lambda n, _: norm(n)}
        return made[kind](*channels) if kind in made else nn.Conv2d(*channels, 3, padding=1)

    def embed(self, number: Tensor) -> Tensor:
        """Features (sample, embedding) of ln sigma (sample,)."""
        waves, first, second = itertools.islice(self.all_modules, 3)
        angle = 2 * math.pi * number[:, None] * waves.W  # type: ignore[operator]
        out: Tensor = second(functional.silu(first(torch.cat([angle.sin(), angle.cos()], dim=1))))
        return out

    def forward(self, x: Tensor, number: Tensor) -> Tensor:
        """Output (sample, channel, y, x)."""
        size, embedding = x.shape[2:], self.embed(number)
        side = pad(x if self.centred else 2 * x - 1, self.multiple)
        h = self.all_modules[3](side)
        skips = [h]
        for module in self._part(0):
            if isinstance(module, Residual):
                h = module(h, embedding)
                skips.append(h)
                continue
            if isinstance(module, Side):
                side, h = module(side, h)
            else:
                h = module(h)
            skips[-1] = h
        for module in self._part(1):
            h = module(h, embedding) if isinstance(module, Residual) else module(h)
        out: Tensor | None = None
        for module in self._part(2):
            if isinstance(module, Residual):
                h = module(h if module.change else torch.cat([h, skips.pop()], dim=1), embedding)
            elif isinstance(module, nn.GroupNorm):
                last = functional.silu(module(h))
            elif isinstance(module, nn.Conv2d):
                out = module(last) if out is None else resized(out, "up", self.taps.to(out.device)) + module(last)
            else:
                h = module(h)
        assert out is not None
        return out[..., : size[0], : size[1]]

    def _part(self, number: int) -> Iterable[nn.Module]:
        bounds = (*self.ends, None)
        return itertools.islice(self.all_modules, bounds[number], bounds[number + 1])

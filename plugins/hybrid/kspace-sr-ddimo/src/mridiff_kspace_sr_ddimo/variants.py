"""Variants: the method, other methods and held-out heads, as the studies set them side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mridiff import Method
from mridiff.interfaces import Field, Scan

from .ladder import ladder, time
from .prior import ResolutionPrior

NAME = "kspace-sr-ddimo"


def by(name: str, factor: float) -> dict[str, Any]:
    """Another method through the same operator."""
    return {"recipe": name, "operator": {"use": "truncation", "options": {"factor": factor}}}


def method(factor: float, **options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {**by(NAME, factor), "sampler": {"options": options}}


def heads(factor: float, **options: Any) -> dict[str, Any]:
    """Four slices of each held-out head at 96 pixels, their k-space truncated."""
    return {"use": "low-resolution", "options": {"source": "t2", "size": 96, "count": 4, "factor": factor, **options}}


def stopped(scan: Scan, side: float) -> Scan:
    """The scan whose truth is band-limited to a side of k-space."""
    x = scan.truth["x"]
    return replace(scan, truth={"x": Field(ladder().mean(x.data, time(side)), x.axes)})


def misled(method: Method, t: float | None = None, s: float | None = None) -> None:
    """Tell the network of a method other times than that of its image, or of the one that is asked for."""

    def other(_: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        true = given[0].unbind(1)
        return (torch.stack([x if told is None else torch.full_like(x, told) for x, told in zip(true, (t, s), strict=True)], dim=1),)

    prior = method.priors["prior"]
    assert isinstance(prior, ResolutionPrior)
    prior.model.net.embed.register_forward_pre_hook(other)

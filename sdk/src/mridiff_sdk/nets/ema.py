"""EMA: a running average of a model's parameters whose window grows with training."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class EMA:
    """Average of the parameters over roughly the last `share` of all updates, but never more than `longest` updates.

    A fixed decay counts the first, bad updates far too long when training is short (about 1.2 dB in a run of some 1400 updates);
    here decay = 1 - 1 / window with window = 1 + share * updates. Source: Karras et al., 2024 (power-function averages), simplified.
    """

    def __init__(self, model: nn.Module, share: float = 0.1, longest: float = 2000.0) -> None:
        self.share, self.longest = share, longest
        self.updates = 0
        self.average = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the parameters after one update."""
        self.updates += 1
        weight = 1 / min(1 + self.share * self.updates, self.longest)
        for name, p in model.named_parameters():
            self.average[name].lerp_(p.detach(), weight)

    @torch.no_grad()
    def model(self, model: M) -> M:
        """A copy of `model` that holds the average."""
        out = copy.deepcopy(model)
        for name, p in out.named_parameters():
            p.copy_(self.average[name])
        return out.eval().requires_grad_(False)

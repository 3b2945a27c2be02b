"""Objective: what a prior or a learned sampler is trained for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Literal

from torch import Tensor, nn

from .streams import Streams


class Objective(nn.Module, ABC):
    """Losses of one training stage; it owns what only training needs (discriminator, frozen teacher, divergence probe).

    `sees` says which half of the scans the trainer passes: "truth" (clean images) or "measured"; nothing else reaches it.
    """

    sees: Literal["truth", "measured"] = "truth"

    @abstractmethod
    def losses(self, model: nn.Module, batch: Any, rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """Named losses, one optimiser per name, in the order in which they are minimised; each is stepped before the next is asked for."""

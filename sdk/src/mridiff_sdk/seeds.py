"""From a seed to random numbers: the global generator is left as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["generator", "seeded_layers"]


def generator(seed: int | torch.Generator) -> torch.Generator:
    """A CPU generator for an integer seed (0 is a seed like any other); a generator passes through and is drawn from."""
    return seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)


@contextmanager
def seeded_layers(seed: int) -> Iterator[None]:
    """Layers built inside start from this seed: torch initialises them from the global generator, which is borrowed and put back."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield

"""From a seed to a random generator: nothing here ever touches the global one."""

from __future__ import annotations

import torch


def generator(seed: int | torch.Generator) -> torch.Generator:
    """A CPU generator for an integer seed (0 is a seed like any other); a generator passes through and is drawn from."""
    return seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)

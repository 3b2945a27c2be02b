"""Variants: the method with other options, and the heads that the studies set it to."""

from __future__ import annotations

from typing import Any

from mridiff_sdk.study import Altered

from .measured import displaced

SEVERAL = {"1 cycle": {"cycles": 1}, "2 cycles": {"cycles": 2}, "3 cycles": {"cycles": 3}}
PUBLISHED = {"lines": "band", "temperature": 1.0, "weight": 0.2, "level": 0.3, "last_level": 0.1}
"""Options by which lambda alone is annealed, and nothing but the band held."""


def parts() -> dict[str, Any]:
    """The method with other options, by what they are."""
    changes: dict[str, dict[str, Any]] = {
        "1 cycle, nothing held": {"cycles": 1, "weight": 0.0, "last_weight": 0.0},
        "nothing held": {"weight": 0.0, "last_weight": 0.0},
        "band alone": {"lines": "band"},
        "as published": PUBLISHED,
        "temperature 1": {"temperature": 1.0},
        **SEVERAL,
    }
    return {name: changed(**options) for name, options in changes.items()}


def changed(**options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": "annealed-score-moco", "sampler": {"options": options}}


def heads(count: int, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head that moves: 9 shots of neighbouring lines, moved at 192 and imaged at 96 pixels."""
    options = {"count": count, "shots": 9, "order": "linear", "still": 0.05, "coils": 8, **options}
    return {"use": "moving-heads", "options": options}


def measured() -> Altered:
    """Two heads measured with several coils, whose k-space is as measured but for the phase errors of breathing."""
    return Altered({"use": "held-out-heads", "options": {"source": "measured", "acceleration": 1}}, scan=displaced)

"""Variants: the method, the same network with plain noise, other methods and scans, as the studies set them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "heat-diffusion"
STUDIED: Mapping[str, Any] = {"noise": 1.0, "rule": "ve-reverse", "rate": None, "error": None}
"""The sampler of the study, in as many steps."""


def method(weights: str = "brain", **options: Any) -> dict[str, Any]:
    """The method with weights and options other than its own."""
    return {"recipe": NAME, "priors": {"prior": {"options": {"weights": weights}}}, "sampler": {"options": options}}


def noise(**options: Any) -> dict[str, Any]:
    """The network that knows noise alone, from pure noise."""
    return method("brain-noise", **{"begin": "noise", "start": 1.0, **options})


def dpir(steps: int) -> dict[str, Any]:
    """Plug and play with the denoiser that all these networks began as."""
    return {"recipe": "dpir", "priors": {"prior": {"options": {"weights": "brain-small"}}}, "sampler": {"options": {"steps": steps}}}


def parts() -> dict[str, Any]:
    """What is left out, or put back, one thing at a time."""
    return {
        "no data term": method(rate=0.0, error=None), "no step through the network": method(rate=0.0),
        "no second data step": method(error=None), "from noise": method(begin="noise", start=1.0), "no heat": method("brain-noise"),
        "noise: none": method("brain-cold", error=3.0), "the study's noise": method(noise=1.0), "the study's sampler": method(**STUDIED),
        "the study's sampler, 50 steps": method(steps=50, start=0.98, **STUDIED),
        "SPIRiT as data term": {**method(), "operator": {"use": "spirit"}},
    }  # fmt: skip


def heads(R: float, count: int = 4, coils: int = 8, lines: int = 16, **options: Any) -> dict[str, Any]:
    """`count` slices of each held-out head, of 96 pixels, whose maps are estimated from the `lines` of the middle."""
    chosen = {"count": count, "size": 96, "coils": coils, "center_fraction": lines / 96, "noise_std": 0.01, "maps": "espirit"}
    return {"use": "held-out-heads", "options": {**chosen, "acceleration": R, **options}}


def measured(R: float) -> dict[str, Any]:
    """The two heads that were measured with 8 and 16 coils."""
    return {"use": "held-out-heads", "options": {"source": "measured", "center_fraction": 0.125, "acceleration": R, "maps": "espirit"}}

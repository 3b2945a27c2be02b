"""Cases for what the declarations do not say: k-space of an object for the prior, and a short run on a small scan."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from mridiff.spec import Spec
from mridiff_sdk.fourier import fft
from mridiff_sdk.testing import Case, PriorCase, images, short_run

from .prior import KSpaceDenoiser

SMALL = {"dataset": {"options": {"maps": "auto"}}, "sampler": {"options": {"steps": 2, "calls": 1}}}


def cases(spec: Spec) -> Iterable[Case]:
    """One for the prior and one for the recipe; the sampler has the automatic ones."""
    if spec.kind == "prior":
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(KSpaceDenoiser), x0=fft(images(48, 40, 2)))
    if spec.kind == "recipe":
        yield short_run(spec, "alternating-ddpm", SMALL)

"""Cases for what the declarations do not say: weighted k-space, series in time, and a short run on a small scan."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Gaussian, Measured, Prior, Problem, Sampler, Space, Streams
from mridiff.spec import Spec
from mridiff_datasets.cine import Cine
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_sdk.adaptors import Fold
from mridiff_sdk.diffusions import VE
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.sampling_patterns import interleaved
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, short_run

from .prior import GlobalPrior, LocalPrior, weighting
from .sampler import GLDM
from .source import references

FRAMES, NY, NX = 4, 12, 10
TURN = 0.45
"""Of the priors' correction this share may fail to follow a global phase: phases were learned in a short training (measured: 0.39)."""
SMALL = {"samples": 1, "sampler": {"options": {"steps": 2}}, "dataset": {"options": {"frames": 8, "size": 32}}}


def cases(spec: Spec) -> Iterable[Case]:
    """Weighted frames of a subject that no weights were trained on, a small series with priors in closed form, a run of two steps."""
    if spec.kind == "prior":
        build, length = (GlobalPrior, 16) if spec.name == "gldm-global" else (LocalPrior, 4)
        x0 = references(Cine(first=950)[0].measured, length)[::8]
        yield PriorCase(id="two-frames", offers=spec.offers, build=cache(build), x0=x0, turn=TURN)
    elif spec.kind == "sampler":
        problem, prior = small_problem()
        yield SamplerCase(id="small-series", offers=spec.offers, build=partial(_sampler, prior), problem=problem, shortest={"steps": 1})
    elif spec.kind == "recipe":
        yield short_run(spec, "gldm", SMALL)


def small_problem(acceleration: int = 2, std: float = 0.0) -> tuple[Problem, Prior]:
    """A smooth object that moves, interleaved lines, and a Gaussian prior of its frames in weighted k-space, in single precision."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, NY), torch.linspace(-1, 1, NX), indexing="ij")
    frames = [torch.exp(-((y - 0.15 * f + 0.2) ** 2 + x**2) / 0.2) for f in range(FRAMES)]
    truth = torch.stack(frames)[None].to(torch.complex64)
    A = KtCartesianOperator(interleaved((FRAMES, NY, NX), acceleration, 2)[None].float())
    measured = A(truth)
    measured = measured + std * Streams.of(0, "small series").normal_like(measured) * (measured != 0)
    codec = weighting()
    variance = codec.encode(truth).abs().square().mean((0, 1)) + 1e-3
    frame = Space(("ky", "kx"), (NY, NX), kind="k-space")
    prior = GaussianPrior(torch.zeros(NY, NX, dtype=torch.complex64), Covariance.diagonal(frame, variance), VE(0.02, 20.0), codec)
    return Problem.of(A, Measured(measured, Gaussian(std))), Fold(prior, codec.space(A.domain))


def _sampler(prior: Prior, *, steps: int = 4) -> Sampler:
    return GLDM(prior, prior, steps=steps, snr=0.075, window=3)

"""Cases for the restorer and the sampler: what three coils see of a few ellipses, half of its columns measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Space
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_sdk.codecs.fourier import Fourier
from mridiff_sdk.coils.simulate import simulate_maps
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import mask as draw_mask
from mridiff_sdk.testing.automatic.priors import smooth
from mridiff_sdk.testing.cases import Case, PriorCase, SamplerCase

from .prior import AMKRestorer
from .sampler import AMKCold

SIZE = 32


def cases(spec: Spec) -> Iterable[Case]:
    """One for each of the two; the recipe gets its automatic one."""
    maps = simulate_maps(3, (SIZE, SIZE), 0)[None]
    x0 = maps * smooth(Space(("y", "x"), (SIZE, SIZE)), 2)[:, None]
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(AMKRestorer), x0=fft(x0), problem=problem(x0[:1], maps))
    if isinstance(spec, SamplerSpec):
        diffusion = FourierDiffusion(NestedMasks(order="centre_out"), kspace=True)
        oracle = RestorerOracle(fft(x0[:1]), Space(("coil", "ky", "kx"), (3, SIZE, SIZE)), diffusion, error=0.5, codec=Fourier())
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(AMKCold, oracle), problem=problem(x0[:1], maps),
                          shortest={"steps": 1})  # fmt: skip


def problem(x0: torch.Tensor, maps: torch.Tensor) -> Problem:
    """Half of the columns of coil images (1, coil, y, x), without noise."""
    mask = draw_mask("random", x0.shape[-2:], 2, 0.1, 0)[None].float()
    A = CoilFourierOperator(maps, mask)
    return Problem.of(A, Measured(A(x0), Gaussian(1e-4), {"mask": Field(mask, ("ky", "kx"))}))

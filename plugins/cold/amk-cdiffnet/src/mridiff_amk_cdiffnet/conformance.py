"""Cases for the restorer and the sampler: what three coils see of a few ellipses, half of its columns measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from mridiff.interfaces import Space
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_sdk.codecs import Fourier
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, images, undersampled

from .prior import AMKRestorer
from .sampler import AMKCDiffNet

SIZE = 32


def cases(spec: Spec) -> Iterable[Case]:
    """One for each of the two; the recipe gets its automatic one."""
    maps = simulate_maps(3, (SIZE, SIZE), 0)[None]
    x0, mask = maps * images(SIZE, SIZE, 2)[:, None], masks("random", (SIZE, SIZE), 2, 0.1, 1).float()
    problem = undersampled(CoilFourierOperator(maps, mask), x0[:1], mask)
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(AMKRestorer), x0=fft(x0), problem=problem)
    if isinstance(spec, SamplerSpec):
        diffusion = FourierDiffusion(NestedMasks(order="centre_out"), kspace=True)
        oracle = RestorerOracle(fft(x0[:1]), Space(("coil", "ky", "kx"), (3, SIZE, SIZE)), diffusion, error=0.5, codec=Fourier())
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(AMKCDiffNet, oracle), problem=problem,
                          shortest={"steps": 1})  # fmt: skip

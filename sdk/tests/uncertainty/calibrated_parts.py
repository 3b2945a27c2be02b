"""Scans of many subjects whose posterior is known, and a sampler that draws from it but for the size of its spread."""

from dataclasses import replace

import torch
from sdk_parts import SPECS

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Prior, Sampler, Scaling, Scan, Space, Step, Streams
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec, PriorSpec, SamplerSpec, Trait, needs
from mridiff_sdk import fourier
from mridiff_sdk.diffusions import VE

NOISE, SIZE = 0.5, 32


class People(Dataset):
    """White images, two slices of each of `n` subjects, half of k-space with noise; `first` is the number of the first."""

    def __init__(self, n: int = 9, first: int = 0, named: str = "p", truth: bool = True):
        self.n, self.first, self.named, self.truth = n, first, named, truth

    def __len__(self):
        return 2 * self.n

    def __getitem__(self, index):
        name = f"{self.named}{self.first + index // 2}/{index % 2}"
        x = Streams.of(0, name).normal((SIZE, SIZE))
        mask = (torch.arange(SIZE) % 2 == 0).float().expand(1, SIZE, SIZE)
        y = mask * (fourier.fft(x) + NOISE * Streams.of(1, name).normal((SIZE, SIZE)))
        everywhere = Field(torch.ones(1, SIZE, SIZE, dtype=torch.bool), ("y", "x"))
        truth = {"x": Field(x, ("y", "x")), "head": everywhere} if self.truth else {}
        return Scan(name, Measured(y, Gaussian(NOISE), {"mask": Field(mask, ("ky", "kx"))}), truth)


class White(Prior):
    """White images, on their own scale; `offset` is a weight that nothing uses."""

    def __init__(self):
        super().__init__()
        self.space, self.diffusion, self.scaling = Space(("y", "x")), VE(), Scaling("fixed", 1.0)
        self.register_buffer("offset", torch.zeros(1))

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t


class Halved(Sampler):
    """Exact draws, E|x|^2 = 1 before the measurement, but with deviations times `spread`."""

    def __init__(self, prior, *, spread: float = 0.5):
        super().__init__()
        self.prior, self.spread = prior, spread

    def trajectory(self, problem, rng):
        y, white = problem.y, rng.normal((SIZE, SIZE))
        seen = (torch.arange(SIZE) % 2 == 0).float()
        v = 1 / (1 + seen / NOISE**2)
        k = seen * v * y / NOISE**2 + self.spread * v.sqrt() * fourier.fft(white)
        yield Step(0, 1, fourier.ifft(k), 0.0)


MINE = (
    SamplerSpec(name="halved", summary="too little spread", target="calibrated_parts:Halved", priors={"prior": needs(Trait.DENOISER)},
                needs={"operator": needs(Trait.LINEAR)}),
    PriorSpec(name="white", summary="white images", target="calibrated_parts:White", axes=("y", "x"), offers={Trait.DENOISER}),
    DatasetSpec(name="people", summary="subjects", target="calibrated_parts:People",
                offers={Trait.MASK, Trait.GAUSSIAN_NOISE, Trait.REFERENCE}),
)  # fmt: skip
CONFIG = {"dataset": {"use": "people"}, "operator": {"use": "masked"}, "priors": {"prior": {"use": "white"}}, "sampler": {"use": "halved"},
          "samples": 20, "batch": 20}  # fmt: skip


def registry():
    """Everything that these tests reconstruct with; `filled` gives one estimate, said to be a point."""
    filled = next(s for s in SPECS if s.name == "filled")
    return Registry.of([*SPECS, *MINE, replace(filled, name="point", offers=frozenset({Trait.POINT}))])

"""A complete set of tiny components in one module: what the pipeline's tests run."""

from typing import Annotated

import torch
from annotated_types import Ge, Le

from mridiff.errors import DataError
from mridiff.interfaces import (
    Dataset,
    Diffusion,
    Field,
    Gaussian,
    LinearOperator,
    Measured,
    Prior,
    Sampler,
    Scaling,
    Scan,
    Space,
    Step,
    Streams,
)
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec, OperatorSpec, PriorSpec, SamplerSpec, Trait, needs

IMAGE = Space(("y", "x"), (4, 6))


class Mask(LinearOperator):
    """y = M x."""

    def __init__(self, mask, factor=1.0):
        super().__init__()
        self.domain = self.codomain = IMAGE
        self.register_buffer("mask", mask * factor)

    @classmethod
    def for_scan(cls, measured, *, factor: Annotated[float, Ge(0), "a factor"] = 1.0):
        (mask,) = measured.require("mask")
        return cls(mask, factor)

    def forward(self, x):
        return self.mask * x

    def adjoint(self, y):
        return self.mask * y


class VE(Diffusion):
    t_range = (0.0, 10.0)

    def mean(self, x0, t):
        return x0

    def sigma(self, t):
        return torch.as_tensor(t)

    def time(self, ratio):
        return torch.as_tensor(ratio)


class Shrink(Prior):
    """The denoiser of a unit normal prior."""

    def __init__(self, variance: Annotated[float, Ge(0), "variance of x"] = 1.0):
        super().__init__()
        self.space, self.diffusion, self.scaling = Space(("y", "x")), VE(), Scaling("max-adjoint")
        self.variance = variance

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t * self.variance / (self.variance + torch.as_tensor(t) ** 2)


class Walk(Sampler):
    def __init__(self, prior, *, steps: Annotated[int, Ge(1), Le(50), "number of steps"] = 3, fail: bool = False):
        super().__init__()
        self.prior, self.steps, self.fail = prior, steps, fail

    def trajectory(self, problem, rng):
        x = rng.normal(problem.space.shape)
        for i in range(self.steps):
            x0 = self.prior(x, 1.0, {})
            x = x0 + problem.linear.H(problem.y - problem.linear(x0))
            yield Step(i, self.steps, x * float("nan") if self.fail else x, 1.0)


class Few(Dataset):
    """`n` scans; the one at `broken` cannot be read."""

    def __init__(self, n: Annotated[int, Ge(0), "number of scans"] = 3, broken: int = -1):
        self.n, self.broken = n, broken

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index == self.broken:
            raise DataError(f"scan {index} cannot be read", hint="mend it")
        x = Streams.of(0, f"s{index}").normal(IMAGE.shape)
        mask = (torch.arange(6) % 2 == 0).float().expand(1, 4, 6)
        return Scan(f"s{index}", Measured(mask * x, Gaussian(0.1), {"mask": Field(mask, ("y", "x"))}), {"x": Field(x, ("y", "x"))})


SPECS = (
    OperatorSpec(name="mask", summary="a mask", target="toy:Mask", axes=("y", "x"), offers={Trait.LINEAR, Trait.MASKED},
                 needs={"dataset": needs(Trait.MASK)}),
    OperatorSpec(name="real", summary="a real mask", target="toy:Mask", axes=("y", "x"), complex=False, offers={Trait.LINEAR}),
    PriorSpec(name="shrink", summary="a shrinker", target="toy:Shrink", axes=("y", "x"), offers={Trait.DENOISER}),
    PriorSpec(name="volume", summary="a shrinker of volumes", target="toy:Shrink", axes=("z", "y", "x"), offers={Trait.DENOISER}),
    SamplerSpec(name="walk", summary="a walk", target="toy:Walk", priors={"prior": needs({Trait.DENOISER, Trait.GENERATOR})},
                needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)}),
    SamplerSpec(name="cold", summary="a cold walk", target="toy:Walk", priors={"prior": needs(Trait.RESTORER)}, needs={"operator": needs(Trait.MASKED)}),
    DatasetSpec(name="few", summary="a few scans", target="toy:Few", offers={Trait.MASK, Trait.GAUSSIAN_NOISE, Trait.REFERENCE}),
    DatasetSpec(name="counts", summary="counts", target="toy:Few", offers={Trait.POISSON_NOISE}),
)  # fmt: skip
CONFIG = {"dataset": {"use": "few"}, "operator": {"use": "mask"}, "priors": {"prior": {"use": "shrink"}}, "sampler": {"use": "walk"}}


def registry():
    return Registry.of(SPECS)

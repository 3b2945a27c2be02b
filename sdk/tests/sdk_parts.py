"""A tiny set of components that reconstructs: one-coil scans, their operator, a sampler without a prior."""

from dataclasses import replace
from typing import Annotated

import torch
from annotated_types import Ge

from mridiff.errors import DataError
from mridiff.interfaces import Dataset, Field, Gaussian, LinearOperator, Measured, Prior, Sampler, Scaling, Scan, Space, Step, Streams
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec, OperatorSpec, PriorSpec, SamplerSpec, Trait, needs
from mridiff_sdk import fourier
from mridiff_sdk.diffusions import VE
from mridiff_sdk.metrics import EVIDENCE


class Scans(Dataset):
    """`n` one-coil scans; at `coils` the scan has several coils, which the operator does not take."""

    def __init__(self, n: int = 3, coils: int = -1):
        self.n, self.coils = n, coils

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        x = Streams.of(0, f"s{index}").normal((4, 6))
        mask = (torch.arange(6) % 2 == 0).float().expand(1, 4, 6)
        y = mask * fourier.fft(x)
        y = y[:, None].expand(1, 3, 4, 6) if index == self.coils else y
        return Scan(f"s{index}", Measured(y, Gaussian(0.1), {"mask": Field(mask, ("ky", "kx"))}), {"x": Field(x, ("y", "x"))})


class Matrix(LinearOperator):
    """y = A x with a dense A (bin, x), of complex or real x: the adjoint takes the real part then."""

    def __init__(self, A: torch.Tensor, complex_domain: bool = True) -> None:
        super().__init__()
        self.A = A
        self.domain, self.codomain = Space(("x",), (A.shape[1],), complex_domain), Space(("bin",), (A.shape[0],), A.is_complex())

    def forward(self, x):
        return x.to(self.A.dtype) @ self.A.mT

    def adjoint(self, y):
        back = y.to(self.A.dtype) @ self.A.conj()
        return back if self.domain.complex else back.real


class Keep(Prior):
    """Believes whatever it is given."""

    def __init__(self):
        super().__init__()
        self.space, self.diffusion, self.scaling = Space(("y", "x")), VE(), Scaling("max-adjoint")

    def forward(self, x_t, t, conditions=None, rng=None):
        return x_t


class Filled(Sampler):
    """The zero-filled image, `steps` times."""

    def __init__(self, prior, *, steps: Annotated[int, Ge(1)] = 3, broken: str = ""):
        super().__init__()
        self.prior, self.steps, self.broken = prior, steps, broken

    def trajectory(self, problem, rng):
        for i in range(self.steps):
            if self.broken == "data":
                raise DataError("this sampler does not like these data")
            if self.broken == "interrupt":
                raise KeyboardInterrupt
            yield Step(i, self.steps, self.prior(problem.linear.H(problem.y), 1.0, {}), 1.0)


class TooLarge(Filled):
    """Measures in other units than the scan."""

    def trajectory(self, problem, rng):
        for step in super().trajectory(problem, rng):
            yield Step(step.index, step.total, 10 * step.x0)


class Deaf(Filled):
    """Hears neither data nor prior: an empty image."""

    def trajectory(self, problem, rng):
        yield Step(0, 1, 0 * problem.linear.H(problem.y))


class Stubborn(Filled):
    """Asks its prior, and does not listen."""

    def trajectory(self, problem, rng):
        for step in super().trajectory(problem, rng):
            yield Step(step.index, step.total, problem.linear.H(problem.y))


class Careful(Filled):
    """Listens to its prior, and in the end leaves the scan as it was, as where nothing moved."""

    def trajectory(self, problem, rng):
        *steps, last = super().trajectory(problem, rng)
        yield from steps
        yield replace(last, x0=problem.linear.H(problem.y))


class Painter(Deaf):
    """Paints over the image, and says where."""

    def trajectory(self, problem, rng):
        for step in super().trajectory(problem, rng):
            yield replace(step, outputs={"lesion": Field(step.x0.abs() + 1, ("y", "x"), EVIDENCE)})


class Halve(Keep):
    """Believes half of it."""

    def forward(self, x_t, t, conditions=None, rng=None):
        return 0.5 * x_t


class Diverging(Filled):
    """Divides by nothing."""

    def trajectory(self, problem, rng):
        yield Step(0, 1, problem.y / 0)


SPECS = (
    OperatorSpec(name="masked", summary="a masked transform", target="mridiff_sdk.testing.reference:Masked", axes=("y", "x"),
                 offers={Trait.LINEAR, Trait.MASKED}, needs={"dataset": needs(Trait.MASK)}),
    SamplerSpec(name="filled", summary="zeros", target="sdk_parts:Filled", priors={"prior": needs(Trait.DENOISER)}, needs={"operator": needs(Trait.LINEAR)}),
    PriorSpec(name="keep", summary="keeps", target="sdk_parts:Keep", axes=("y", "x"), offers={Trait.DENOISER}),
    DatasetSpec(name="scans", summary="a few scans", target="sdk_parts:Scans", offers={Trait.MASK, Trait.GAUSSIAN_NOISE, Trait.REFERENCE}),
)  # fmt: skip
CONFIG = {"dataset": {"use": "scans"}, "operator": {"use": "masked"}, "priors": {"prior": {"use": "keep"}}, "sampler": {"use": "filled"}}


def registry():
    return Registry.of(SPECS)

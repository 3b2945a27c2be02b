"""Operators that are wrong by little: ten times what each check allows for rounding, so that its bound is proved."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mridiff.interfaces import Measured

from ... import fourier
from ..reference import Masked, Sense
from ..scans import Shape
from .mutant import Mutant
from .operators import COISOMETRIC, MASKED, cases, multi, single

SLIGHT = 2e-4
"""Ten times the bound of single precision."""


class Bent(Masked):
    """Loses some of what is strong."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * (1 - SLIGHT * x.abs()))


class AdjointOff(Masked):
    """An adjoint that is too large by a ten thousandth."""

    def adjoint(self, y: Tensor) -> Tensor:
        return (1 + 1e-4) * super().adjoint(y)


class AdjointTurned(Sense):
    """An adjoint turned by a ten thousandth of a radian."""

    def adjoint(self, y: Tensor) -> Tensor:
        return (1 + 1e-4j) * super().adjoint(y)


class GramOff(Masked):
    """A fast normal operator that is not quite the same."""

    def normal(self, x: Tensor) -> Tensor:
        return (1 + 2 * SLIGHT) * super().normal(x)


class SamplesLeak(Masked):
    """Samples see a little of one another."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + SLIGHT * (x.mean(0, keepdim=True) - x))


class NormOff(Sense):
    """A norm that is too large by a hundredth."""

    def norm(self) -> float:
        return 1.01 * super().norm()


class PartlyDetached(Masked):
    """Cuts the graph at a ten thousandth of what it gives."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return (1 - 1e-4) * y + 1e-4 * y.detach()


class ImageLeaks(Masked):
    """Shows a little of one sample in another."""

    def image(self, x: Tensor) -> Tensor:
        return x + SLIGHT * x.mean(0, keepdim=True)


class ImageElsewhere(Sense):
    """Shows magnitudes, and says that they are complex."""

    def image(self, x: Tensor) -> Tensor:
        return x.abs()


class CoilsLeak(Sense):
    """Turns the image by a little where several coils are batched."""

    def _turn(self) -> complex:
        return 1 + (self.maps.shape[1] > 1) * SLIGHT * 1j

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self._turn() * x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self._turn().conjugate() * super().adjoint(y)


class LoudTransform(Masked):
    """Not quite orthonormal."""

    def forward(self, x: Tensor) -> Tensor:
        return (1 + SLIGHT) * self.mask * fourier.fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return (1 + SLIGHT) * fourier.ifft(self.mask * y)


def _loud_coil(measured: Measured) -> Sense:
    """One coil that is a little louder than one of unit sensitivity; with maps of 1 it is what it should be."""
    maps = measured.acquisition["sensitivity_maps"]
    loud = replace(maps, data=(1 + SLIGHT * (maps.data != 1)) * maps.data)
    return Sense.for_scan(replace(measured, acquisition={**measured.acquisition, "sensitivity_maps": loud}))


ONE_COIL = (Shape(("y", "x"), (4, 6), 1, 1, 0), Shape(("y", "x"), (5, 7), 1, 2, 1))
MUTANTS = (
    Mutant("bent by a little", "operator.linearity", single(Bent)),
    Mutant("adjoint too large by 1e-4", "operator.adjoint", single(AdjointOff)),
    Mutant("adjoint turned by 1e-4", "operator.adjoint", multi(AdjointTurned)),
    Mutant("normal operator not quite the same", "operator.gram", single(GramOff)),
    Mutant("samples see a little of one another", "operator.batch", single(SamplesLeak)),
    Mutant("norm too large by 1 %", "operator.norm", multi(NormOff)),
    Mutant("a ten thousandth of the graph cut", "operator.gradient", single(PartlyDetached)),
    Mutant("a little of one sample shown in another", "operator.image", single(ImageLeaks)),
    Mutant("shown in another space than is stated", "operator.image", multi(ImageElsewhere)),
    Mutant("coils turned by a little where batched", "operator.coils", multi(CoilsLeak)),
    Mutant("not quite orthonormal", "operator.fourier-convention", lambda: cases(LoudTransform.for_scan, MASKED)),
    Mutant("not quite coisometric", "operator.coisometric", lambda: cases(_loud_coil, COISOMETRIC, maps=True, shapes=ONE_COIL)),
)  # fmt: skip

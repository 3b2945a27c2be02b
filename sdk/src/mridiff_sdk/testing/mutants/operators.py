"""Broken operators, each a small change of a sound one."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Gaussian, LinearOperator, Measured, Multiply, Operator
from mridiff.interfaces.scan import Data
from mridiff.spec import Trait

from ... import fourier
from ...operators import Stack
from ..cases import Case, OperatorCase
from ..reference import Masked, RealMasked, Sense, Shifted, ShiftedAt
from ..scans import Shape, cartesian
from .mutant import Mutant, Sound

MASKED = frozenset({Trait.LINEAR, Trait.MASKED})
COISOMETRIC = MASKED | {Trait.COISOMETRIC}
PARAMETRIC = frozenset({Trait.PARAMETRIC, Trait.MASKED})
EVEN, ODD = Shape(("y", "x"), (4, 6), 2, 1, 0), Shape(("y", "x"), (5, 7), 3, 2, 1)
Build = Callable[[Measured], Operator]


def cases(build: Build, offers: frozenset[Trait], maps: bool = False, shapes: Sequence[Shape] = (EVEN, ODD)) -> list[Case]:
    """An operator on scans of these shapes."""
    return [OperatorCase(id=s.id, offers=offers, measured=partial(_scan, s, maps), build=build, samples=s.samples) for s in shapes]


def _scan(shape: Shape, maps: bool, precision: torch.dtype) -> Measured:
    return cartesian(shape, precision, maps)


def single(build: type[Masked]) -> Callable[[], list[Case]]:
    """Cases of a single-coil operator."""
    return lambda: cases(build.for_scan, COISOMETRIC)


def multi(build: type[Sense]) -> Callable[[], list[Case]]:
    """Cases of a multi-coil operator."""
    return lambda: cases(build.for_scan, MASKED, maps=True)


def parametric(build: type[Shifted]) -> Callable[[], list[Case]]:
    """Cases of a parametric operator."""
    return lambda: cases(build.for_scan, PARAMETRIC)


class WrongSpace(Sense):
    """Declares its coils after k-space."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).movedim(1, -1)


class RemembersCalls(Masked):
    """Keeps the strength of its last input and calibrates with it."""

    level = 1.0

    def forward(self, x: Tensor) -> Tensor:
        y, self.level = super().forward(x) * self.level, 1.0 + 0.1 * float(x.abs().max() > 3)
        return y


class OverwritesInput(Masked):
    """Multiplies the measurement by its mask in place."""

    def adjoint(self, y: Tensor) -> Tensor:
        return fourier.ifft(y.mul_(self.mask))


class SinglePrecision(Masked):
    """Transforms in single precision whatever it is given."""

    def forward(self, x: Tensor) -> Tensor:
        return self.mask * fourier.fft(x.to(torch.complex64)).to(x.dtype)


class FirstMaskOnly(Masked):
    """Uses the mask of the first sample for all."""

    def forward(self, x: Tensor) -> Tensor:
        return self.mask[:1] * fourier.fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return fourier.ifft(self.mask[:1] * y)


class RealPartLost(Masked):
    """Takes magnitudes where phases are asked for."""

    def forward(self, x: Tensor) -> Tensor:
        return self.mask * fourier.fft(x.real + 1j * x.imag.abs())


class NoConjugate(Sense):
    """Combines coils without the conjugate of their maps."""

    def adjoint(self, y: Tensor) -> Tensor:
        return (self.maps * fourier.ifft(self.mask[:, None] * y)).sum(1)


class OddPair(Masked):
    """Swaps the two shifts of its inverse transform, which is the same for even sizes only."""

    def adjoint(self, y: Tensor) -> Tensor:
        axes = (-2, -1)
        x: Tensor = torch.fft.ifftshift(torch.fft.ifftn(torch.fft.fftshift(self.mask * y, axes), dim=axes, norm="ortho"), axes)
        return x


class OddBoth(Masked):
    """Swaps the shifts both ways: a unitary pair of its own, off centre for odd sizes."""

    def forward(self, x: Tensor) -> Tensor:
        axes = (-2, -1)
        k: Tensor = torch.fft.ifftshift(torch.fft.fftn(torch.fft.fftshift(x, axes), dim=axes, norm="ortho"), axes)
        return self.mask * k

    def adjoint(self, y: Tensor) -> Tensor:
        axes = (-2, -1)
        x: Tensor = torch.fft.ifftshift(torch.fft.ifftn(torch.fft.fftshift(self.mask * y, axes), dim=axes, norm="ortho"), axes)
        return x


class WrongGram(Masked):
    """A fast normal operator that forgot the mask."""

    def normal(self, x: Tensor) -> Tensor:
        return x


class WrongNorm(Sense):
    """States the largest eigenvalue of the normal operator, not its root."""

    def norm(self) -> float:
        return 1.2 * super().norm() ** 2


class Detached(Masked):
    """Cuts the graph at half of what it gives."""

    def forward(self, x: Tensor) -> Tensor:
        half = 0.5 * super().forward(x)
        return half + half.detach()


class _BackwardOnly(torch.autograd.Function):
    """A linear map of which torch knows the way back alone."""

    @staticmethod
    def forward(x: Tensor, A: Callable[[Tensor], Tensor], H: Callable[[Tensor], Tensor]) -> Tensor:  # noqa: ARG004
        return A(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:  # noqa: ARG004
        ctx.H = inputs[2]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return ctx.H(grads[0]), None, None


class NoForwardMode(Masked):
    """Has a node of autograd of its own, with a way back alone."""

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = _BackwardOnly.apply(x, super().forward, self.adjoint)
        return made


class PlainTensor(Masked):
    """Keeps its mask a second time, outside of the buffers."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask)
        self.weights = [mask.clone()]


class MixedImage(Masked):
    """Shows all samples with the brightness of the brightest of them."""

    def image(self, x: Tensor) -> Tensor:
        return x / x.abs().max()


class ShiftedMask(Sense):
    """Samples one line beside those that it declares."""

    def forward(self, x: Tensor) -> Tensor:
        return self.mask.roll(1, -1)[:, None] * fourier.fft(self.maps * x[:, None])

    def adjoint(self, y: Tensor) -> Tensor:
        return (self.maps.conj() * fourier.ifft(self.mask.roll(1, -1)[:, None] * y)).sum(1)


class OffResonanceLost(Sense):
    """Corrects off-resonance coil by coil, and forgets it where several coils are batched."""

    def _phase(self) -> Tensor:
        n = self.maps.shape[-1]
        angle = torch.linspace(-1, 1, n, dtype=self.maps.real.dtype)
        phase = torch.polar(torch.ones_like(angle), angle)
        return phase if self.maps.shape[1] == 1 else torch.ones_like(phase)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self._phase() * x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self._phase().conj() * super().adjoint(y)


class NotNormalised(Masked):
    """The factor 2 of another convention."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return 2 * super().adjoint(y)


class ComplexAdjoint(RealMasked):
    """Maps real images, and answers complex ones."""

    def adjoint(self, y: Tensor) -> Tensor:
        return fourier.ifft(self.mask * y)


class SharedStart(Shifted):
    """Hands out its own start value, which a sampler then overwrites."""

    def start(self) -> dict[str, Tensor]:
        return {name: n.start for name, n in self.nuisance.items()}


class WrongProjection(Shifted):
    """Halves a value at every projection."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask)
        self.nuisance = {"shift": replace(self.nuisance["shift"], project=lambda s: 0.5 * s)}


class MeanParameter(Shifted):
    """Uses the mean of the samples' shifts for all of them."""

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        return ShiftedAt(self.mask, phi["shift"].mean(0, keepdim=True))


class DeafParameter(Shifted):
    """Autograd does not reach half of the shift."""

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        return ShiftedAt(self.mask, 0.5 * phi["shift"] + 0.5 * phi["shift"].detach())


class Peeks(Masked):
    """Takes its scale from a reference, if it finds one."""

    @classmethod
    def for_scan(cls, measured: Measured) -> Any:
        made = super().for_scan(measured)
        if "reference" in measured.acquisition:
            made.mask = made.mask / float(measured.acquisition["reference"].data.abs().max())
        return made


def _stack(measured: Measured) -> Operator:
    A = Masked.for_scan(measured)
    return Stack([A, Masked(1 - A.mask)])


class OneBlock(Stack):
    """Gives its first block only."""

    def forward(self, x: Tensor) -> Data:  # type: ignore[override]
        return super().forward(x)[:1]


def _one_block(measured: Measured) -> Operator:
    A = Masked.for_scan(measured)
    return OneBlock([A, Masked(1 - A.mask)])


class Small(Stack):
    """Asks besides that the image be small."""

    def complete(self, measured: Measured) -> Measured:
        y = measured.y
        assert isinstance(y, Tensor)
        return replace(measured, y=(y, torch.zeros_like(y)), noise=Blocks((measured.noise, Gaussian(1.0))))


class ChangesData(Small):
    """Scales what was measured where it adds a block."""

    def complete(self, measured: Measured) -> Measured:
        whole = super().complete(measured)
        assert isinstance(whole.y, tuple)
        return replace(whole, y=(1.01 * whole.y[0], whole.y[1]))


def _small(measured: Measured, kind: type[Small] = Small) -> Operator:
    A = Masked.for_scan(measured)
    return kind([A, Multiply(A.domain, 0.1)])


SOUND = (
    Sound("Sense", multi(Sense)),
    Sound("Masked", single(Masked)),
    Sound("RealMasked", lambda: cases(RealMasked.for_scan, MASKED)),
    Sound("Shifted", parametric(Shifted)),
    Sound("a block besides", lambda: cases(_small, frozenset({Trait.LINEAR, Trait.BLOCK}))),
    Sound("two blocks", lambda: cases(_stack, frozenset({Trait.LINEAR, Trait.BLOCK}))),
)
MUTANTS = (
    Mutant("axes in another order than declared", "operator.spaces", multi(WrongSpace)),
    Mutant("complex adjoint of a real domain", "operator.spaces", lambda: cases(ComplexAdjoint.for_scan, MASKED)),
    Mutant("a block is missing", "operator.spaces", lambda: cases(_one_block, frozenset({Trait.LINEAR, Trait.BLOCK}))),
    Mutant("data changed where a block is added", "operator.complete",
           lambda: cases(partial(_small, kind=ChangesData), frozenset({Trait.LINEAR, Trait.BLOCK}))),
    Mutant("remembers its last call", "operator.stateless", single(RemembersCalls), "InverseBench: maps of the last call"),
    Mutant("overwrites the measurement", "operator.input-kept", single(OverwritesInput)),
    Mutant("one measurement claimed to be several", "operator.blocks", lambda: cases(Masked.for_scan, MASKED | {Trait.BLOCK})),
    Mutant("computes in single precision", "operator.double-precision", single(SinglePrecision)),
    Mutant("first sample's mask for all", "operator.batch", single(FirstMaskOnly)),
    Mutant("sign of a part lost", "operator.linearity", single(RealPartLost)),
    Mutant("coils combined without conjugate", "operator.adjoint", multi(NoConjugate)),
    Mutant("transform pair wrong for odd sizes", "operator.adjoint", single(OddPair), "InverseBench: shifts swapped"),
    Mutant("transform off centre for odd sizes", "operator.fourier-convention", single(OddBoth)),
    Mutant("normal operator without mask", "operator.gram", single(WrongGram)),
    Mutant("norm squared", "operator.norm", multi(WrongNorm)),
    Mutant("half of the graph cut", "operator.gradient", single(Detached)),
    Mutant("way back alone", "operator.forward-mode", single(NoForwardMode), "a node of autograd without `jvp`"),
    Mutant("tensor outside of the buffers", "operator.buffers", single(PlainTensor)),
    Mutant("samples share a brightness", "operator.image", single(MixedImage)),
    Mutant("mask shifted by one", "operator.mask", multi(ShiftedMask)),
    Mutant("off-resonance dropped when coils are batched", "operator.coils", multi(OffResonanceLost), "sigpy: `Sense`"),
    Mutant("scale taken from a reference", "operator.blind", single(Peeks)),
    Mutant("not orthonormal", "operator.fourier-convention", lambda: cases(NotNormalised.for_scan, MASKED)),
    Mutant("coisometry claimed by mistake", "operator.coisometric", lambda: cases(Sense.for_scan, COISOMETRIC, maps=True)),
    Mutant("start value shared", "operator.start", parametric(SharedStart)),
    Mutant("projection that is none", "operator.project", parametric(WrongProjection)),
    Mutant("one parameter for all samples", "operator.parameter-samples", parametric(MeanParameter)),
    Mutant("graph of the parameter cut", "operator.parameter-gradient", parametric(DeafParameter)),
)  # fmt: skip

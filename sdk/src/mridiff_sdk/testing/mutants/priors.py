"""Broken priors, each a small change of the exact denoiser of a Gaussian, or of a plain restorer."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Gaussian, Measured, Prior, Problem, Space, Streams, spread
from mridiff.spec import Trait

from ...codecs import Fourier
from ...diffusions.gaussian import VE
from ...oracles import Covariance, GaussianPrior
from ..cases import PriorCase
from ..reference import Whole
from .mutant import Mutant, Sound

SPACE = Space(("y", "x"), (6, 7))
DENOISER = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
Level = float | Tensor
Conditions = Mapping[str, Field] | None


def _spectrum() -> Tensor:
    ky, kx = (torch.fft.fftshift(torch.fft.fftfreq(n)) for n in SPACE.shape)
    power = 1 / (0.02 + ky[:, None] ** 2 + kx**2)
    spectrum: Tensor = power / power.mean()
    return spectrum


class Smooth(GaussianPrior):
    """The exact denoiser of a smooth Gaussian."""

    def __init__(self, diffusion: Diffusion | None = None) -> None:
        mean = torch.zeros(SPACE.shape, dtype=torch.complex64)
        super().__init__(mean, Covariance.stationary(SPACE, _spectrum()), diffusion or VE(0.01, 50.0))


def cases(build: Callable[[], Prior], *extra: Trait, offers: frozenset[Trait] = DENOISER) -> Callable[[], list[PriorCase]]:
    """A prior on two draws of the Gaussian."""

    def make() -> list[PriorCase]:
        x0 = Smooth().draw(Streams.of(1, "x0", 2))
        problem = Problem.of(Whole(SPACE), Measured(x0[:1].clone(), Gaussian(0.1)))
        return [PriorCase(id="6x7", offers=offers | set(extra), build=build, x0=x0, problem=problem, loss=0.02)]

    return make


class Real(Smooth):
    """Loses the imaginary part on the way."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return super().forward(x_t, t).real


class Breaks(Smooth):
    """Divides by zero at the largest level."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        gap = spread((torch.as_tensor(t) < self.diffusion.t_range[1]).double(), x_t)
        return super().forward(x_t, t) / gap


class OwnDice(Smooth):
    """Adds noise of its own, which no seed reaches."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        x = super().forward(x_t, t)
        fresh = torch.Generator()
        fresh.seed()
        return x + 1e-6 * torch.randn(x.shape, generator=fresh, dtype=x.dtype)


class InPlace(Smooth):
    """Removes the mean of x_t in place."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        found = super().forward(x_t, t)
        x_t.detach().mul_(1.0 + 1e-3)
        return found


class BatchNorm(Smooth):
    """Shares statistics among the samples of a batch."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return super().forward(x_t, t) + 0.01 * x_t.mean(0, keepdim=True)


class WrongTime(VE):
    """States a time whose level is twice the one asked for."""

    def time(self, ratio: Level) -> Tensor:
        return super().time(2 * torch.as_tensor(ratio))


class NoConjugate(Smooth):
    """Puts a singular value decomposition together without the conjugate of its right vectors: U S V^T."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        x = super().forward(x_t, t)
        U, S, Vh = torch.linalg.svd(x, full_matrices=False)
        wrong: Tensor = (U * S[:, None]) @ Vh.conj()
        return wrong


class Passive(Smooth):
    """Gives back what it is given."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return x_t


class TwoChannels(Smooth):
    """Denoises the real part well, and the imaginary part hardly: two channels, not complex numbers."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        x = super().forward(x_t, t)
        return torch.complex(x.real, 0.3 * x.imag + 0.7 * x_t.imag)


class Cut(Smooth):
    """Autograd sees half of it."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return 0.5 * super().forward(x_t, t) + 0.5 * super().forward(x_t, t).detach()


class Conditioned(Smooth):
    """Leans a little to the measurement."""

    def conditions(self, problem: Problem) -> dict[str, Field]:
        y = problem.y
        assert isinstance(y, Tensor)
        return {"y": Field(y.clone(), ("y", "x"))}

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        given = 0 if not conditions else conditions["y"].data.to(x_t.dtype)
        return super().forward(x_t, t) + 1e-3 * given


class BareConditions(Smooth):
    """Hands out its conditions without axes."""

    def conditions(self, problem: Problem) -> dict[str, Field]:
        bare: Any = {"y": problem.y}
        made: dict[str, Field] = bare
        return made


class DeafToConditions(Conditioned):
    """Announces conditions and reads none."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return super().forward(x_t, t)


class Drawn(Smooth):
    """Draws about the estimate."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        x = super().forward(x_t, t)
        return x if rng is None else x + 1e-3 * rng.normal_like(x)


class BrokenCodec(Codec):
    """Its way back is not its way there."""

    kind: Literal["identity", "unitary", "linear", "nonlinear"] = "linear"

    def encode(self, x: Tensor, conditions: Conditions = None) -> Tensor:
        return 0.5 * x

    def decode(self, u: Tensor, conditions: Conditions = None) -> Tensor:
        return u


class Phases(BrokenCodec):
    """Compresses magnitudes: invertible, not linear."""

    def encode(self, x: Tensor, conditions: Conditions = None) -> Tensor:
        return x * (1 + x.abs().square()).sqrt()

    def decode(self, u: Tensor, conditions: Conditions = None) -> Tensor:
        return u / (0.5 * (1 + (1 + 4 * u.abs().square()).sqrt())).sqrt()


class Doubling(BrokenCodec):
    """Linear, but not of length 1."""

    def decode(self, u: Tensor, conditions: Conditions = None) -> Tensor:
        return 2 * u


def _with_codec(codec: Codec) -> Callable[[], Prior]:
    def build() -> Prior:
        prior = Smooth()
        prior.codec = codec
        return prior

    return build


class Fade(Diffusion):
    """Cold: x_t = (1 - t) x0."""

    t_range = (0.0, 0.9)

    def mean(self, x0: Tensor, t: Level) -> Tensor:
        return spread(1 - torch.as_tensor(t), x0) * x0

    def sigma(self, t: Level) -> Tensor:
        return torch.zeros_like(torch.as_tensor(t, dtype=torch.float64))


class Unfade(Smooth):
    """x_t / (1 - t)."""

    def __init__(self) -> None:
        super().__init__(Fade())

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return x_t / spread(1 - torch.as_tensor(t), x_t)


class Amplify(Unfade):
    """Restores a tenth too much, also where nothing is lost."""

    def forward(self, x_t: Tensor, t: Level, conditions: Conditions = None, rng: Streams | None = None) -> Tensor:
        return 1.1 * super().forward(x_t, t)


COLD = frozenset({Trait.RESTORER, Trait.UNITARY_CODEC})
SOUND = (
    Sound("Gaussian denoiser", cases(Smooth)),
    Sound("Gaussian denoiser in k-space", cases(_with_codec(Fourier()))),
    Sound("denoiser with conditions", cases(Conditioned, Trait.CONDITIONAL)),
    Sound("denoiser that draws", cases(Drawn, Trait.STOCHASTIC)),
    Sound("generator", cases(Drawn, Trait.STOCHASTIC, offers=frozenset({Trait.GENERATOR}))),
    Sound("restorer", cases(Unfade, offers=COLD)),
)
MUTANTS = (
    Mutant("imaginary part lost", "prior.estimate", cases(Real)),
    Mutant("division by zero at the end of the range", "prior.finite-range", cases(Breaks)),
    Mutant("noise that no seed reaches", "prior.repeatable", cases(OwnDice)),
    Mutant("stream ignored", "prior.streams-used", cases(Smooth, Trait.STOCHASTIC)),
    Mutant("x_t overwritten", "prior.x-t-kept", cases(InPlace)),
    Mutant("samples of a batch mixed", "prior.samples-apart", cases(BatchNorm)),
    Mutant("noise level off by a factor", "prior.levels", cases(lambda: Smooth(WrongTime(0.01, 50.0)))),
    Mutant("SVD re-assembled without conjugate", "prior.clean-end", cases(NoConjugate, offers=DENOISER - {Trait.DIFFERENTIABLE})),
    Mutant("removes no noise", "prior.denoises", cases(Passive)),
    Mutant("generator that hands the noise on", "prior.denoises", cases(Passive, offers=frozenset({Trait.GENERATOR}))),
    Mutant("complex numbers as two independent channels", "prior.phase", cases(TwoChannels)),
    Mutant("half of the graph cut", "prior.differentiable", cases(Cut)),
    Mutant("conditions without axes", "prior.conditions", cases(BareConditions)),
    Mutant("conditions announced and not read", "prior.conditions-read", cases(DeafToConditions, Trait.CONDITIONAL)),
    Mutant("codec that does not lead back", "prior.codec-repeats", cases(_with_codec(BrokenCodec()))),
    Mutant("nonlinear codec claimed linear", "prior.codec-linear", cases(_with_codec(Phases()))),
    Mutant("linear codec claimed unitary", "prior.codec-unitary", cases(_with_codec(Doubling()))),
    Mutant("restorer that changes what is whole", "prior.restores", cases(Amplify, offers=COLD)),
)

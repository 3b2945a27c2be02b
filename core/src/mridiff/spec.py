"""Declarations: what a component is called, where it lives, what it offers and what it needs. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar

from .errors import SpecError

__all__ = ["API", "AXES", "KINDS", "NAME", "TARGET", "Citation", "DatasetSpec", "Family", "Needs", "OperatorSpec", "PriorSpec",
           "RecipeSpec", "SamplerSpec", "Spec", "Trait", "Weights", "needs"]  # fmt: skip

API = 1
"""Version of the four interfaces and of the spec classes; a spec written for another one is not indexed."""

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
AXES = ("sample", "member", "coil", "t", "z", "y", "x", "kz", "ky", "kx", "echo", "contrast", "direction", "sh", "shot",
        "modality", "voxel", "token", "channel", "angle", "bin", "readout")  # fmt: skip
"""The names that an axis may have; `sample` is always first and never written in a space."""


class Trait(StrEnum):
    """What a component can do or is; closed: each member is proved by a conformance check."""

    # operators
    LINEAR = "linear"
    """forward is linear and `adjoint` is its adjoint"""
    PARAMETRIC = "parametric"
    """has a nuisance: `at(phi)` gives a linear operator"""
    MASKED = "masked"
    """has a binary sampling mask on a Cartesian grid, as buffer `mask`"""
    COISOMETRIC = "coisometric"
    """A A^H y = y for every y in its range: `x + A^H(y - A x)` replaces the measured part exactly"""
    BLOCK = "block"
    """several measurements of one unknown: y is a tuple"""
    # priors
    DENOISER = "denoiser"
    """estimates E[x0 | x_t] under Gaussian noise at any level inside its range"""
    RESTORER = "restorer"
    """estimates x0 from a deterministic (cold) degradation"""
    GENERATOR = "generator"
    """draws x0 given x_t in few large steps"""
    STOCHASTIC = "stochastic"
    """uses the random stream it is given"""
    CONDITIONAL = "conditional"
    """reads conditions of the problem"""
    DIFFERENTIABLE = "differentiable"
    """autograd passes through it to x_t"""
    UNITARY_CODEC = "unitary-codec"
    """its codec is the identity or unitary, so white noise stays white"""
    LINEAR_CODEC = "linear-codec"
    """its codec is linear"""
    # samplers
    POSTERIOR = "posterior"
    """its samples follow the posterior, as far as the prior allows"""
    POINT = "point"
    """gives one estimate, no samples"""
    NO_BACKWARD = "no-backward"
    """never differentiates through the prior"""
    KEEPS_DATA = "keeps-data"
    """noise-free measurements are kept exactly"""
    OPERATOR_FREE = "operator-free"
    """runs without a forward operator"""
    # noise, as a dataset states it
    GAUSSIAN_NOISE = "gaussian-noise"
    POISSON_NOISE = "poisson-noise"
    BLOCK_NOISE = "block-noise"
    # what a scan holds
    MASK = "mask"
    MAPS = "sensitivity-maps"
    TRAJECTORY = "trajectory"
    REFERENCE = "reference"
    FEATURES = "features"
    MOTION = "motion"
    NO_MEASUREMENT = "no-measurement"
    """the scan has conditions only (voxel responses, for example); no forward operator applies"""


class Family(StrEnum):
    """Model families of the review."""

    STANDARD = "standard"
    HYBRID = "hybrid"
    LATENT = "latent"
    COLD = "cold"
    CLASSICAL = "classical"


@dataclass(frozen=True, slots=True)
class Needs:
    """A demand on another component: every trait in `all`, and at least one of each group in `any`."""

    all: frozenset[Trait] = frozenset()
    any: tuple[frozenset[Trait], ...] = ()

    def missing(self, offers: frozenset[Trait]) -> tuple[str, ...]:
        """What `offers` lacks, as text; empty when the demand is met."""
        absent = sorted(self.all - offers)
        groups = [" or ".join(sorted(group)) for group in self.any if not group & offers]
        return (*absent, *groups)


def needs(*traits: Trait | Iterable[Trait]) -> Needs:
    """A demand from traits; a set among them means "any of these"."""
    single = frozenset(t for t in traits if isinstance(t, str))
    groups = tuple(frozenset(t) for t in traits if not isinstance(t, str))
    return Needs(frozenset(Trait(t) for t in single), groups)


@dataclass(frozen=True, slots=True)
class Citation:
    """The study a component follows."""

    title: str
    year: int
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """A weights file inside the package, or one that its user fetches from `url`; `sha256` is verified whenever it is loaded."""

    file: str
    sha256: str
    licence: str
    url: str = ""

    def __post_init__(self) -> None:
        if not self.file.endswith(".safetensors") or ".." in self.file or self.file.startswith("/"):
            raise SpecError(f"weights.file: {self.file!r} must be a relative path to a .safetensors file inside the package")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise SpecError(f"weights.sha256: {self.sha256[:72]!r} must be 64 lower-case hexadecimal digits")
        if self.url and not self.url.startswith("https://"):
            raise SpecError(f"weights.url: {self.url!r} must begin with https://")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every component declares: a name, one line of summary, its class as `module:Name`; `studies` is what `mridiff measure` runs."""

    kind: ClassVar[str] = ""

    name: str
    summary: str
    target: str = ""
    offers: frozenset[Trait] = frozenset()
    needs: Mapping[str, Needs] = field(default_factory=dict)
    source: Citation | None = None
    stability: str = "stable"
    api: int = API
    studies: str = ""

    def __post_init__(self) -> None:
        problems: list[str] = []
        if not isinstance(self.name, str) or len(self.name) > 40 or not NAME.fullmatch(self.name):
            problems.append(f"name: {self.name!r} must be lower-case words joined by single hyphens, at most 40 letters, like 'cg-sense'")
        if not isinstance(self.summary, str) or not 0 < len(self.summary) <= 100 or "\n" in self.summary or self.summary.endswith("."):
            problems.append(f"summary: {self.summary!r} must be one line of at most 100 characters without a full stop at the end")
        if self.kind != "recipe" and not (isinstance(self.target, str) and TARGET.fullmatch(self.target)):
            problems.append(f"target: {self.target!r} must read 'package.module:Class'")
        if self.stability not in {"stable", "experimental"}:
            problems.append(f"stability: {self.stability!r} must be 'stable' or 'experimental'")
        if not isinstance(self.api, int):
            problems.append(f"api: {self.api!r} must be an integer")
        problems += [f"offers: {t!r} is not a trait; known: {', '.join(Trait)}" for t in self.offers if not isinstance(t, Trait)]
        problems += [f"needs: {slot!r} must map to needs(...)" for slot, n in self.needs.items() if not isinstance(n, Needs)]
        problems += self._problems()
        if problems:
            raise SpecError(f"{type(self).__name__}({self.name!r}): " + "; ".join(problems))
        object.__setattr__(self, "offers", frozenset(self.offers))
        object.__setattr__(self, "needs", MappingProxyType(dict(self.needs)))

    def _problems(self) -> list[str]:
        axes, functions = getattr(self, "axes", ()), {"training": getattr(self, "training", ""), "studies": self.studies}
        problems = [f"axes: {a!r} is not an axis name; known: {', '.join(AXES)}" for a in axes if a not in AXES]
        bad = {k: f for k, f in functions.items() if f != "" and not (isinstance(f, str) and TARGET.fullmatch(f))}
        return [*problems, *(f"{k}: {f!r} must read 'package.module:function', or be empty" for k, f in bad.items())]

    def as_dict(self) -> dict[str, Any]:
        """The declaration as plain data, for `--json`."""
        demand = {slot: {"all": sorted(n.all), "any": [sorted(g) for g in n.any]} for slot, n in self.needs.items()}
        cited = {"title": self.source.title, "year": self.source.year, "doi": self.source.doi} if self.source else None
        return {"kind": self.kind, "name": self.name, "summary": self.summary, "target": self.target, "offers": sorted(self.offers),
                "needs": demand, "source": cited, "stability": self.stability, "api": self.api}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OperatorSpec(Spec):
    """Declares an operator; `axes` and `complex` describe its domain, `needs["dataset"]` what a scan must hold."""

    kind = "operator"
    axes: tuple[str, ...]
    complex: bool = True


@dataclass(frozen=True, kw_only=True)
class PriorSpec(Spec):
    """Declares a prior; `axes` and `complex` describe the unknown it speaks of, on the operator's side of its codec.

    `training` is the function, as `module:name`, that sets up its training for `mridiff train`.
    """

    kind = "prior"
    axes: tuple[str, ...]
    complex: bool = True
    weights: tuple[Weights, ...] = ()
    training: str = ""


@dataclass(frozen=True, kw_only=True)
class SamplerSpec(Spec):
    """Declares a sampler; `priors` names its constructor's prior arguments, each with a demand; `needs["operator"]` the other.

    `axes` are those that the unknown must have, none for a sampler of any unknown. A sampler with weights of its own may declare a
    `training`, as a prior does.
    """

    kind = "sampler"
    axes: tuple[str, ...] = ()
    priors: Mapping[str, Needs] = field(default_factory=dict)
    weights: tuple[Weights, ...] = ()
    training: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "priors", MappingProxyType(dict(self.priors)))

    def _problems(self) -> list[str]:
        problems = [f"priors: {slot!r} must map to needs(...)" for slot, n in self.priors.items() if not isinstance(n, Needs)]
        return [*problems, *super()._problems()]


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """Declares a dataset; `reads` lists the file suffixes that it opens, empty for one that needs no file."""

    kind = "dataset"
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Spec):
    """Declares a method: its wiring as a YAML file inside the package, and its place in the review."""

    kind = "recipe"
    file: str
    family: Family
    application: str
    domain: str

    def _problems(self) -> list[str]:
        bad = self.file.startswith("/") or ".." in self.file.split("/") or not self.file.endswith((".yaml", ".yml"))
        problems = [f"file: {self.file!r} must be a relative path to a YAML file inside the package"] if bad else []
        if not isinstance(self.family, Family):
            problems.append(f"family: {self.family!r} must be one of {', '.join(Family)}")
        return [*problems, *super()._problems()]


KINDS: dict[str, type[Spec]] = {s.kind: s for s in (OperatorSpec, PriorSpec, SamplerSpec, DatasetSpec, RecipeSpec)}

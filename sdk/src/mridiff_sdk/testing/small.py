"""Small: objects, problems and runs that the cases of many packages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from torch import Tensor

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Problem, Space
from mridiff.pipeline.method import Method, load_dataset
from mridiff.pipeline.plan import Plan, plan
from mridiff.plugins.registry import Registry
from mridiff.spec import Spec

from .automatic.priors import smooth
from .cases import RecipeCase


def images(ny: int, nx: int, samples: int) -> Tensor:
    """Smooth objects with a phase, complex (sample, y, x), each another."""
    return smooth(Space(("y", "x"), (ny, nx)), samples)


def undersampled(A: LinearOperator, x0: Tensor, mask: Tensor, std: float = 1e-4) -> Problem:
    """x0 (sample, *domain) seen through A without noise, with its mask (sample, ky, kx) known; `std` is the noise level that is stated."""
    return Problem.of(A, Measured(A(x0), Gaussian(std), {"mask": Field(mask, ("ky", "kx"))}))


def short_run(spec: Spec, name: str, changes: Mapping[str, Any]) -> RecipeCase:
    """A method on its own first scan, with changes that make both small."""

    @cache
    def chosen() -> Plan:
        return plan(name, Registry.discover(), changes)

    return RecipeCase(id="short", offers=spec.offers, build=lambda: Method(chosen()), read=lambda: load_dataset(chosen())[0])

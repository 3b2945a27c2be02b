"""The comparison of a class with its interface."""

from __future__ import annotations

from abc import abstractmethod

import pytest

from mridiff.interfaces import Dataset, LinearOperator, Operator, Prior
from mridiff.plugins.contract import differences


class Fits(Prior):
    def forward(self, state, t, conditions=None, rng=None, *, extra=1):
        return state


class Swallows(Prior):
    def forward(self, *arguments, **named):
        return arguments[0]


class NoRandomness(Prior):
    def forward(self, x_t, t, conditions=None):
        return x_t


class RenamedOption(Prior):
    def forward(self, x_t, t, conditions=None, generator=None):
        return x_t


class DemandsMore(Prior):
    def forward(self, x_t, t, conditions=None, rng=None, *, extra):
        return x_t


class NotAMethod(Prior):
    forward = 3


class NoAdjoint(LinearOperator):
    def forward(self, x):
        return x


class NoLength(Dataset):
    def __getitem__(self, position):
        return position


class InTime(Operator):
    """An interface below an interface: what it asks for counts, not what its own base asked for."""

    @abstractmethod
    def forward(self, x, t): ...


class Moving(InTime):
    def forward(self, x, t):
        return x


class Still(InTime):
    def forward(self, x):
        return x


def test_the_nearest_abstract_method_counts():
    assert differences("operator", Moving) == []
    (problem,) = differences("operator", Still)
    assert "cannot be called as forward(self, x, t)" in problem


@pytest.mark.parametrize("found", [Fits, Swallows])
def test_fitting(found):
    assert differences("prior", found) == []


@pytest.mark.parametrize(
    ("kind", "found", "text"),
    [
        ("prior", NoRandomness, "too many positional arguments"),
        ("prior", RenamedOption, "unexpected keyword argument 'rng'"),
        ("prior", DemandsMore, "missing a required argument: 'extra'"),
        ("prior", NotAMethod, "it is int, not a method"),
        ("operator", NoAdjoint, "it lacks adjoint(self, y)"),
        ("operator", Operator, "it lacks forward(self, x)"),
        ("dataset", NoLength, "it lacks __len__(self)"),
        ("dataset", Fits, "does not derive from mridiff.interfaces.dataset.Dataset"),
    ],
)
def test_difference(kind, found, text):
    (problem,) = differences(kind, found)
    assert text in problem.replace("missing a required keyword-only argument", "missing a required argument")

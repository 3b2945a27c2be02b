"""Gaussian images whose posterior is known exactly, measured by the operators that users take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from mridiff.interfaces import Problem
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.testing import ClosedForm, Operators, closed_form, measured

OPERATORS = Operators(FourierOperator, SenseOperator)


@pytest.fixture(scope="session")
def case() -> Callable[..., ClosedForm]:
    return partial(closed_form, operators=OPERATORS)


@pytest.fixture(scope="session")
def measure() -> Callable[..., Problem]:
    return partial(measured, operators=OPERATORS)

"""The scale of a problem: a table worked out by hand, and results that follow the units of y from 1e-25 to 1e25."""

from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, LinearOperator, Measured, Nuisance, Operator, ParametricOperator, Scaling, Space
from mridiff.pipeline.method import load
from mridiff.pipeline.scale import measured_scale
from toy import CONFIG, Few, registry

LINE = Space(("x",), (200,))


class Weight(LinearOperator):
    def __init__(self, weight=1.0):
        super().__init__()
        self.domain = self.codomain = LINE
        self.weight = weight

    def forward(self, x):
        return self.weight * x

    def adjoint(self, y):
        return self.weight * y


class Looked(Weight):
    """One whose first look undoes the weight."""

    def rough(self, y):
        return y / self.weight


class Gain(ParametricOperator):
    """An unknown gain, of which a search begins at 3."""

    def __init__(self):
        super().__init__()
        self.domain = self.codomain = LINE
        self.nuisance = {"gain": Nuisance(Space(("channel",), (1,), complex=False), torch.full((1, 1), 3.0), "", 1.0, lambda v: v)}

    def at(self, phi):
        return Weight(float(phi["gain"]))


class Square(Operator):
    domain = codomain = LINE

    def forward(self, x):
        return x**2


def _measured(y):
    return Measured(y, Gaussian())


RAMP = torch.arange(1, 201).to(torch.complex64)[None] * 1j  # |y| = 1 ... 200: the 99th percentile is 198, the maximum 200


@pytest.mark.parametrize(("statistic", "value", "A", "c"), [
    ("p99-adjoint", 1.0, Weight(), 198.0), ("p99-adjoint", 2.0, Weight(), 99.0), ("p99-adjoint", 0.5, Weight(-2.0), 792.0),
    ("max-adjoint", 1.0, Weight(), 200.0), ("max-adjoint", 4.0, Weight(3.0), 150.0),
    ("p99-adjoint", 1.0, Gain(), 594.0), ("max-adjoint", 2.0, Gain(), 300.0),
    ("p99-adjoint", 1.0, Looked(3.0), 66.0), ("max-adjoint", 1.0, Looked(0.5), 400.0),
    ("fixed", 1.0, Weight(), 1.0), ("fixed", 4.0, Weight(7.0), 0.25), ("fixed", 4.0, Square(), 0.25), ("fixed", 0.5, None, 2.0),
    ("p99-adjoint", 4.0, None, 0.25),
])  # fmt: skip
def test_the_scale_by_hand(statistic, value, A, c):
    assert measured_scale(Scaling(statistic, value), A, _measured(RAMP)) == c


def test_what_was_not_measured_has_no_statistic():
    assert measured_scale(Scaling("p99-adjoint", 4.0), Weight(), _measured(None)) == 0.25


@pytest.mark.parametrize("statistic", ["p99-adjoint", "max-adjoint"])
def test_a_measurement_of_nothing_has_no_scale_and_a_curved_operator_none_of_these(statistic):
    with pytest.raises(DataError, match="zero"):
        measured_scale(Scaling(statistic), Weight(), _measured(torch.zeros_like(RAMP)))
    with pytest.raises(DataError, match="needs a linear operator; Square is none"):
        measured_scale(Scaling(statistic), Square(), _measured(RAMP))


@pytest.mark.parametrize("exponent", [-83, -60, -30, 0, 30, 60, 83])  # 1e-25 to 1e25; powers of two keep every digit
@pytest.mark.parametrize("scale", ["max-adjoint", "p99-adjoint"])
def test_a_result_follows_the_units_of_y_bit_by_bit(exponent, scale):
    unit = 2.0**exponent
    method = load(CONFIG, registry(), samples=3)
    method._scaling = Scaling(scale)
    scan = Few()[0]
    other = replace(scan, measured=replace(scan.measured, y=scan.measured.y * unit, noise=Gaussian(0.1 * unit)),
                    truth={"x": replace(scan.truth["x"], data=scan.truth["x"].data * unit)})  # fmt: skip
    a, b = method(scan), method(other)
    assert b.scale == a.scale * unit
    for mine, theirs in ((a.x, b.x), (a.samples, b.samples), (a.std, b.std), (a.baseline, b.baseline)):
        assert bool(torch.isfinite(theirs).all()) and torch.equal(mine * unit, theirs)
    relative = {k: v for k, v in a.metrics["x"].items() if k not in {"mae", "rmse"}}
    assert {k: b.metrics["x"][k] for k in relative} == relative
    assert b.metrics["x"]["rmse"] == pytest.approx(a.metrics["x"]["rmse"] * unit)

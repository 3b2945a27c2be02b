"""The closed form tells a right sampler from wrong ones, for one coil and several."""

import pytest
import torch

from mridiff.interfaces import Sampler, Step
from mridiff_sdk.testing.closed_form import Operators, closed_form, measured
from mridiff_sdk.testing.reference import Masked, Sense
from mridiff_sdk.testing.small import images, undersampled


class Changed(Sampler):
    """Draws from the exact posterior, changed by a factor about its mean, or shifted."""

    def __init__(self, case, factor=1.0, shift=0.0):
        super().__init__()
        self.case, self.factor, self.shift = case, factor, shift

    def trajectory(self, problem, rng):
        values, vectors = torch.linalg.eigh(self.case.covariance)
        n = rng.normal((len(values),), vectors.dtype)
        off = ((n * values.clamp_min(0).sqrt()) @ vectors.mT).reshape(-1, *problem.space.shape)
        yield Step(0, 1, self.case.mean + self.factor * off + self.shift, 0.0)


@pytest.mark.parametrize("kind", ["white", "smooth"])
@pytest.mark.parametrize("coils", [1, 3])
def test_exact_draws_have_the_mean_and_the_spread_and_changed_ones_have_not(kind, coils):
    case = closed_form(kind, coils)
    mean, spread = case.deviation(Changed(case), 1500)
    assert mean < 0.03 and spread == pytest.approx(1, abs=0.05)
    assert case.deviation(Changed(case, factor=1.1), 1500)[1] > 1.15
    assert case.deviation(Changed(case, shift=0.1), 1500)[0] > 0.05


def test_data_speak_in_it():
    """The posterior mean is not the prior's: a sampler that ignores the data fails."""
    case = closed_form("smooth", 3)
    assert float((case.mean - case.prior.mean).norm() / case.mean.norm()) > 0.3


def test_it_is_measured_by_the_operators_that_are_given():
    def counted(kind):
        def make(*given):
            made.append(kind)
            return kind(*given)

        return make

    made = []
    operators = Operators(counted(Masked), counted(Sense))
    x = torch.ones(1, 6, 5)
    one, three = (measured(coils, (6, 5), 0.1, x, operators=operators) for coils in (1, 3))
    assert made == [Masked, Masked, Sense] and isinstance(one.operator, Masked) and isinstance(three.operator, Sense)
    assert not one.y[..., 1].any() and one.y[..., 0].any()


def test_an_undersampled_object_is_its_measurement_without_noise():
    x, mask = images(8, 6, 2), torch.zeros(2, 8, 6)
    mask[..., ::2] = 1
    problem = undersampled(Masked(mask), x, mask, std=0.01)
    assert torch.equal(problem.y, Masked(mask)(x)) and problem.noise.std == 0.01
    assert torch.equal(problem.acquisition["mask"].data, mask) and x.shape == (2, 8, 6) and not torch.equal(x[0], x[1])

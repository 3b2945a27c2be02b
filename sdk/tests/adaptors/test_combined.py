import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Prior, Problem, Space
from mridiff_sdk.adaptors import Combined
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE


class Twice(Prior):
    """Doubles an image and says how many it was shown."""

    space, diffusion = Space(("y", "x")), VE()

    def forward(self, x_t, t, conditions=None, rng=None):
        self.shown = x_t.shape
        return 2 * x_t


def problem(**acquisition):
    return Problem(None, None, Gaussian(), Space(("coil", "y", "x"), (3, 8, 9)), acquisition=acquisition)


def test_coils_see_what_the_prior_makes_of_their_combination():
    S = simulate_maps(3, (8, 9), 0)[None]
    inner = Twice()
    prior = Combined(inner)
    x = torch.randn(2, 8, 9, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    conditions = prior.conditions(problem(sensitivity_maps=Field(S, ("coil", "y", "x"))))
    assert prior.space.axes == ("coil", "y", "x")
    torch.testing.assert_close(prior(S * x[:, None], 0.5, conditions), 2 * S * x[:, None])
    assert inner.shown == (2, 8, 9)
    noise = torch.randn(2, 3, 8, 9, generator=torch.Generator().manual_seed(1), dtype=torch.complex64)
    out = prior(noise, 0.5, conditions)
    torch.testing.assert_close(S * (S.conj() * out).sum(1, keepdim=True), out)  # an image seen by these coils, whatever went in


def test_maps_are_needed():
    with pytest.raises(DataError, match="coil maps"):
        Combined(Twice()).conditions(problem())

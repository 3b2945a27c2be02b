"""The chain in closed form."""

from itertools import pairwise

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_lrdm.chain import ladder, reverse
from mridiff_sdk.diffusions import ddpm, uniform


def test_four_levels_have_the_published_rates():
    left = ladder(4).alpha(torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])) ** 2
    torch.testing.assert_close(left, torch.tensor([1.0, 0.900, 0.635, 0.260, 0.0026], dtype=torch.float64), atol=5e-4, rtol=0)
    torch.testing.assert_close(1 - left[1:] / left[:-1], torch.tensor([0.1, 0.2944, 0.5911, 0.99], dtype=torch.float64), atol=2e-4, rtol=0)


@pytest.mark.parametrize(("levels", "steps"), [(4, 1), (4, 2), (4, 4), (8, 8)])
def test_an_oracle_is_reached_exactly_from_any_noise(levels, steps):
    z = Streams.of(1).normal((6,), torch.float64)
    for seed in range(3):
        start = 5 * Streams.of(seed, "start").normal((6,), torch.float64)
        diffusion = ladder(levels)
        assert torch.equal(reverse(lambda *_: z, diffusion, start, uniform(diffusion, steps).tolist(), Streams.of(0)), z)


def test_each_step_is_the_mean_of_the_posterior():
    """q(z_s | z_t, z_0) of Ho et al.: sqrt(a_s) beta / (1 - a_t) z_0 + sqrt(1 - beta) (1 - a_s) / (1 - a_t) z_t, a the power left."""
    diffusion = ladder(4)
    z_0, z_t = (Streams.of(i).normal((5,), torch.float64) for i in range(2))
    for t, s in pairwise(uniform(diffusion, 4).tolist()):
        a_t, a_s = (float(diffusion.alpha(u)) ** 2 for u in (t, s))
        beta = 1 - a_t / a_s
        want = a_s**0.5 * beta / (1 - a_t) * z_0 + (1 - beta) ** 0.5 * (1 - a_s) / (1 - a_t) * z_t
        torch.testing.assert_close(reverse(lambda *_: z_0, diffusion, z_t, [t, s], Streams.of(0)), want)
    r, tau = ddpm(diffusion, 0.25, 0.0)
    assert float(r) == float(tau) == 0  # the last step keeps nothing of z_t


def test_nothing_is_drawn_on_the_way():
    diffusion, z = ladder(4), Streams.of(0).normal((5,), torch.float64)
    a, b = (reverse(lambda z, t: 0.5 * z, diffusion, z, [1.0, 0.75, 0.5], Streams.of(seed)) for seed in range(2))
    assert torch.equal(a, b)

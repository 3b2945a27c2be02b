import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_simplex_anomaly.net import LEVELS, EpsilonNet
from mridiff_simplex_anomaly.noise import UnitSimplex
from mridiff_simplex_anomaly.prior import SimplexDDPM


def test_a_file_says_which_noise_and_how_much_of_it_a_network_has_seen(net, tmp_path):
    for noise, source in (("simplex", UnitSimplex), ("white", None)):
        net(noise, 0.3).save(tmp_path / "net.safetensors")
        prior = SimplexDDPM(str(tmp_path / "net.safetensors"))
        assert prior.diffusion.t_range == (1 / LEVELS, 0.3)
        assert isinstance(prior.diffusion.source, UnitSimplex) == (source is not None)
    with pytest.raises(DataError, match="simplex-ddpm"):
        SimplexDDPM("nothing")


def test_the_estimate_takes_the_noise_that_the_network_finds(net):
    prior, x, t = SimplexDDPM.of(net()), torch.rand(2, 24, 20) * 2, 0.25
    x_t = prior.diffusion.degrade(x, t, Streams.of(0, "x", 2))
    alpha, sigma = float(prior.diffusion.alpha(t)), float(prior.diffusion.sigma(t))
    eps = prior.network((x_t - alpha)[:, None], torch.full((2,), 249))[:, 0]
    torch.testing.assert_close(prior(x_t, t), 1 + (x_t - alpha - sigma * eps) / alpha, atol=1e-5, rtol=1e-5)


def test_a_new_network_shrinks_what_it_sees_and_knows_nothing_else():
    prior = SimplexDDPM.of(EpsilonNet({"widths": [8], "blocks": [1], "features": 8}, "simplex", 0.5))
    x_t, t = torch.rand(1, 16, 16), 0.25
    alpha = float(prior.diffusion.alpha(t))
    torch.testing.assert_close(prior(x_t, t) - 1, alpha * (x_t - alpha), atol=1e-5, rtol=1e-4)

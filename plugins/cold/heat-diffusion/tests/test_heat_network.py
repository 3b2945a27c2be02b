"""The network, what it is trained for, and what its weights are worth."""

from dataclasses import replace
from math import log

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Streams
from mridiff_heat_diffusion import prior as module
from mridiff_heat_diffusion.ladder import ladder
from mridiff_heat_diffusion.net import HeatNet
from mridiff_heat_diffusion.objective import HeatObjective
from mridiff_heat_diffusion.prior import HeatRestorer
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.nets import Preconditioned
from mridiff_sdk.seeds import seeded_layers

SMALL = {"widths": [8, 8], "blocks": [1, 1], "features": 8}


def small(**options):
    with seeded_layers(0):
        made = HeatNet(SMALL, 0.4, **options)
    with seeded_layers(1), torch.no_grad():
        for p in made.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return made.eval().requires_grad_(False)


def image(samples, *size, dtype=torch.complex64):
    return Streams.of(0, "image", samples).normal(size, dtype)


def test_with_noise_that_grows_it_is_a_denoiser_at_sigma(tmp_path):
    """Both networks of one comparison begin as the same function."""
    net, x = small(), image(2, 33, 45)
    denoiser = Preconditioned({**SMALL, "unshuffle": 2}, 0.4, (0.01, 2.0))
    denoiser.net.load_state_dict(net.net.state_dict())
    t = torch.tensor([0.3, 0.8])
    torch.testing.assert_close(net(x, t), denoiser(x, net.diffusion.sigma(t)))
    denoiser.save(tmp_path / "denoiser.safetensors")
    taken = small(blur=None)
    taken.start_from(tmp_path / "denoiser.safetensors")
    torch.testing.assert_close(taken(x, 0.5), denoiser(x, float(net.diffusion.sigma(0.5))), rtol=1e-2, atol=1e-2)


def test_where_noise_does_not_grow_the_image_passes_and_its_change_does():
    """c_skip and c_in are those of the noise that is there, c_out and the number of the level that stands for the blur."""
    net, x, seen = small(grows=False), image(1, 16, 16), {}
    net.net.register_forward_pre_hook(lambda _, given: seen.update(u=given[0], number=given[1]))
    change = net(x, 0.5) - x * 0.16 / (0.16 + 2e-4)
    torch.testing.assert_close(seen["u"][:, 0], x.real / (0.16 + 2e-4) ** 0.5)
    s = 2**0.5 * 0.1
    assert float(seen["number"]) == pytest.approx(log(s) / 4)
    torch.testing.assert_close(change, s * 0.4 / (s**2 + 0.16) ** 0.5 * torch.complex(*net.net(seen["u"], seen["number"])[0])[None])


def test_at_time_0_nothing_is_missing():
    x = image(1, 16, 16)
    torch.testing.assert_close(small()(x, 0.0), x)


def test_its_file_says_on_which_ladder_it_was_trained(tmp_path):
    for options in ({}, {"blur": None}, {"grows": False}, {"blur": (1.0, 12.0), "noise": (0.02, 0.5)}):
        small(**options).save(tmp_path / "own.safetensors")
        found, expected, x = HeatRestorer(str(tmp_path / "own.safetensors")), ladder(**options), image(1, 16, 16)
        torch.testing.assert_close(found.diffusion.mean(x, 0.4), expected.mean(x, 0.4))
        torch.testing.assert_close(found.diffusion.sigma(0.4), expected.sigma(0.4))
        torch.testing.assert_close(found(x, 0.4), found.model(x, 0.4))


def test_errors_are_weighed_by_what_the_blur_leaves_of_them():
    n = 512
    x0, net, asked = image(n, 12, 12), small(), {}
    net.forward = lambda x_t, t: asked.update(x_t=x_t, t=t) or torch.zeros_like(x_t)
    batch = {"x": x0, "place": torch.arange(n) / n, "stride": torch.full((n,), 1 / n)}
    ((name, loss),) = HeatObjective().losses(net, batch, Streams.of(0, samples=n))
    x_t, t = asked["x_t"], asked["t"]
    assert torch.equal((n * t).ceil().long().sort().values, torch.arange(1, n + 1))  # one time in each of n strata of (0, 1]
    noise = x_t - ladder().mean(x0, t)
    torch.testing.assert_close(
        (noise.abs().square().mean((1, 2)) / ladder().sigma(t) ** 2).mean().float(), torch.tensor(1.0), rtol=0.02, atol=0
    )
    at = (torch.arange(12) - 6) / 6
    G = torch.exp(-((0.5 * 48**t) ** 2)[:, None, None] / 2 * (at[:, None] ** 2 + at**2)).float()
    s2 = 2 * (0.01 * 100**t) ** 2
    weighed = ifft(G * fft(x0)).abs().square().mean((1, 2)) * (s2 + 0.16) / (s2 * 0.16)
    assert name == "heat"
    torch.testing.assert_close(loss, weighed.mean(), check_dtype=False)


def test_weights_are_checked_by_hash(monkeypatch):
    with pytest.raises(DataError, match="no weights"):
        HeatRestorer("knee")
    monkeypatch.setattr(module, "WEIGHTS", {"brain": replace(module.WEIGHTS["brain"], sha256="0" * 64)})
    with pytest.raises(UnsafeInput):
        HeatRestorer()

from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Field, Problem, Streams
from mridiff_kspace_sr_ddimo import prior as module
from mridiff_kspace_sr_ddimo.dataset import LowResolution
from mridiff_kspace_sr_ddimo.ladder import ladder
from mridiff_kspace_sr_ddimo.net import ARRNet
from mridiff_kspace_sr_ddimo.objective import ResolutionObjective
from mridiff_kspace_sr_ddimo.prior import WANTED, ResolutionPrior
from mridiff_kspace_sr_ddimo.sampler import PRDDiff
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.fourier import fft
from mridiff_sdk.metrics import psnr
from mridiff_sdk.nets import Preconditioned
from mridiff_sdk.seeds import seeded_layers

SMALL = {"widths": [8, 8], "blocks": [1, 1], "features": 8}


def small(kind=ARRNet, **options):
    with seeded_layers(0):
        made = kind(**(options or SMALL))
    with seeded_layers(1), torch.no_grad():
        for p in made.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return made.eval().requires_grad_(False)


def image(samples, *size, dtype=torch.complex64):
    return Streams.of(0, "image", samples).normal(size, dtype)


@pytest.mark.parametrize("size", [(1, 32, 32), (2, 33, 45)])
def test_estimates_lie_in_the_box_that_is_wanted_and_see_that_of_their_time_alone(size):
    net, x = small(), image(*size, dtype=torch.complex128)
    found = net(x, 0.5, 0.25)
    assert found.shape == x.shape and found.dtype == x.dtype
    torch.testing.assert_close(ladder().mean(found, 0.25), found)
    torch.testing.assert_close(net(ladder().mean(x, 0.5), 0.5, 0.25), found)
    assert not torch.allclose(ladder().mean(found, 0.5), found)


def test_the_network_hears_both_resolutions():
    net, x = small(), image(1, 32, 32)
    inside = ladder().mean(x, 0.5)
    a, b, c = (ladder().mean(net(inside, t, s), 0.5) for t, s in ((0.5, 0.0), (0.5, 0.25), (0.25, 0.0)))
    assert not torch.allclose(a, b) and not torch.allclose(a, c)
    t, s = torch.tensor([0.5, 0.25]), torch.tensor([0.0, 0.125])
    torch.testing.assert_close(net(torch.cat([x, x]), t, s)[1:], net(x, 0.25, 0.125), rtol=1e-4, atol=1e-5)


def test_an_untrained_network_changes_nothing_and_begins_with_the_middle_of_a_denoiser(tmp_path):
    with seeded_layers(0):
        net = ARRNet(**SMALL)
    x = image(1, 32, 32)
    torch.testing.assert_close(net(x, 0.5), ladder().mean(x, 0.5))
    denoiser = small(Preconditioned, net={**SMALL, "unshuffle": 2}, sigma_data=0.4, sigma_range=(0.01, 1.0))
    denoiser.save(tmp_path / "denoiser.safetensors")
    net.start_from(tmp_path / "denoiser.safetensors")
    torch.testing.assert_close(net.net.head.weight, denoiser.net.head.weight, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(net(x, 0.5), ladder().mean(x, 0.5))  # its answer has another meaning and is not taken
    small().save(tmp_path / "own.safetensors")
    net.start_from(tmp_path / "own.safetensors")
    torch.testing.assert_close(net(x, 0.5), small()(x, 0.5), rtol=1e-2, atol=1e-3)


class Blank(torch.nn.Module):
    """Answers nothing, within the box that is wanted, and remembers what it was asked."""

    def forward(self, x_t, t, s):
        self.asked = (x_t, t, s)
        return torch.zeros_like(x_t)


def test_pairs_are_rungs_of_the_ladder_the_target_above():
    n = 4000
    x0 = image(n, 16, 16)
    batch = {"x": x0, "place": torch.arange(n) / n, "stride": torch.full((n,), 1 / n)}
    net = Blank()
    ((name, loss),) = ResolutionObjective(full=0.5).losses(net, batch, Streams.of(0, samples=n))
    x_t, t, s = net.asked
    i, j = (6 * t).round(), (6 * s).round()
    torch.testing.assert_close(6 * torch.stack([t, s]), torch.stack([i, j]))
    assert (t > s).all() and (s >= 0).all() and torch.bincount(i.int(), minlength=7).tolist()[1:] == pytest.approx([n / 6] * 6, abs=2)
    # half of all are asked for the image itself; of the others one of i rungs, and so 1 in i too
    whole = 0.5 + 0.5 * sum(1 / k for k in range(1, 7)) / 6
    assert float((j == 0).double().mean()) == pytest.approx(whole, abs=0.03)
    noise = x_t - ladder().mean(x0, t)
    torch.testing.assert_close(noise.abs().square().mean((1, 2)).mean(), ladder().sigma(t).square().mean().float(), rtol=0.02, atol=0)
    assert name == "resolution"
    torch.testing.assert_close(loss, ladder().mean(x0, s).abs().square().mean())


def test_an_error_within_the_box_is_as_large_in_kspace():
    """Why the loss has no second part: || M_s F e ||^2 = || e ||^2 for e = A_s e."""
    s = torch.tensor([0.25, 0.5])
    e = ladder().mean(image(2, 24, 24, dtype=torch.complex128), s)
    torch.testing.assert_close(fft(e).abs().square().sum(), e.abs().square().sum())


def test_weights_are_checked_by_hash_and_others_come_from_a_file(tmp_path, monkeypatch):
    small().save(tmp_path / "own.safetensors")
    own, x = ResolutionPrior(str(tmp_path / "own.safetensors")), image(1, 32, 32)
    torch.testing.assert_close(own(x, 0.5, {WANTED: Field(torch.tensor([0.25]), ())}), own.model(x, 0.5, 0.25))
    torch.testing.assert_close(own(x, 0.5), own.model(x, 0.5, 0.0))
    with pytest.raises(DataError, match="no weights"):
        ResolutionPrior("knee")
    monkeypatch.setattr(module, "WEIGHTS", {"brain": replace(module.WEIGHTS["brain"], sha256="0" * 64)})
    with pytest.raises(UnsafeInput):
        ResolutionPrior()


@pytest.mark.parametrize(("size", "factor"), [(96, 2.0), (96, 8 / 3), (96, 4.0), (128, 2.0)])
def test_one_network_is_a_decibel_above_zero_filling_at_every_scale(size, factor):
    """The embedded head, which no weights have seen; 128 pixels neither."""
    scan = LowResolution(size=size, factor=factor)[0]
    A, x = TruncationOperator.for_scan(scan.measured, factor=factor), scan.truth["x"].data
    low = A.H(scan.measured.y)
    problem = Problem.of(A, scan.measured, float(low.abs().quantile(0.99)))
    with torch.no_grad():
        found = PRDDiff(ResolutionPrior(), rings=9)(problem, Streams.of(0)) * problem.scale
    assert psnr(found, x) > psnr(low, x) + 1
    assert (A(found) - scan.measured.y).abs().max() < 1e-5 * scan.measured.y.abs().max()

"""Noise: what moves with it, the floor of counts, streams of blocks."""

import pytest
import torch

from mridiff.interfaces import Blocks, Gaussian, Poisson, Streams


def test_every_tensor_of_a_noise_moves_with_it():
    ones = torch.ones(1, 3)
    moved = Blocks((Gaussian(ones, ones), Poisson(ones))).to("meta")
    gaussian, poisson = moved.parts
    assert gaussian.std.device.type == gaussian.weight.device.type == poisson.background.device.type == "meta"
    assert Gaussian(0.3).to("meta") == Gaussian(0.3)


def test_counts_below_the_floor_have_its_likelihood_and_no_slope():
    noise, y = Poisson(background=0.5, floor=0.1), torch.tensor([[2.0, 2.0, 2.0]])
    Ax = torch.tensor([[-0.45, -0.38, 1.5]])  # means 0.05, 0.12 and 2
    mean = torch.tensor([0.1, 0.12, 2.0])
    torch.testing.assert_close(noise.nll(Ax, y), (mean - 2 * mean.log()).sum()[None])
    torch.testing.assert_close(noise.grad(Ax, y), torch.tensor([[0.0, 1 - 2 / 0.12, 0.0]]), rtol=1e-4, atol=1e-5)


def test_blocks_have_noise_of_their_own():
    a, b = Blocks((Gaussian(1.0), Gaussian(1.0))).draw((torch.zeros(1, 50), torch.zeros(1, 50)), Streams.of(0))
    assert abs(float(torch.corrcoef(torch.cat([a, b]))[0, 1])) < 0.5
    again = Blocks((Gaussian(1.0), Gaussian(1.0))).draw((torch.zeros(1, 50), torch.zeros(1, 50)), Streams.of(0))
    assert torch.equal(a, again[0]) and torch.equal(b, again[1])


def test_noise_of_unknown_level_cannot_be_drawn():
    with pytest.raises(ValueError, match="unknown level"):
        Gaussian().draw(torch.zeros(1, 3), Streams.of(0))

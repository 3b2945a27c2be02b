import torch

from mridiff_sdk.seeds import generator


def draw(seed):
    return torch.rand(3, generator=generator(seed))


def test_zero_is_a_seed_and_a_generator_passes_through():
    assert torch.equal(draw(0), draw(0))
    assert not torch.equal(draw(0), draw(1))
    g = torch.Generator().manual_seed(1)
    assert generator(g) is g


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    draw(5)
    assert torch.equal(torch.random.get_rng_state(), before)

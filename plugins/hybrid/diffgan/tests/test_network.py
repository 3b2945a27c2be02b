import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_diffgan.network import Generator, PlainBlock
from mridiff_sdk.nets import LocalTransformerBlock


def draw(n, *size, seed=0, dtype=torch.complex64):
    return Streams.of(seed, "x", n).normal(size, dtype)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (5, 8)])
def test_any_size_goes_in_and_comes_out(generator, size):
    out = generator()(draw(2, *size), 0.5, draw(2, *size, seed=1), Streams.of(0, "", 2))
    assert out.shape == (2, *size) and out.is_complex() and torch.isfinite(torch.view_as_real(out)).all()


def test_time_condition_and_latent_all_count(generator):
    net, x, c = generator(), draw(1, 16, 16), draw(1, 16, 16, seed=1)
    base = net(x, 0.5, c, Streams.of(0))
    others = (net(x, 0.25, c, Streams.of(0)), net(x, 0.5, c, Streams.of(1)), net(2 * x, 0.5, c, Streams.of(0)))
    assert all((base - other).abs().max() > 1e-4 for other in others)
    assert ((net(x, 0.5, 2 * c, Streams.of(0)) - 2 * c) - (base - c)).abs().max() > 1e-3
    torch.testing.assert_close(net(x, 0.5, c, Streams.of(0)), base)


def test_without_streams_the_latent_is_the_middle_of_its_distribution(generator):
    net, x, c = generator(), draw(1, 16, 16), draw(1, 16, 16, seed=1)
    assert torch.equal(net(x, 0.5, c), net(x, 0.5, c))


def test_before_training_it_answers_the_condition():
    x, c = draw(1, 16, 16), draw(1, 16, 16, seed=1)
    with torch.random.fork_rng():
        assert torch.equal(Generator((8, 16), 8, 4, 4)(x, 0.5, c), c)


def test_samples_do_not_mix_and_double_precision_comes_back(generator):
    net, x, c = generator(), draw(3, 16, 24, dtype=torch.complex128), draw(3, 16, 24, seed=1, dtype=torch.complex128)
    together = net(x, torch.tensor([0.25, 0.5, 1.0]), c, Streams.of(0, "", 3))
    assert together.dtype == torch.complex128
    alone = torch.cat([net(x[i : i + 1], t, c[i : i + 1], Streams.of(0, "", [i])) for i, t in enumerate((0.25, 0.5, 1.0))])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_the_comparison_without_transformer_has_as_many_parameters():
    with torch.random.fork_rng():
        sizes = [sum(p.numel() for p in Generator(transformer=t).parameters()) for t in (True, False)]
        blocks = [sum(p.numel() for p in block.parameters()) for block in (LocalTransformerBlock(96), PlainBlock(96))]
    assert abs(sizes[0] / sizes[1] - 1) < 0.02 and abs(blocks[0] / blocks[1] - 1) < 0.05
    assert sizes[0] < 1.5e6


def test_transformers_stand_below_the_finest_level_and_shift_in_the_decoder(generator):
    net = generator(widths=(8, 16, 16))
    found = {name: m.offset for name, m in net.named_modules() if name.endswith("attention")}
    assert {name.split(".")[1] for name in found} == {"1", "2"}
    assert all((offset > 0) == name.startswith("decoder") for name, offset in found.items())

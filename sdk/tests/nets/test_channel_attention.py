import pytest
import torch
from torch import Tensor

from mridiff_sdk.nets.channel_attention import ChannelAttention, ChannelNorm, GatedFeedForward, ModulatedTransformerBlock
from mridiff_sdk.seeds import seeded_layers


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def block() -> ModulatedTransformerBlock:
    with seeded_layers(0):
        return ModulatedTransformerBlock(8, 2, 5).eval().requires_grad_(False)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (1, 3)])
def test_any_size_goes_in_and_comes_out(size: tuple[int, int]) -> None:
    x = normal(2, 8, *size)
    out = block()(x, normal(2, 5))
    assert out.shape == x.shape and torch.isfinite(out).all()
    torch.testing.assert_close(block()(x[1:], normal(2, 5)[1:]), out[1:])


def test_attention_mixes_channels_by_how_alike_they_are_over_all_pixels() -> None:
    """With q = k = v = x the weights are softmax(cosines) of each head's channels."""
    with seeded_layers(0):
        attention = ChannelAttention(4, 2)
    with torch.no_grad():
        for p in (attention.split.weight, attention.split.bias, attention.local.weight, attention.local.bias, attention.out.bias):
            assert p is not None
            p.zero_()
        attention.split.weight.copy_(torch.eye(4).repeat(3, 1)[..., None, None])
        attention.local.weight[:, :, 1, 1] = 1
        attention.out.weight.copy_(torch.eye(4)[..., None, None])
        attention.temperature.fill_(3.0)
        x = normal(1, 4, 5, 6)
        out = attention(x)
    for head in (slice(0, 2), slice(2, 4)):
        rows = x[0, head].flatten(1)
        cosine = torch.nn.functional.normalize(rows, dim=1) @ torch.nn.functional.normalize(rows, dim=1).T
        torch.testing.assert_close(out[0, head].flatten(1), (3 * cosine).softmax(1) @ rows)


def test_the_vector_scales_and_shifts_what_the_branches_read() -> None:
    made = block()
    x, z = normal(1, 8, 6, 6), normal(1, 5)
    assert not torch.equal(made(x, z), made(x, -z))
    for film in made.films.children():
        film.weight.zero_()  # type: ignore[operator, union-attr]
    assert torch.equal(made(x, z), made(x, -z))


def test_norm_and_gate() -> None:
    x = normal(2, 6, 4, 4)
    torch.testing.assert_close(ChannelNorm(6)(x).square().mean(1), torch.ones(2, 4, 4))
    with seeded_layers(0):
        gate = GatedFeedForward(6)
    with torch.no_grad():
        gate.local.weight[:11].zero_()  # the first half is the gate: closed at 0
        gate.local.bias[:11].zero_()  # type: ignore[index]
        assert gate.out.bias is not None
        torch.testing.assert_close(gate(x), gate.out.bias[None, :, None, None].expand(2, 6, 4, 4))
    assert gate.local.weight.shape[0] == 2 * 11


def test_heads_must_share_the_channels() -> None:
    with pytest.raises(ValueError, match="8 channels"):
        ChannelAttention(8, 3)

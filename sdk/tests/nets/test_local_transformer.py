import pytest
import torch
from torch import Tensor

from mridiff_sdk.nets.local_transformer import LocalTransformerBlock, WindowAttention
from mridiff_sdk.seeds import seeded_layers


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def block(**options: object) -> LocalTransformerBlock:
    with seeded_layers(0):
        return LocalTransformerBlock(8, **{"window": 4, **options}).eval().requires_grad_(False)  # type: ignore[arg-type]


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("size", [(8, 8), (9, 13), (4, 4), (1, 3), (7, 20)])
def test_any_size_goes_in_and_comes_out(size: tuple[int, int], shifted: bool) -> None:
    out = block(shifted=shifted)(normal(2, 8, *size))
    assert out.shape == (2, 8, *size) and torch.isfinite(out).all()


@pytest.mark.parametrize(("shifted", "rows"), [(False, [(0, 4), (4, 7)]), (True, [(0, 2), (2, 6), (6, 7)])])
def test_without_queries_attention_is_the_mean_of_the_window_inside_the_image(shifted: bool, rows: list[tuple[int, int]]) -> None:
    """Pixels beyond the border take no part, and the windows begin where they should."""
    with seeded_layers(0):
        attention = WindowAttention(2, 1, 4, shifted)
    with torch.no_grad():
        for p in attention.parameters():
            p.zero_()
        attention.split.weight[4:] = torch.eye(2)
        attention.out.weight.copy_(torch.eye(2))
        x = normal(2, 7, 3, 2)
        out = attention(x)
    columns = [(0, 3)] if not shifted else [(0, 2), (2, 3)]
    for a, b in rows:
        for c, d in columns:
            torch.testing.assert_close(out[:, a:b, c:d], x[:, a:b, c:d].mean((1, 2), keepdim=True).expand(2, b - a, d - c, 2))


def test_attention_reaches_as_far_as_the_window_and_convolution_beyond_it() -> None:
    net, x = block(), normal(1, 8, 24, 24)
    changed = x.clone()
    changed[:, 0, 8, 8] += 5
    touched = (net(changed) - net(x)).abs().sum((0, 1)) > 1e-6
    assert touched[8:12, 8:12].all()
    assert touched[7, 8]
    assert not touched[:6].any() and not touched[14:].any() and not touched[:, 14:].any()


def test_the_place_in_the_window_matters_through_the_bias_alone() -> None:
    with seeded_layers(0):
        attention = WindowAttention(4, 2, 4)
    attention.local.weight.data.zero_()
    x = normal(1, 4, 4, 4)
    mirrored = x.flip(1)
    torch.testing.assert_close(attention(mirrored), attention(x).flip(1))
    attention.bias.data = normal(2, 49)
    assert not torch.allclose(attention(mirrored), attention(x).flip(1), atol=1e-3)


def test_samples_do_not_mix_and_double_precision_works() -> None:
    net, x = block(shifted=True).double(), normal(3, 8, 9, 10).double()
    out = net(x)
    assert out.dtype == torch.float64
    torch.testing.assert_close(out, torch.cat([net(x[i : i + 1]) for i in range(3)]))


def test_heads_share_the_width() -> None:
    with pytest.raises(ValueError, match="evenly"):
        WindowAttention(10, 3)

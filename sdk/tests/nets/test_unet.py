import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.nets.unet import UNet, deepen, pad, shuffle, unshuffle


def small(**options: object) -> UNet:
    """A tiny network whose last layer is not zero, so that something comes out."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = UNet(**{"widths": (4, 8), "blocks": (1, 1), "features": 8, **options})  # type: ignore[arg-type]
        torch.nn.init.normal_(net.tail.weight)
    return net.eval().requires_grad_(False)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (8, 5), (1, 3), (96, 20)])
def test_any_size_goes_in_and_comes_out(size: tuple[int, int]) -> None:
    out = small()(normal(2, 2, *size), torch.zeros(2))
    assert out.shape == (2, 2, *size)
    assert torch.isfinite(out).all()


def test_samples_do_not_mix() -> None:
    net, x, t = small(), normal(3, 2, 16, 16), torch.tensor([-1.0, 0.0, 0.5])
    alone = torch.cat([net(x[i : i + 1], t[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(net(x, t), alone, atol=1e-5, rtol=1e-5)


def test_the_number_matters() -> None:
    net, x = small(), normal(1, 2, 16, 16)
    assert not torch.allclose(net(x, torch.tensor([-1.0])), net(x, torch.tensor([0.5])), atol=1e-3)


def test_condition_channels_are_read_and_needed() -> None:
    net, x, t = small(condition_channels=1), normal(1, 2, 16, 16), torch.zeros(1)
    assert not torch.allclose(net(x, t, normal(1, 1, 16, 16)), net(x, t, torch.zeros(1, 1, 16, 16)), atol=1e-3)
    with pytest.raises(RuntimeError):
        net(x, t)


def test_volumes_with_the_same_code() -> None:
    assert small(dims=3)(normal(1, 2, 6, 9, 8), torch.zeros(1)).shape == (1, 2, 6, 9, 8)


def test_double_precision() -> None:
    assert small().double()(normal(1, 2, 16, 16).double(), torch.zeros(1).double()).dtype == torch.float64


def test_no_normalisation_over_space() -> None:
    """A change in one corner leaves the far corner alone, as it would not if a layer took statistics over the image."""
    net, x = small(), normal(1, 2, 96, 96)
    changed = x.clone()
    changed[..., :4, :4] += 100
    torch.testing.assert_close(net(changed, torch.zeros(1))[..., 80:, 80:], net(x, torch.zeros(1))[..., 80:, 80:])


def test_a_new_network_predicts_nothing() -> None:
    with torch.random.fork_rng():
        assert not UNet(widths=(4, 8), blocks=(1, 1))(normal(1, 2, 8, 8), torch.zeros(1)).any()


@pytest.mark.parametrize("shape", [(2, 3, 8, 12), (1, 2, 4, 6, 8)])
def test_shuffle_undoes_unshuffle(shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    assert unshuffle(x, 2).shape[1] == shape[1] * 2 ** (len(shape) - 2)
    assert torch.equal(shuffle(unshuffle(x, 2), 2), x)


def test_unshuffle_agrees_with_torch() -> None:
    x = normal(2, 3, 8, 12)
    assert torch.equal(unshuffle(x, 2), torch.nn.functional.pixel_unshuffle(x, 2))


def test_pad_reflects_or_fills_with_zeros() -> None:
    x = normal(1, 1, 6, 7)
    assert torch.equal(pad(x, 4)[..., :7][0, 0, 6], x[0, 0, 4])
    assert pad(normal(1, 1, 1, 1), 4).count_nonzero() == 1
    assert pad(x[..., :4, :4], 4) is not None and pad(x[..., :4, :4], 4).shape == (1, 1, 4, 4)


def test_a_deeper_network_starts_where_the_shallower_one_stopped() -> None:
    """It computes the same at first, and every parameter of the new level has a way to matter: its last one moves at the first step."""
    old, new = small(widths=(4, 8, 8), blocks=(1, 1, 1)), small(widths=(4, 8, 8, 6), blocks=(1, 1, 1, 2))
    deepen(new, old.state_dict())
    x, t = normal(2, 2, 32, 32), torch.tensor([-1.0, 0.5])
    assert torch.equal(new(x, t), old(x, t))
    new.requires_grad_(True)(x, t).square().sum().backward()
    assert new.ups[2].weight.grad.abs().sum() > 0 and not new.ups[2].weight.any()
    assert new.down_blocks[3][0].first.weight.any()


def test_weights_that_are_no_shallower_network_are_refused() -> None:
    with pytest.raises(DataError, match=r"down_blocks\.2"):
        deepen(small(), small(widths=(4, 8, 8), blocks=(1, 1, 1)).state_dict())
    with pytest.raises(DataError, match="shape"):
        deepen(small(widths=(6, 8, 8), blocks=(1, 1, 1)), small().state_dict())

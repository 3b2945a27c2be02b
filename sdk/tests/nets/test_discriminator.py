import pytest
import torch
from torch import Tensor

from mridiff_sdk.nets.discriminator import Discriminator
from mridiff_sdk.nets.unet import unshuffle
from mridiff_sdk.seeds import seeded_layers


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def net() -> Discriminator:
    with seeded_layers(0):
        return Discriminator(6, (4, 8, 8), features=8)


T, S = torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.25])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (5, 8)])
def test_one_logit_per_sample(net: Discriminator, size: tuple[int, int]) -> None:
    out = net(normal(2, 6, *size), T, S)
    assert out.shape == (2,) and torch.isfinite(out).all()


def test_both_times_matter(net: Discriminator) -> None:
    x = normal(2, 6, 16, 16)
    assert not torch.allclose(net(x, T, S), net(x, 2 * T, S), atol=1e-5)
    assert not torch.allclose(net(x, T, S), net(x, T, 2 * S), atol=1e-5)


def test_a_batch_of_equal_images_is_told_from_others(net: Discriminator) -> None:
    x = 100 * normal(2, 6, 16, 16)
    alike = x[:1].expand(2, -1, -1, -1)
    assert not torch.allclose(net(x, T, S)[0], net(alike, T, S)[0], atol=1e-4)


def test_the_gradient_with_respect_to_images_can_be_trained(net: Discriminator) -> None:
    x = normal(2, 6, 16, 16).requires_grad_()
    (g,) = torch.autograd.grad(net(x, T, S).sum(), x, create_graph=True)
    g.square().sum().backward()
    moved = [p.grad.abs().max() for p in net.parameters() if p.grad is not None]
    assert torch.isfinite(torch.stack(moved)).all() and max(moved) > 0


def test_learns_to_tell_sharp_from_smooth(net: Discriminator) -> None:
    sharp = normal(8, 6, 16, 16)
    smooth = torch.nn.functional.avg_pool2d(normal(8, 6, 16, 16, seed=2), 5, 1, 2)
    images, label = torch.cat((sharp, smooth)), torch.tensor([1.0] * 8 + [-1.0] * 8)
    t, s = torch.full((16,), 0.5), torch.full((16,), 0.25)
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(20):
        optimiser.zero_grad()
        torch.nn.functional.softplus(-label * net(images, t, s)).mean().backward()
        optimiser.step()
    assert (net(images, t, s).sign() == label).all()


def test_at_first_the_level_of_an_image_does_not_matter_but_its_texture_does() -> None:
    with seeded_layers(0):
        net = Discriminator(6, (6, 8), features=8, images=3)
    flat, texture = torch.ones(1, 6, 16, 16), normal(1, 6, 16, 16)
    inside = net.head(unshuffle(torch.cat((texture, texture + 5 * flat)), 2))[..., 1:-1, 1:-1]
    torch.testing.assert_close(inside[0], inside[1], atol=1e-3, rtol=1e-3)
    assert inside.std() > 1


def test_the_first_convolution_keeps_images_apart() -> None:
    with seeded_layers(0):
        net = Discriminator(6, (6, 8), features=8, images=3)
    x = normal(1, 6, 16, 16)
    other = x.clone()
    other[:, 2:4] += normal(1, 2, 16, 16, seed=3)
    moved = (net.head(unshuffle(other, 2)) - net.head(unshuffle(x, 2))).abs().amax((0, 2, 3)) > 0
    assert moved.tolist() == [False, False, True, True, False, False]

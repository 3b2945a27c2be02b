"""The network of k-space: Wiener's filter before it has learned anything, and what it is told."""

import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_alternating_ddpm.net import WEIGHT, KSpaceNet, mirrored, place
from mridiff_sdk.fourier import fft

NET = {"widths": [4, 8], "blocks": [1, 1], "features": 8}
SIZE = 0.095


@pytest.fixture(params=["image", "kspace"])
def net(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return KSpaceNet(NET, SIZE, (0.005, 20.0), request.param).requires_grad_(False)


@pytest.fixture
def taught(net):
    """A network whose last layer is not nothing."""
    net.net.tail.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(1))
    return net


def kspace(ny=16, nx=12, samples=2):
    return Streams.of(0, "", samples).normal((ny, nx), torch.complex64)


@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_before_training_it_is_wieners_filter(net, sigma):
    k = kspace()
    size = SIZE * (16 * 12) ** 0.5 / WEIGHT.weight(k)
    torch.testing.assert_close(net(k, sigma), k * size**2 / (size**2 + sigma**2))


def test_what_the_network_sees_has_unit_size_where_k_space_has_the_size_that_it_expects(taught):
    """k = s(r) n and noise besides: the first layer gets numbers of variance 1, half in each channel, at any level and radius."""
    seen = []
    taught.net.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    n = kspace(64, 48, 1)
    size = SIZE * (64 * 48) ** 0.5 / WEIGHT.weight(n)
    for sigma in (0.05, 1.0):
        taught((size**2 + sigma**2).sqrt() * n, sigma)
        u = torch.complex(seen[-1][:, 0], seen[-1][:, 1])
        torch.testing.assert_close(u if taught.over == "kspace" else fft(u), n, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (9, 7)])
def test_the_mirror_of_an_image_of_constant_phase_is_itself(size):
    image = Streams.of(1).normal(size, torch.float64) * torch.polar(torch.ones((), dtype=torch.float64), torch.tensor(0.7).double())
    k = fft(image)
    inside = tuple(slice(1 - n % 2, None) for n in size)
    seen = mirrored(k)
    torch.testing.assert_close(seen[0][inside], k[0][inside])
    edge = torch.ones(size, dtype=torch.bool)
    edge[inside] = False
    assert not seen[0][edge].any()


def test_the_mirror_turns_with_the_image():
    k, turn = kspace(), torch.polar(torch.ones(()), torch.tensor(1.1))
    torch.testing.assert_close(mirrored(turn * k), turn * mirrored(k))
    torch.testing.assert_close(mirrored(k)[1:], mirrored(k[1:]))
    assert torch.equal(mirrored(torch.zeros(1, 4, 4, dtype=torch.complex64)), torch.zeros(1, 4, 4, dtype=torch.complex64))


def test_convolutions_over_k_space_are_told_where_they_are(taught):
    where = place(torch.zeros(2, 6, 5, dtype=torch.complex64))
    assert where.shape == (1, 3, 6, 5) and not where[0, :, 3, 2].any() and float(where[0, 0, 0, 2]) == -1
    seen = []
    taught.net.register_forward_pre_hook(lambda _, given: seen.append(given[2]))
    k = kspace(6, 5)
    taught(k, 1.0)
    if taught.over == "image":
        assert seen == [None]
    else:
        torch.testing.assert_close(seen[0][:, 2:], where.expand(2, -1, -1, -1))
        assert seen[0].shape[1] == taught.net.condition_channels == 5


def test_a_file_says_where_the_convolutions_run(taught, tmp_path):
    taught.save(tmp_path / "net.safetensors")
    again = KSpaceNet.load(tmp_path / "net.safetensors")
    k = kspace()
    assert again.over == taught.over
    torch.testing.assert_close(again(k, 0.3), taught(k, 0.3), rtol=1e-2, atol=1e-3)  # kept in half precision


def test_each_sample_has_a_level_of_its_own(taught):
    k = kspace()
    both = taught(k, torch.tensor([0.1, 2.0]))
    torch.testing.assert_close(both[1:], taught(k[1:], 2.0))
    assert (both[:1] - taught(k[:1], 2.0)).abs().max() > 0.01


def test_levels_out_of_range_are_those_at_its_ends(taught):
    k = kspace()
    torch.testing.assert_close(taught(k, 100.0), taught(k, 20.0))


def test_it_learns(net):
    """Twenty updates on one image lower its error well below that of Wiener's filter."""
    net.requires_grad_()
    y, x = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 12), indexing="ij")
    k0 = fft(torch.exp(-3 * (y**2 + x**2))[None] + 0j)
    noise = 0.3 * kspace(samples=4)
    errors = []
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(20):
        error = (net(k0 + noise, 0.3) - k0).abs().square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert errors[-1] < 0.7 * errors[0]

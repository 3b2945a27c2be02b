import math
import sys

import pytest
import torch

from mridiff.errors import MissingPackage
from mridiff.interfaces import Space
from mridiff_sdk.fourier import fft
from mridiff_sdk.nufft import density, nufft, nufft_adjoint
from mridiff_sdk.operators import NonUniformFourier, nonuniform
from mridiff_sdk.sampling_patterns import radial, spiral

pytest.importorskip("finufft")


def places(*size, count=40, dtype=torch.float64):
    u = torch.rand(5, count // 5, len(size), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return ((u - 0.5) * torch.tensor(size)).to(dtype)


def image(*shape, dtype=torch.complex128):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def matrix(k, size):
    """The transform as a dense matrix (sample, pixel), by its definition."""
    total = torch.ones(len(k.reshape(-1, len(size))), 1, dtype=torch.complex128)
    for d, n in enumerate(size):
        wave = torch.exp(-2j * math.pi / n * k.reshape(-1, len(size))[:, d, None] * (torch.arange(n) - n // 2)) / math.sqrt(n)
        total = (total[:, :, None] * wave[:, None]).flatten(1)
    return total


@pytest.mark.parametrize("size", [(9,), (8, 7), (4, 5, 6)])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.complex64, 2e-5), (torch.complex128, 1e-12)])
def test_it_is_the_sum_of_its_definition_in_one_to_three_dimensions(size, dtype, bound):
    k, x = places(*size), image(2, *size)
    y = image(2, *k.shape[:-1])
    exact = x.flatten(1) @ matrix(k, size).mT
    back = y.flatten(1) @ matrix(k, size).conj()
    assert torch.linalg.vector_norm(nufft(x.to(dtype), k).flatten(1) - exact) < bound * torch.linalg.vector_norm(exact)
    found = nufft_adjoint(y.to(dtype), k, size)
    assert found.dtype == dtype
    assert torch.linalg.vector_norm(found.flatten(1) - back) < bound * torch.linalg.vector_norm(back)


@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_on_the_grid_it_is_the_transform_of_the_house(size):
    k = torch.stack(torch.meshgrid(*(torch.arange(n) - n // 2 for n in size), indexing="ij"), -1).double()
    x = image(3, *size)
    torch.testing.assert_close(nufft(x, k), fft(x))


def test_samples_on_the_grid_stand_for_one_cell_and_denser_ones_for_less():
    grid = torch.stack(torch.meshgrid(torch.arange(-4, 4), torch.arange(-4, 4), indexing="ij"), -1).double()
    torch.testing.assert_close(density(grid, (8, 8)), torch.ones(8, 8), rtol=0, atol=1e-3)
    torch.testing.assert_close(density(torch.stack([grid, grid]), (8, 8)), torch.full((2, 8, 8), 0.5), rtol=0, atol=1e-3)


@pytest.mark.parametrize("trajectory", [lambda: radial(64, 64, 32.0), lambda: spiral(8, 256, 32.0)], ids=["radial", "spiral"])
def test_density_of_full_sampling_is_the_area_of_cells_and_grids_an_image(trajectory):
    k, area = trajectory()
    w = density(k, (32, 32))
    inner = (k.norm(dim=-1) > 4) & (k.norm(dim=-1) < 12)
    assert ((w / area)[inner] - 1).abs().mean() < 0.15
    v, u = torch.meshgrid(torch.arange(32) - 16.0, torch.arange(32) - 16.0, indexing="ij")
    x = torch.exp(-(v**2 + (u - 3) ** 2) / 32)[None].to(torch.complex64)
    back = nufft_adjoint(w * nufft(x, k), k, (32, 32))
    assert torch.linalg.vector_norm(back - x) < 0.05 * torch.linalg.vector_norm(x)


def test_numbers_do_not_depend_on_threads():
    k, y = places(48, 48, count=60000).float(), image(3, 5, 12000, dtype=torch.complex64)
    before = torch.get_num_threads()
    try:
        made = []
        for threads in (1, 2, 2, 2):
            torch.set_num_threads(threads)
            x = nufft_adjoint(y, k, (48, 48))
            made.append((x, nufft(x, k)))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for one in made[1:] for a, b in zip(one, made[0], strict=True))


def test_without_finufft_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "finufft", None)
    with pytest.raises(MissingPackage, match=r"finufft.*\n.*pip install 'mridiff-sdk\[nufft\]'"):
        nufft(image(1, 4, 4), places(4, 4))


def test_samples_that_share_a_trajectory_are_transformed_at_once(monkeypatch):
    """One transform for all of them, which gives each what it gets alone; a trajectory of its own for each takes one each."""
    calls = []
    monkeypatch.setattr(nonuniform, "nufft", lambda x, k: calls.append(len(x)) or nufft(x, k))
    k = torch.rand(2, 4, 5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 6 - 3
    x = torch.randn(2, 3, 8, 7, generator=torch.Generator().manual_seed(1), dtype=torch.complex128)
    domain = Space(("coil", "y", "x"), (3, 8, 7))
    y = NonUniformFourier(domain, k[:1])(x)
    assert calls == [6]
    torch.testing.assert_close(y[1:], NonUniformFourier(domain, k[:1])(x[1:]))
    calls.clear()
    NonUniformFourier(domain, k)(x)
    assert calls == [3, 3]

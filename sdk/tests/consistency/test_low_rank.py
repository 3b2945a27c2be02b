import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_sdk.consistency import low_rank
from mridiff_sdk.consistency.low_rank import hankel_low_rank
from mridiff_sdk.fourier import fft


def noise(*shape, seed=0):
    return torch.randn(shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def spikes(n, frames=3, shape=(14, 13)):
    """K-space of `n` points with complex weights per frame: its Hankel matrix has rank n."""
    image = torch.zeros(1, frames, *shape, dtype=torch.complex128)
    places = torch.randperm(shape[0] * shape[1], generator=torch.Generator().manual_seed(0))[:n]
    image.view(1, frames, -1)[..., places] = noise(1, frames, n)
    return fft(image)


def by_svd(k, rank, window):
    """The definition, with the whole matrix and its SVD."""
    wy, wx = window
    frames, ny, nx = k.shape
    places = [(y, x) for y in range(ny - wy + 1) for x in range(nx - wx + 1)]
    U, S, Vh = torch.linalg.svd(torch.stack([k[:, y : y + wy, x : x + wx].flatten() for y, x in places]), full_matrices=False)
    low = (U[:, :rank] * S[:rank]) @ Vh[:rank]
    total, hits = torch.zeros_like(k), torch.zeros(ny, nx)
    for row, (y, x) in zip(low, places, strict=True):
        total[:, y : y + wy, x : x + wx] += row.view(frames, wy, wx)
        hits[y : y + wy, x : x + wx] += 1
    return total / hits


@pytest.mark.parametrize("shape", [(2, 3, 12, 11), (1, 2, 2, 9, 10), (1, 10, 9)])
def test_full_rank_is_the_identity(shape):
    k = noise(*shape)
    stack = k[0].numel() // (shape[-1] * shape[-2])
    torch.testing.assert_close(hankel_low_rank(k, stack * 12, (4, 3)), k)


@pytest.mark.parametrize("rank", [1, 5, 20])
def test_truncation_is_that_of_the_svd(rank):
    k = noise(1, 2, 11, 12)
    torch.testing.assert_close(hankel_low_rank(k, rank, (4, 4))[0], by_svd(k[0], rank, (4, 4)))


def test_low_rank_data_pass_and_noise_is_taken_away():
    k = spikes(4)
    torch.testing.assert_close(hankel_low_rank(k, 4, (4, 4)), k, rtol=1e-6, atol=1e-8)
    assert not torch.allclose(hankel_low_rank(k, 3, (4, 4)), k, rtol=1e-2)
    error = 0.05 * noise(*k.shape)
    assert (hankel_low_rank(k + error, 4, (4, 4)) - k).norm() < 0.6 * error.norm()


def test_batch_is_loop_and_blocks_do_not_matter(monkeypatch):
    k = noise(2, 2, 12, 11)
    whole = hankel_low_rank(k, 6, (4, 4))
    monkeypatch.setattr(low_rank, "CHUNK", 700)
    torch.testing.assert_close(hankel_low_rank(k[1:], 6, (4, 4)), whole[1:])
    torch.testing.assert_close(hankel_low_rank(k, 6, (4, 4)), whole)


def test_faults():
    with pytest.raises(ConfigError, match="rank"):
        hankel_low_rank(noise(1, 1, 8, 8), 17, (4, 4))
    with pytest.raises(ConfigError, match="window"):
        hankel_low_rank(noise(1, 1, 8, 8), 2, (9, 4))

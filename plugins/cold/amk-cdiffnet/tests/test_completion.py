import pytest
import torch

from mridiff_amk_cdiffnet.completion import candidates, complete, kernels, mirrored, predict, support
from mridiff_amk_cdiffnet.virtual import CENTRE
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.sampling_patterns import mask

N = 32


def disc(ny=N, nx=N):
    """A real, positive, smooth object."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, ny, dtype=torch.float64), torch.linspace(-1, 1, nx, dtype=torch.float64), indexing="ij")
    return torch.exp(-6 * (y**2 + 2 * x**2))


@pytest.mark.parametrize("shape", [(N, N), (15, 18)])
@pytest.mark.parametrize("angle", [0.0, 2.0])
def test_the_mirrored_half_of_one_coil_comes_back_whatever_the_constant_phase(shape, angle):
    """One coil of constant phase: the first round brings half of a sample whose mirror is there."""
    k = fft(disc(*shape)[None, None] * torch.exp(torch.tensor(1j * angle, dtype=torch.complex128)))
    M = torch.ones(1, 1, *shape, dtype=torch.bool)
    M[..., : shape[1] // 2 - 2] = False
    known, both = mirrored(M) & ~M, mirrored(M) & M
    g = complete(M * k, M, 1)
    torch.testing.assert_close(g[known], k[known] / 2, rtol=1e-6, atol=1e-9)
    assert torch.equal(g[M], k[M])
    wrong = (predict(M * k, kernels(M * k, CENTRE)) - k).abs()
    assert wrong[both].max() < 1e-9 and wrong[M].max() > 1e-3  # P is wrong where the mirrored sample is missing


def test_coils_tell_of_each_other():
    """An ellipse seen by four coils, every other line measured, so that no missing line has a mirrored one."""
    x = (disc() > 0.2).to(torch.complex128)
    k = fft(simulate_maps(4, (N, N), 0, torch.complex128) * x)[None]
    M = mask("equispaced-fraction", (N, N), 2, 0.25, 0)[None, None]
    errors = [float(torch.linalg.vector_norm(complete(M * k, M, rounds) - k)) for rounds in (0, 1, 10)]
    assert errors[0] > 1.1 * errors[1] > 1.1**2 * errors[2]


def test_without_rounds_nothing_is_added():
    k = fft(disc()[None, None].to(torch.complex128))
    M = torch.rand(N, N, generator=torch.Generator().manual_seed(0))[None, None] < 0.5
    assert torch.equal(complete(M * k, M, 0), M * k)


@pytest.mark.parametrize("shape", [(N, N), (40, 30)])
def test_the_object_is_where_it_is_bright(shape):
    x = disc(*shape)
    inside = support(fft(simulate_maps(3, shape, 0, torch.complex128) * x)[None])[0, 0]
    assert (
        inside.shape == shape and inside[x > 0.8].min() > 0.9 and inside[x < 1e-3].mean() < 0.1 and 0 <= inside.min() <= inside.max() <= 1
    )


def test_candidates_are_one_for_each_width_and_one_that_keeps_to_the_object():
    """A complete image of constant phase: no width has anything to say, and outside of the object there is little to take away."""
    k = fft(disc()[None, None].to(torch.complex128))
    d = candidates(k, (0.1, 0.3, 0.6))
    assert len(d) == 4 and max(float(part.abs().max()) for part in d[:3]) < 1e-9
    assert 1e-3 < float(torch.linalg.vector_norm(d[3]) / torch.linalg.vector_norm(k)) < 0.2


@pytest.mark.parametrize("shape", [(6, 8), (7, 5), (6, 7)])
def test_mirrored_is_the_other_side_of_the_origin(shape):
    k = fft(torch.randn(1, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.complex128))
    mirror = fft(ifft(k).conj())
    torch.testing.assert_close(torch.complex(mirrored(k.real), -mirrored(k.imag)), mirror)

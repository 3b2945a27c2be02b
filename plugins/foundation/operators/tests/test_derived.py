"""Operators that are made of others, each against its formula written out."""

import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.multislice import MultiSliceSense
from mridiff_operators.off_resonance import OffResonanceSense
from mridiff_operators.sense import KtSense
from mridiff_operators.subspace import SubspaceSense, relaxation_basis
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def points(*shape):
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(2)) < 0.5).double()


def maps(*size):
    return simulate_maps(3, size, 0, torch.complex128)[None]


def test_a_subspace_is_the_series_that_its_basis_makes():
    basis, mask = normal(1, 5, 2).real, points(1, 5, 6, 7)
    A, x = SubspaceSense(maps(6, 7), mask, basis), normal(2, 2, 6, 7)
    full = KtSense(maps(6, 7), mask)
    torch.testing.assert_close(A(x), full(A.series(x)))
    torch.testing.assert_close(A.gram(x), torch.einsum("tj,ntyx->njyx", basis[0].to(x.dtype), full.gram(A.series(x))))


def test_few_vectors_span_relaxation_curves():
    t = torch.arange(1, 17).double() * 10
    B = relaxation_basis(t, 20, 500, 4)
    curves = torch.exp(-t[:, None] / torch.tensor([30.0, 80, 300]))
    torch.testing.assert_close(B.mT @ B, torch.eye(4, dtype=torch.float64))
    assert (curves - B @ B.mT @ curves).norm() < 2e-3 * curves.norm()
    with pytest.raises(DataError, match="16 echoes cannot be spanned by 17"):
        relaxation_basis(t, 20, 500, 17)
    scan = Measured(
        None, Gaussian(), {"mask": Field(points(1, 16, 4, 4), ("t", "ky", "kx")), "sensitivity_maps": Field(maps(4, 4), ("coil", "y", "x"))}
    )
    with pytest.raises(DataError, match="echo times"):
        SubspaceSense.for_scan(scan)


def test_off_resonance_is_the_phase_of_every_sample_at_its_time():
    ny, nx = 6, 5
    field = 60 * normal(1, ny, nx).real.clamp(-2, 2)
    times = torch.linspace(0, 0.03, ny * nx, dtype=torch.float64).reshape(ny, nx)
    x, S = normal(2, ny, nx), maps(ny, nx)
    exact = torch.zeros(2, 3, ny, nx, dtype=torch.complex128)
    for q in range(ny):
        for p in range(nx):
            turned = torch.exp(-2j * math.pi * field * times[q, p]) * x
            exact[:, :, q, p] = fft(S * turned[:, None])[:, :, q, p]
    mask = points(1, ny, nx)
    A = OffResonanceSense(S, field, times, mask=mask, segments=12)
    assert (A(x) - mask * exact).norm() < 1e-3 * exact.norm()
    assert (OffResonanceSense(S, field, times, mask=mask, segments=4)(x) - mask * exact).norm() > 1e-2 * exact.norm()


def test_along_a_trajectory_off_resonance_is_the_same_model():
    pytest.importorskip("finufft")
    field = 40 * normal(1, 6, 5).real
    times = torch.linspace(0, 0.02, 30, dtype=torch.float64).reshape(6, 5)
    grid = torch.stack(torch.meshgrid(torch.arange(6) - 3, torch.arange(5) - 2, indexing="ij"), -1).double()
    A = OffResonanceSense(maps(6, 5), field, times, trajectory=grid[None])
    B = OffResonanceSense(maps(6, 5), field, times, mask=torch.ones(1, 6, 5, dtype=torch.float64))
    torch.testing.assert_close(A(normal(1, 6, 5)), B(normal(1, 6, 5)))


def test_an_echo_planar_line_is_displaced_along_the_phase_encoding():
    ny, shift = 16, 3
    spacing = 1e-3
    times = (torch.arange(ny, dtype=torch.float64) * spacing)[:, None].expand(ny, 4)
    field = torch.full((1, ny, 4), shift / (ny * spacing), dtype=torch.float64)
    x = torch.zeros(1, ny, 4, dtype=torch.complex128)
    x[:, 5] = 1
    one = torch.ones(1, 1, ny, 4, dtype=torch.complex128)
    A = OffResonanceSense(one, field, times, mask=torch.ones(1, ny, 4, dtype=torch.float64))
    seen = torch.fft.ifft(torch.fft.ifftshift(A(x)[0, 0], 0), dim=0).abs()[:, 2]
    assert int(torch.fft.fftshift(seen).argmax()) in {5 - shift, 5 + shift}
    assert float(A.gram(x).abs()[0, :, 2].argmax()) == 5  # the model leads it back


@pytest.mark.parametrize("axis", ["y", "x"])
def test_whole_lines_at_a_time_of_their_own_are_exact(axis):
    """Against the matrix of the train written out; two segments would be far off."""
    ny, nx, spacing = 7, 6, 2e-3
    n = ny if axis == "y" else nx
    field, S, x = 80 * normal(1, ny, nx).real, maps(ny, nx), normal(2, ny, nx)
    lines = (torch.arange(n) % 2).double()
    mask = (lines[:, None] if axis == "y" else lines).expand(1, ny, nx)
    exact = torch.zeros(2, 3, ny, nx, dtype=torch.complex128)
    for k in range(n):
        seen = fft(S * (torch.exp(-2j * math.pi * field * spacing * (n // 2 - k)) * x)[:, None])
        line = (..., k, slice(None)) if axis == "y" else (..., k)
        exact[line] = seen[line] * lines[k]
    fields = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(S, ("coil", "y", "x")), "field_map": Field(field, ("y", "x"))}
    A = OffResonanceSense.for_scan(Measured(None, Gaussian(), fields), echo_spacing=spacing, phase_encoding=f"{axis}-", segments=2)
    torch.testing.assert_close(A(x), exact)
    torch.testing.assert_close(A.gram(x), A.H(exact))


def test_a_train_must_say_when_its_lines_were_taken():
    fields = {"mask": Field(points(1, 4, 4), ("ky", "kx")), "sensitivity_maps": Field(maps(4, 4), ("coil", "y", "x")),
              "field_map": Field(torch.zeros(1, 4, 4), ("y", "x"))}  # fmt: skip
    with pytest.raises(DataError, match=r"no sample_times[\s\S]*echo_spacing"):
        OffResonanceSense.for_scan(Measured(None, Gaussian(), fields))


def test_slices_are_summed_with_their_phases():
    S, mask, phase = maps(2, 6, 5), points(1, 6, 5), normal(1, 2, 6).real
    x = normal(2, 2, 6, 5)
    each = fft(S * x[:, None])
    torch.testing.assert_close(MultiSliceSense(S, mask)(x), mask * each.sum(2))
    turned = torch.polar(torch.ones_like(phase), phase)[:, None, :, :, None]
    torch.testing.assert_close(MultiSliceSense(S, mask, phase)(x), mask * (turned * each).sum(2))
    with pytest.raises(DataError, match="z=2, ky=6"):
        MultiSliceSense(S, mask, phase[:, :1])


def test_truncated_kspace_is_the_middle_of_it():
    x = normal(2, 8, 9)
    A = TruncationOperator((8, 9), (4, 5))
    torch.testing.assert_close(A(x), fft(x)[:, 2:6, 2:7])
    scan = Measured(A(x), Gaussian())
    assert TruncationOperator.for_scan(scan, factor=1.5).domain.sizes == (6, 8)
    with pytest.raises(DataError, match="Combine coils"):
        TruncationOperator.for_scan(Measured(normal(1, 2, 4, 4), Gaussian()))

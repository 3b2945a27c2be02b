import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_sdk.sampling_patterns import interleaved


def masks(frames=4, ny=9, nx=8, n=1):
    return torch.stack([interleaved((frames, ny, nx), 3, 2, first=i) for i in range(n)]).double()


def series(n, *shape, seed=1):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def test_every_frame_is_a_scan_of_its_own():
    mask, x = masks(n=2), series(2, 4, 9, 8)
    y = KtCartesianOperator(mask)(x)
    for f in range(4):
        torch.testing.assert_close(y[:, f], FourierOperator(mask[:, f])(x[:, f]))


def test_adjoint_and_exact_replacement():
    A = KtCartesianOperator(masks())
    x, y = series(2, 4, 9, 8), series(2, 4, 9, 8, seed=2)
    torch.testing.assert_close(torch.vdot(y.flatten(), A(x).flatten()), torch.vdot(A.H(y).flatten(), x.flatten()))
    measured = A(series(2, 4, 9, 8, seed=3))
    torch.testing.assert_close(A(x + A.H(measured - A(x))), measured)
    assert A.domain.axes == ("t", "y", "x") and A.codomain.axes == ("t", "ky", "kx")  # type: ignore[union-attr]


def test_for_scan_takes_a_mask_with_time_and_no_other():
    field = Field(masks(), ("t", "ky", "kx"))
    assert torch.equal(KtCartesianOperator.for_scan(Measured(None, Gaussian(), {"mask": field})).mask, masks())
    with pytest.raises(DataError, match="sample, t, ky, kx"):
        KtCartesianOperator(torch.ones(1, 8, 8))
    with pytest.raises(DataError, match="other than 0 and 1"):
        KtCartesianOperator(0.5 * masks())

import pytest
import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import varying_axes


def mask(kind: str, ny: int, nx: int, n: int = 1, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    shape = {"lines-x": (n, 1, nx), "lines-y": (n, ny, 1), "plane": (n, ny, nx), "full": (1, 1, 1)}[kind]
    picked = torch.rand(shape, generator=rng) < 0.4
    picked[:, shape[1] // 2, shape[2] // 2] = True
    return (picked | (kind == "full")).float().expand(n, ny, nx).contiguous()


def image(n: int, ny: int, nx: int, dtype: torch.dtype = torch.complex128, seed: int = 1) -> Tensor:
    return torch.randn(n, ny, nx, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(("kind", "axes"), [("lines-x", (-1,)), ("lines-y", (-2,)), ("plane", (-2, -1)), ("full", ())])
def test_sampling_varies_along_these_axes(kind: str, axes: tuple[int, ...]) -> None:
    assert varying_axes(mask(kind, 8, 9, n=2)) == axes


def test_masks_of_different_directions_vary_along_both_axes() -> None:
    assert varying_axes(torch.cat([mask("lines-x", 8, 8), mask("lines-y", 8, 8)])) == (-2, -1)


@pytest.mark.parametrize("kind", ["lines-x", "lines-y", "plane", "full"])
@pytest.mark.parametrize("size", [(8, 10), (7, 9), (8, 9)])
def test_linear_with_adjoint_and_normal(kind: str, size: tuple[int, int]) -> None:
    A = FourierOperator(mask(kind, *size, n=2).double())
    x, y = image(2, *size), image(2, *size, seed=2)
    torch.testing.assert_close(torch.vdot(y.flatten(), A(x).flatten()), torch.vdot(A.H(y).flatten(), x.flatten()))
    torch.testing.assert_close(A.gram(x), A.H(A(x)))
    torch.testing.assert_close(A(A.H(A(x))), A(x))  # coisometric
    torch.testing.assert_close(A(x), A.mask * fft(x))


def test_full_sampling_is_unitary() -> None:
    A = FourierOperator(torch.ones(1, 7, 8))
    x = image(1, 7, 8)
    torch.testing.assert_close(A.H(A(x)), x)
    torch.testing.assert_close(A.gram(x), x)


def test_for_scan_takes_the_mask() -> None:
    m = mask("lines-x", 8, 8)
    measured = Measured(None, Gaussian(), {"mask": Field(m, ("ky", "kx"))})
    A = FourierOperator.for_scan(measured)
    assert torch.equal(A.mask, m)
    assert A.domain.shape == A.codomain.shape == (8, 8)  # type: ignore[union-attr]
    with pytest.raises(DataError, match="has no mask"):
        FourierOperator.for_scan(Measured(None, Gaussian()))


@pytest.mark.parametrize("bad", [torch.ones(8, 8), torch.ones(1, 8, 8, dtype=torch.complex64), 0.5 * torch.ones(1, 8, 8)])
def test_refuses_what_is_no_mask(bad: Tensor) -> None:
    with pytest.raises(DataError, match="sampling mask"):
        FourierOperator(bad)

"""Operators of images themselves, each against its dense matrix."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.blur import BlurDownsample
from mridiff_operators.inpainting import InpaintingOperator


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


@pytest.mark.parametrize(("sizes", "factor", "kernel"), [((3, 4), 2, (3, 5)), ((5, 3), 3, (5, 3)), ((6, 7), 1, (3, 3))])
def test_blur_is_its_dense_matrix(sizes, factor, kernel):
    """Row q of the matrix holds k, centred on the pixel of x under pixel q of y, and comes round the edges."""
    ny, nx = sizes[0] * factor, sizes[1] * factor
    k = torch.rand(2, *kernel, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    M = torch.zeros(2, *sizes, ny, nx, dtype=torch.float64)
    for i in range(sizes[0]):
        for j in range(sizes[1]):
            y0, x0 = ny // 2 + factor * (i - sizes[0] // 2), nx // 2 + factor * (j - sizes[1] // 2)
            for a in range(kernel[0]):
                for b in range(kernel[1]):
                    M[:, i, j, (y0 - a + kernel[0] // 2) % ny, (x0 - b + kernel[1] // 2) % nx] += k[:, a, b]
    A, M = BlurDownsample(sizes, factor, k[:1]).at({"kernel": k}), M.to(torch.complex128)
    x, y = normal(2, ny, nx), normal(2, *sizes)
    torch.testing.assert_close(A(x), torch.einsum("nijyx,nyx->nij", M, x))
    torch.testing.assert_close(A.H(y), torch.einsum("nijyx,nij->nyx", M, y))


def test_a_kernel_stays_positive_with_the_sum_one_and_the_scan_may_tell_it():
    A = BlurDownsample((4, 4), 2, torch.ones(1, 3, 3))
    project = A.nuisance["kernel"].project
    found = project(torch.tensor([[[-1.0, 2, 0], [1, 1, 0], [0, 0, 0]], [[-1.0] * 3] * 3]))
    torch.testing.assert_close(found[0], torch.tensor([[0, 0.5, 0], [0.25, 0.25, 0], [0, 0, 0]]))
    torch.testing.assert_close(found[1], torch.tensor([[0, 0, 0], [0, 1.0, 0], [0, 0, 0]]))
    told = torch.rand(1, 5, 3, generator=torch.Generator().manual_seed(0))
    scan = Measured(normal(1, 8, 6), Gaussian(0.1), {"kernel": Field(told, ("y", "x"))})
    torch.testing.assert_close(BlurDownsample.for_scan(scan, factor=3).start()["kernel"], told / told.sum())
    for wrong in (torch.ones(1, 2, 3), torch.ones(1, 9, 3), torch.ones(1, 3, 3, dtype=torch.complex64)):
        with pytest.raises(DataError, match="does not fit an image"):
            BlurDownsample((4, 4), 2, wrong)


def test_what_is_known_of_an_image_is_its_region():
    region = (torch.rand(1, 5, 6, generator=torch.Generator().manual_seed(2)) < 0.5).double()
    y = normal(2, 5, 6)
    A = InpaintingOperator.for_scan(Measured(y, Gaussian(0.1), {"region": Field(region, ("y", "x"))}))
    M = torch.diag(region.flatten()).to(torch.complex128)
    torch.testing.assert_close(A(y), (y.flatten(1) @ M).reshape(2, 5, 6))
    torch.testing.assert_close(A(A.H(A(y))), A(y))
    for wrong in (normal(2, 3, 5, 6), None):
        with pytest.raises(DataError, match="is \\(sample, y, x\\)"):
            InpaintingOperator.for_scan(Measured(wrong, Gaussian(0.1), {"region": Field(region, ("y", "x"))}))

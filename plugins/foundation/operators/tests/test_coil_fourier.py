import pytest
import torch

from mridiff.errors import DataError
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.sampling_patterns import mask


def made(shape=(12, 9), pattern="random"):
    maps = simulate_maps(3, shape, 0, torch.complex128)[None]
    m = mask(pattern, shape, 2, 0.1, 0)[None].double()
    return CoilFourierOperator(maps, m), SenseOperator(maps, m), maps


def draw(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def test_sense_is_this_operator_after_the_maps_and_image_combines():
    A, S, maps = made()
    x = draw((2, 12, 9))
    torch.testing.assert_close(A(maps * x[:, None]), S(x))
    torch.testing.assert_close(A.image(maps * x[:, None]), x)
    torch.testing.assert_close(A.image(A.H(S(x))), S.H(S(x)))


@pytest.mark.parametrize("pattern", ["random", "gaussian-2d"])
def test_measured_samples_can_be_replaced_exactly_and_the_normal_operator_is_short(pattern):
    A, _, _ = made(pattern=pattern)
    x, other = draw((1, 3, 12, 9)), draw((1, 3, 12, 9), 1)
    y = A(x)
    torch.testing.assert_close(A(other + A.H(y - A(other))), y)
    torch.testing.assert_close(A.gram(x), A.H(A(x)))


def test_refuses_maps_of_another_grid():
    with pytest.raises(DataError, match="coil maps"):
        CoilFourierOperator(torch.ones(1, 3, 8, 8, dtype=torch.complex64), torch.ones(1, 8, 9))

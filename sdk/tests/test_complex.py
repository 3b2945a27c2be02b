import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.complex import channel_std, complex_std, from_channels, order, to_channels


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 2, 4, 5)])
def test_round_trip_is_exact(shape, dtype):
    x = torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(0))
    u = to_channels(x)
    assert u.shape == (shape[0], 2, *shape[1:])
    assert torch.equal(u[:, 0], x.real)
    assert torch.equal(u[:, 1], x.imag)
    assert torch.equal(from_channels(u), x)


def test_std_is_per_complex_sample():
    n = 0.3 * torch.randn(1, 200, 200, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    assert float(to_channels(n).std()) == pytest.approx(channel_std(0.3), rel=0.02)
    assert complex_std(channel_std(0.3)) == pytest.approx(0.3)


def test_wrong_tensors_are_refused():
    with pytest.raises(DataError, match="float32"):
        to_channels(torch.zeros(1, 2, 2))
    with pytest.raises(DataError, match=r"\(1, 3, 2\)"):
        from_channels(torch.zeros(1, 3, 2))
    with pytest.raises(DataError, match="complex64"):
        from_channels(torch.zeros(1, 2, 2, dtype=torch.complex64))


@pytest.mark.parametrize(
    ("largest", "power"), [(1.0, 1.0), (1.9, 1.0), (2.0, 2.0), (0.7, 0.5), (3e38, 2.0**127), (1e-38, 2.0**-127), (0.0, 1.0)]
)
def test_the_order_of_a_tensor_is_a_power_of_two(largest, power):
    x = torch.tensor([[0.1 * largest, 1j * -largest]])
    assert order(x) == order(x.imag) == order(x.conj()) == power
    assert torch.equal(x / order(x) * order(x), x)


def test_what_has_no_order_is_left_as_it_is():
    assert order(torch.zeros(0)) == order(torch.tensor([1.0, torch.inf])) == order(torch.tensor([torch.nan])) == 1.0

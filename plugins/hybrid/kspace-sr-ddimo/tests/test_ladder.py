import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Gaussian, Measured, Problem, Space, Streams
from mridiff_kspace_sr_ddimo.ladder import SIGMA, ladder, measured, rings, rung, side, sigma, time, times
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.inpainting import InpaintingOperator
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import Stack


@pytest.mark.parametrize(("n", "N"), [(96, 36), (64, 24), (320, 120), (33, 12)])
def test_each_rung_loses_one_sample_per_side_down_to_a_quarter(n, N):
    assert rings(n) == N
    x = torch.ones(1, n, n, dtype=torch.complex128)
    for i in (0, 1, N // 2, N):
        inside = fft(ladder().mean(torch.randn_like(x), i / N))[0].abs() > 1e-12
        rows, columns = inside.nonzero().unbind(1)
        assert inside.sum() == (n - 2 * i) ** 2
        assert (int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())) == (i, n - 1 - i, i, n - 1 - i)


def test_the_side_of_a_time_is_the_time_of_a_side():
    t = torch.linspace(0, 1, 5)
    torch.testing.assert_close(torch.tensor([time(float(f)) for f in side(t)]), t)


@pytest.mark.parametrize("N", [140, 2000])
def test_the_noise_is_that_of_the_sums_of_a_cosine_schedule(N):
    """sigma_i = s sqrt(1 - exp(-2 c_i d)), c_i the sum of 1 - cos^2 over steps, d = -ln(0.005) / c_N: the integral is its limit."""
    i = torch.arange(N + 1, dtype=torch.float64) / N
    theta = 1 - ((i + 0.008) / 1.008 * torch.pi / 2).cos() ** 2 / torch.tensor(0.008 / 1.008 * torch.pi / 2, dtype=torch.float64).cos() ** 2
    c = theta.cumsum(0) - theta[0]
    expected = 0.05 * 2**0.5 * (1 - torch.exp(2 * c / c[-1] * torch.log(torch.tensor(0.005, dtype=torch.float64)))).sqrt()
    assert sigma(i)[0] == 0 and sigma(i).diff().min() >= 0
    torch.testing.assert_close(sigma(i), expected, rtol=0, atol=0.6 * SIGMA / N**0.5)
    torch.testing.assert_close(sigma(i)[-1], expected[-1], rtol=1e-9, atol=0)


@pytest.mark.parametrize(("image", "samples", "t"), [((96, 96), (24, 24), 1), ((96, 96), (48, 36), 30 / 36), ((64, 64), (24, 24), 20 / 24),
                                                     ((230, 180), (115, 90), 58 / 86), ((96, 96), (96, 96), 0)])  # fmt: skip
def test_the_first_box_within_what_was_measured(image, samples, t):
    assert rung(image, samples) == pytest.approx(t)
    box = fft(ladder().mean(torch.randn(1, *image, dtype=torch.complex128), rung(image, samples))).abs() > 1e-12
    kept = TruncationOperator(image, samples)
    assert kept(torch.ones(1, *image)).shape[1:] == samples
    seen = fft(kept.H(torch.ones(1, *samples, dtype=torch.complex128))).abs() > 1e-12
    assert not (box & ~seen).any()


def test_times_fall_by_the_rings_that_were_asked_for():
    assert times(1.0, 0.0, (96, 96), 1) == pytest.approx([1 - i / 36 for i in range(37)])
    assert len(times(1.0, 0.0, (96, 64), 5)) == 9 and len(times(0.5, 0.25, (64, 64), 1)) == 7
    assert times(0.25, 0.5, (64, 64), 1) == [0.25]


def problem(A, shape=(16, 16)):
    y = A(torch.ones(1, *shape, dtype=torch.complex64))
    return Problem.of(A, Measured(y, Blocks((Gaussian(),) * len(y)) if isinstance(y, tuple) else Gaussian()))


def test_only_the_middle_of_kspace_is_enlarged():
    assert measured(problem(TruncationOperator((16, 16), (8, 6)))) == (8, 6)
    for A in (
        FourierOperator(torch.ones(1, 16, 16)),
        InpaintingOperator(Space(("y", "x"), (16, 16)), torch.ones(1, 16, 16)),
        TruncationOperator((16, 16), (16, 16)),
        Stack((TruncationOperator((16, 16), (8, 8)), TruncationOperator((16, 16), (8, 6)))),
    ):
        with pytest.raises(DataError, match="truncation"):
            ladder().bind(problem(A), Streams.of(0))
    with pytest.raises(DataError, match="factor of 4"):
        rung((96, 96), (22, 24))

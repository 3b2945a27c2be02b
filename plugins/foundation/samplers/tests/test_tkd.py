import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Gaussian, Measured, Problem, Streams
from mridiff_operators.dipole import DipoleOperator
from mridiff_operators.fourier import FourierOperator
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.tkd import TKD
from mridiff_samplers.tv import TotalVariation

SHAPE = (8, 9, 10)


@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.35])
def test_it_divides_by_the_kernel_away_from_the_cone_and_by_the_threshold_near_it(threshold):
    A = DipoleOperator(torch.ones(1, *SHAPE, dtype=torch.float64), torch.tensor([[1.0, 0.3, 0.0]]))
    x = Streams.of(0).normal(SHAPE, torch.float64)
    found = TKD(threshold=threshold)(Problem.of(A, Measured(A(x), Gaussian(None))), Streams.of(0, samples=2))
    assert found.shape == (2, *SHAPE)
    ratio = torch.fft.rfftn(found[:1], dim=(1, 2, 3)) / torch.fft.rfftn(x, dim=(1, 2, 3))
    torch.testing.assert_close(ratio.real, (A.kernel.abs() / threshold).clamp(max=1))


def test_the_other_baselines_serve_real_volumes_too():
    A = DipoleOperator((Streams.of(3).uniform(SHAPE) < 0.8).double(), torch.tensor([[1.0, 0.0, 0.0]]))
    y = A(Streams.of(0).normal(SHAPE, torch.float64))
    problem = Problem.of(A, Measured(y, Gaussian(None)))
    x = CGSense(iterations=200, l2=0.05, tolerance=1e-10)(problem, Streams.of(0))
    assert x.dtype == torch.float64
    torch.testing.assert_close(A.gram(x) + 0.05 * x, A.H(y), atol=1e-7, rtol=0)
    rough, flat = (TotalVariation(weight=w, iterations=60)(problem, Streams.of(0)) for w in (1e-4, 0.3))
    assert rough.dtype == torch.float64 and float(flat.diff(dim=1).abs().sum()) < 0.3 * float(rough.diff(dim=1).abs().sum())
    assert float((A(rough) - y).norm()) < 0.1 * float(y.norm())


def test_an_operator_that_is_no_convolution_is_refused():
    A = FourierOperator(torch.ones(1, 8, 8))
    with pytest.raises(DataError, match="convolution"):
        TKD()(Problem.of(A, Measured(torch.zeros(1, 8, 8, dtype=torch.complex64), Gaussian(None))), Streams.of(0))

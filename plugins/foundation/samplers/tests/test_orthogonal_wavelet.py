import pytest
import pywt
import torch

from mridiff.interfaces import Streams
from mridiff_samplers.orthogonal_wavelet import OrthogonalWavelet


@pytest.mark.parametrize("name", ["haar", "db2", "db4"])
def test_coefficients_are_those_of_pywavelets(name):
    x = Streams.of(0, "w", 2).normal((64, 96), torch.complex128)
    W = OrthogonalWavelet(name, 2, 2)
    c = W.analysis(x)
    approximation, coarse, fine = pywt.wavedec2(x.numpy(), name, "periodization", 2)
    torch.testing.assert_close(W.approximation(c), torch.as_tensor(approximation))
    torch.testing.assert_close(c[:, 16:32, :24], torch.as_tensor(coarse[0]))
    torch.testing.assert_close(c[:, :32, 48:], torch.as_tensor(fine[1]))
    torch.testing.assert_close(c[:, 32:, 48:], torch.as_tensor(fine[2]))


@pytest.mark.parametrize(("name", "shape"), [("db2", (2, 16, 8)), ("db3", (1, 8, 8, 24)), ("haar", (3, 4))])
def test_transform_is_unitary(name, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)
    W = OrthogonalWavelet(name, 2, min(len(shape) - 1, 3))
    c = W.analysis(x)
    torch.testing.assert_close(W.synthesis(c), x)
    torch.testing.assert_close(torch.linalg.vector_norm(c), torch.linalg.vector_norm(x))
    torch.testing.assert_close(W.analysis(W.synthesis(x)), x)

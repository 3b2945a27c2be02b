import pytest
import torch

from mridiff.errors import DataError
from mridiff_kspace_sr_ddimo.dataset import LowResolution, combined, resized
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft


@pytest.mark.parametrize(
    ("size", "factor", "samples", "pixels"), [(96, 2.0, 48, 96), (96, 8 / 3, 36, 96), (64, 8 / 3, 24, 64), (90, 4.0, 22, 88)]
)
def test_y_is_the_middle_of_the_kspace_of_the_truth(size, factor, samples, pixels):
    scan = LowResolution(size=size, factor=factor)[0]
    x = scan.truth["x"].data
    assert scan.measured.y.shape == (1, samples, samples) and x.shape == (1, pixels, pixels)
    A = TruncationOperator.for_scan(scan.measured, factor=factor)
    torch.testing.assert_close(A(x), scan.measured.y, rtol=1e-4, atol=1e-4 * float(scan.measured.y.abs().max()))


def test_noise_is_as_stated():
    clean, noisy = (LowResolution(size=128, noise_std=std)[0].measured for std in (0.0, 0.02))
    n = noisy.y - clean.y
    assert clean.noise.std is None and float(n.abs().square().mean().sqrt()) == pytest.approx(noisy.noise.std, rel=0.05)


def test_kspace_is_cut_and_filled_about_its_origin():
    k = torch.zeros(1, 2, 6, 7)
    k[..., 3, 3] = 1
    out = resized(k, (4, 9))
    assert out.shape == (1, 2, 4, 9) and out[..., 2, 4].min() == 1 and out.sum() == 2


def test_coils_are_combined_by_their_maps():
    x = torch.randn(1, 16, 16, dtype=torch.complex64)
    maps = simulate_maps(4, (16, 16), 0)[None]
    maps = maps / torch.linalg.vector_norm(maps, dim=1, keepdim=True)
    torch.testing.assert_close(combined(fft(maps * x[:, None]), maps), fft(x))


def test_held_out_heads_need_their_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("MRIDIFF_DATA", raising=False)
    with pytest.raises(DataError, match="MRIDIFF_DATA"):
        LowResolution(source="t2")
    with pytest.raises(IndexError):
        LowResolution()[1]


def test_measured_heads_are_truncated_coil_by_coil(real_data):
    scan = LowResolution(path=real_data, source="measured", subjects="brain16_lowres", factor=2.0)[0]
    x, y = scan.truth["x"].data, scan.measured.y
    assert y.shape == (1, 48, 48) and x.shape == (1, 96, 96)
    A = TruncationOperator.for_scan(scan.measured, factor=2.0)
    seen, expected = A.H(y).abs(), A.H(A(x)).abs()
    assert 1e-3 < (seen - expected).norm() / expected.norm() < 0.05  # maps of a low resolution are others than those of all k-space

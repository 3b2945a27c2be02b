import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.metrics import hfen, nmse, psnr, ssim, ssim_map

ALL = [psnr, nmse, ssim, hfen]


def images(n=3, shape=(24, 21), seed=0, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    smooth = torch.linspace(0, 3, shape[-1], dtype=dtype).sin() + torch.linspace(1, 2, shape[-2], dtype=dtype)[:, None]
    truth = smooth * torch.rand(n, *shape, generator=g, dtype=dtype)
    return truth + 0.1 * torch.rand(n, *shape, generator=g, dtype=dtype), truth


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_skimage(dtype):
    theirs = pytest.importorskip("skimage.metrics")
    x, truth = images(dtype=dtype)
    for i in range(len(x)):
        a, b, peak = truth[i].numpy(), x[i].numpy(), float(truth[i].max())
        assert float(psnr(x, truth)[i]) == pytest.approx(theirs.peak_signal_noise_ratio(a, b, data_range=peak), rel=1e-5)
        assert float(ssim(x, truth)[i]) == pytest.approx(theirs.structural_similarity(a, b, data_range=peak), abs=1e-5)
        assert float(nmse(x, truth)[i]) == pytest.approx(float(((a - b) ** 2).sum() / (a**2).sum()), rel=1e-5)
    peak = 2.5
    expected = theirs.structural_similarity(truth[0].numpy(), x[0].numpy(), data_range=peak)
    assert float(ssim(x, truth, data_range=peak)[0]) == pytest.approx(expected, abs=1e-5)


def test_the_ssim_map_is_that_of_skimage():
    theirs = pytest.importorskip("skimage.metrics")
    x, truth = images(1)
    _, full = theirs.structural_similarity(truth[0].numpy(), x[0].numpy(), data_range=float(truth.max()), full=True)
    torch.testing.assert_close(ssim_map(x, truth)[0], torch.from_numpy(full[3:-3, 3:-3]))


def test_hfen_is_the_norm_of_the_laplacian_of_a_gaussian():
    ndimage = pytest.importorskip("scipy.ndimage")
    x, truth = images(1, (40, 40))
    inner = torch.zeros(1, 40, 40, dtype=torch.bool)
    inner[:, 10:30, 10:30] = True

    def log(image):
        return torch.from_numpy(ndimage.gaussian_laplace(image[0].numpy(), 1.5, truncate=4.6))[10:30, 10:30]

    expected = log(x - truth).norm() / log(truth).norm()
    assert float(hfen(x, truth, region=inner)) == pytest.approx(float(expected), rel=0.02)


def test_hfen_does_not_see_an_offset():
    x, truth = images()
    torch.testing.assert_close(hfen(x + 1e3, truth + 1e3), hfen(x, truth), rtol=1e-9, atol=0)
    assert (hfen(truth + 1e3, truth) < 1e-9).all()


def test_known_values():
    truth = torch.full((1, 16, 16), 2.0)
    assert float(psnr(truth + 0.02, truth)) == pytest.approx(40, abs=1e-3)
    assert float(psnr(truth + 0.02, truth, data_range=1)) == pytest.approx(-20 * math.log10(0.02), abs=1e-3)
    assert float(nmse(1.1 * truth, truth)) == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("metric", ALL)
def test_batch_is_loop_and_only_magnitudes_count(metric):
    x, truth = images()
    together = metric(x, truth)
    assert together.shape == (3,)
    torch.testing.assert_close(together, torch.cat([metric(x[i : i + 1], truth[i : i + 1]) for i in range(3)]))
    turned = x * torch.exp(1j * torch.arange(21, dtype=torch.float64))
    torch.testing.assert_close(metric(turned, truth.to(torch.complex128)), together)


@pytest.mark.parametrize("metric", ALL)
def test_perfect_is_perfect(metric):
    _, truth = images()
    expected = {psnr: math.inf, ssim: 1.0}.get(metric, 0.0)
    torch.testing.assert_close(metric(truth, truth), torch.full((3,), expected, dtype=torch.float64))


@pytest.mark.parametrize("metric", [psnr, nmse, ssim])
def test_only_the_region_counts(metric):
    x, truth = images()
    region = torch.zeros(1, 24, 21, dtype=torch.bool)
    region[:, 8:14, 7:15] = True
    spoilt = x.clone()
    spoilt[:, :4] += 0.5
    torch.testing.assert_close(metric(spoilt, truth, region=region), metric(x, truth, region=region))
    assert not torch.isclose(metric(spoilt, truth), metric(x, truth)).any()
    everywhere = torch.ones(3, 24, 21, dtype=torch.bool)
    torch.testing.assert_close(metric(x, truth, region=everywhere), metric(x, truth))


@pytest.mark.parametrize("metric", ALL)
def test_a_wrong_scale_is_an_error(metric):
    x, truth = images()
    assert not torch.isclose(metric(1.2 * x, truth), metric(x, truth)).any()


def test_of_a_volume_they_are_what_fastmri_defines():
    """A bright and a dim slice: evaluate.py of fastMRI takes range and norm of the volume, and the mean of SSIM over its slices."""
    theirs = pytest.importorskip("skimage.metrics")
    gain = torch.tensor([1.0, 0.5, 0.15], dtype=torch.float64)[:, None, None]
    truth = gain * images(3)[1]
    x = truth + 0.05 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    a, b = truth.numpy(), x.abs().numpy()
    peak = a.max()
    expected = {psnr: 10 * math.log10(peak**2 / ((a - b) ** 2).mean()), nmse: ((a - b) ** 2).sum() / (a**2).sum(),
                ssim: sum(theirs.structural_similarity(p, q, data_range=peak) for p, q in zip(a, b, strict=True)) / 3}  # fmt: skip
    for metric, value in expected.items():
        assert float(metric(x.abs()[None], truth[None])) == pytest.approx(value, rel=1e-6)
        assert abs(float(metric(x.abs(), truth).mean()) - value) > 0.005  # the mean over slices is another number


def test_volumes_have_one_range_and_the_mean_over_planes():
    x, truth = images(2, (3, 16, 15))
    peak = truth.flatten(1).amax(1)
    planes = torch.stack([ssim(x[:, z], truth[:, z], data_range=peak) for z in range(3)])
    torch.testing.assert_close(ssim(x, truth), planes.mean(0))


def test_ssim_holds_in_single_precision_on_a_large_offset():
    x, truth = images(dtype=torch.float64)
    exact = ssim(x + 100, truth + 100)
    torch.testing.assert_close(ssim((x + 100).float(), (truth + 100).float()).double(), exact, rtol=0, atol=1e-3)


@pytest.mark.parametrize("metric", ALL)
def test_faults(metric):
    with pytest.raises(DataError, match="one shape"):
        metric(torch.zeros(1, 8, 8), torch.zeros(2, 8, 8))
    x, truth = images(2)
    with pytest.raises(DataError, match="empty"):
        metric(x, truth, region=torch.zeros(1, 24, 21, dtype=torch.bool))
    with pytest.raises(DataError, match="bool"):
        metric(x, truth, region=torch.ones(1, 24, 21))


@pytest.mark.parametrize("metric", [ssim, hfen])
def test_too_small_images(metric):
    with pytest.raises(DataError, match=r"pixels|at least"):
        metric(torch.ones(1, 6, 20), torch.ones(1, 6, 20))

import pytest
import torch

from mridiff.interfaces import Field, Space
from mridiff_sdk.metrics import cone_error, hfen, nmse, nrmse, psnr, ssim
from mridiff_sdk.metrics.report import score
from mridiff_sdk.physics.dipole import dipole_kernel

AXES = ("z", "y", "x")


def maps(shape=(2, 10, 12, 14)):
    rng = torch.Generator().manual_seed(0)
    region = torch.zeros(1, *shape[1:], dtype=torch.bool)
    region[:, 2:8, 2:9, 3:11] = True
    return torch.where(region, torch.randn(shape, generator=rng), 0), region


def test_a_shift_is_no_error_a_scale_and_a_sign_are():
    truth, region = maps()
    assert nrmse(truth + 3, truth, region).max() < 1e-6
    torch.testing.assert_close(nrmse(1.1 * truth, truth, region), torch.full((2,), 0.1))
    torch.testing.assert_close(nrmse(-truth, truth, region), torch.full((2,), 2.0))
    torch.testing.assert_close(nrmse(torch.zeros_like(truth), truth, region), torch.ones(2))


def test_only_the_region_counts():
    truth, region = maps()
    assert nrmse(torch.where(region, truth, 7.0), truth, region).max() < 1e-6


@pytest.mark.parametrize("metric", [nmse, hfen, psnr, ssim])
def test_real_numbers_keep_their_sign_in_every_metric(metric):
    truth, _ = maps()
    same, turned = metric(truth, truth), metric(-truth, truth)
    assert bool((same != turned).all()) and torch.equal(metric(truth.to(torch.complex64), truth), metric(-truth.to(torch.complex64), truth))


def test_streaks_are_the_error_on_the_cone_alone():
    truth, region = maps((1, 10, 12, 14))
    D = dipole_kernel(truth.shape[1:], (1, 1, 1), torch.tensor([[1.0, 0, 0]]))
    everywhere = torch.ones_like(region)
    spectrum = torch.fft.fftn(truth - truth.mean(), dim=(1, 2, 3))
    lost = [torch.fft.ifftn(torch.where(part, 0, spectrum), dim=(1, 2, 3)).real for part in (D.abs() < 0.1, D.abs() >= 0.1)]
    assert float(cone_error(lost[0], truth, everywhere, D)) == pytest.approx(1, abs=1e-4)
    assert float(cone_error(lost[1], truth, everywhere, D)) == pytest.approx(0, abs=1e-4)


def test_maps_in_ppm_are_scored_about_their_mean_inside_the_head():
    truth, region = maps((1, 10, 12, 14))
    given = {"x": Field(truth, AXES, "ppm"), "head": Field(region, AXES)}
    found = score("x", truth + 1, truth, Space(AXES, complex=False, unit="ppm", kind="susceptibility"), given)
    assert found["nrmse"] < 1e-6 < found["nmse"] and found["hfen"] >= 0
    assert "nrmse" not in score("x", truth, truth, Space(AXES, complex=False), given)

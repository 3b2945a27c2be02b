import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Space
from mridiff_sdk.metrics.contrast import contrast, contrast_recovery, dilated
from mridiff_sdk.metrics.report import score

AXES = ("modality", "y", "x")


def pair():
    y, x = torch.meshgrid(*(torch.arange(32.0) - 16,) * 2, indexing="ij")
    head = (torch.hypot(y, x) < 15).float()
    spot = torch.hypot(y - 3, x) < 3
    return torch.stack((head + 2.0 * spot, 5 * head))[None], torch.stack((spot, torch.zeros_like(spot)))[None]


def test_each_modality_is_scored_by_itself_and_in_the_mean():
    truth, lesion = pair()
    fields = {"x": Field(truth, AXES), "lesion": Field(lesion, AXES)}
    x = truth.clone()
    x[:, 1] += 0.5
    found = score("x", x, truth, Space(AXES, complex=False), fields)
    assert found["nmse_0"] == 0 and found["psnr_0"] == float("inf")
    assert found["psnr_1"] == pytest.approx(20.0)  # an error of a tenth of its own largest value
    assert found["nmse"] == pytest.approx(found["nmse_1"] / 2)
    assert found["contrast_lesion_0"] == pytest.approx(1) and "contrast_lesion_1" not in found and "contrast_lesion" not in found
    alone = score("x", x[:, 1], truth[:, 1], Space(("y", "x"), complex=False), {"x": Field(truth[:, 1], ("y", "x"))})
    assert alone == {name.removesuffix("_1"): v for name, v in found.items() if name.endswith("_1")}


def test_contrast_is_the_share_of_a_lesion_that_is_seen():
    truth, lesion = pair()
    spot, region = truth[:, 0], lesion[:, 0]
    assert float(contrast(spot, region)) == pytest.approx(2.0)
    head = (truth[:, 1] / 5).float()
    assert float(contrast_recovery(head + 0.5 * (spot - head), spot, region)) == pytest.approx(0.5)
    assert float(contrast_recovery(head, spot, region)) == pytest.approx(0, abs=1e-6)
    assert int(dilated(torch.eye(9, dtype=torch.bool)[None, 4:5] * torch.ones(1, 9, 1, dtype=torch.bool), 1).sum()) == 27
    blurred = torch.nn.functional.avg_pool2d(region.float(), 3, 1, 1)  # the edge of a lesion, one pixel out, belongs to neither side
    assert float(contrast(spot + blurred * ~region, region)) == pytest.approx(float(contrast(spot, region)))
    far = torch.zeros_like(spot)
    far[dilated(region, 5) & ~dilated(region, 2)] = 0.5
    assert float(contrast(spot + far, region)) == pytest.approx(float(contrast(spot, region)) - 0.5)
    with pytest.raises(DataError, match="empty"):
        contrast(spot, torch.zeros_like(region))

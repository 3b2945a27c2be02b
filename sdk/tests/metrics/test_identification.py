import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Space
from mridiff_sdk.metrics.identification import correlations, pixcorr, two_way
from mridiff_sdk.metrics.report import score


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_pixcorr_is_pearson_and_blind_to_contrast_and_brightness():
    a, b = draw(5, 3, 8, 8), draw(5, 3, 8, 8, seed=1)
    expected = torch.stack([torch.corrcoef(torch.stack((x.flatten(), y.flatten())))[0, 1] for x, y in zip(a, b, strict=True)])
    torch.testing.assert_close(pixcorr(a, b).float(), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pixcorr(2 * a + 1, a), torch.ones(5, dtype=torch.float64))
    assert pixcorr(torch.ones(1, 3, 8, 8), a[:1]) == 0


def test_identification_is_1_for_the_truth_half_for_others_and_0_for_its_opposite():
    a = draw(40, 50)
    assert two_way(a, a).mean() == 1 and two_way(-a, a).mean() == 0
    assert two_way(torch.ones(40, 50), a).mean() == 0.5
    assert float(two_way(draw(40, 50, seed=1), a).mean()) == pytest.approx(0.5, abs=0.1)


def test_identification_counts_every_ordered_pair():
    """Worked by hand: the correlations of three estimates with three references."""
    reference = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    estimate = torch.tensor([[3.0, 2, 0, 0], [2, 1, 0, 0], [0, 0, 1, 0]])
    assert two_way(estimate, reference).tolist() == [1.0, 0.5, 1.0]
    assert correlations(estimate, reference)[1].argmax() == 0
    each = [two_way(estimate[j : j + 1], reference[j : j + 1], reference[torch.arange(3) != j]) for j in range(3)]
    assert torch.cat(each).tolist() == [1.0, 0.5, 1.0]


def test_one_sample_and_other_shapes_are_refused():
    with pytest.raises(DataError, match="two samples"):
        two_way(draw(1, 4), draw(1, 4))
    with pytest.raises(DataError, match="one shape"):
        pixcorr(draw(2, 4), draw(2, 5))


def test_a_picture_in_colour_is_scored_as_a_picture():
    x, axes = draw(1, 3, 16, 16).sigmoid(), ("channel", "y", "x")
    found = score("x", x * 0.9, x, Space(axes, complex=False, kind="picture"), {"x": Field(x, axes)})
    assert set(found) == {"psnr", "ssim", "pixcorr", "nmse"} and found["pixcorr"] == pytest.approx(1)

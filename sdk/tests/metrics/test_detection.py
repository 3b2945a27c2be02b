import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Space
from mridiff_sdk.metrics import EVIDENCE, auc, best_dice, dice
from mridiff_sdk.metrics.report import score

AXES = ("y", "x")


def drawn(seed=0, shape=(3, 20, 16)):
    rng = torch.Generator().manual_seed(seed)
    region = torch.rand(shape, generator=rng) < 0.2
    within = torch.rand(shape, generator=rng) < 0.7
    values = (4 * torch.rand(shape, generator=rng) + region).round(decimals=1)  # with ties
    return values, region, within


def test_auc_is_the_share_of_pairs_in_the_right_order_and_ties_count_half():
    values, region, within = drawn()
    for i, found in enumerate(auc(values, region, within)):
        inside, outside = values[i][region[i] & within[i]], values[i][~region[i] & within[i]]
        pairs = (inside[:, None] > outside).double() + 0.5 * (inside[:, None] == outside)
        assert float(found) == pytest.approx(float(pairs.mean()), abs=1e-12)
    everywhere = torch.ones_like(region)
    assert (auc(region.float(), region, everywhere) == 1).all() and (auc(torch.zeros(region.shape), region, everywhere) == 0.5).all()


def test_the_best_dice_is_that_of_the_best_of_all_thresholds():
    values, region, within = drawn(1)
    thresholds = [*values.unique().tolist(), -1.0]
    tried = torch.stack([dice(values > t, region, within) for t in thresholds])
    torch.testing.assert_close(best_dice(values, region, within), tried.amax(0))


def test_dice_worked_by_hand_and_blind_to_what_lies_outside():
    region = torch.tensor([[1, 1, 1, 0, 0, 0]]).bool()
    mask, within = torch.tensor([[1, 1, 0, 1, 0, 1]]).bool(), torch.tensor([[1, 1, 1, 1, 1, 0]]).bool()
    assert float(dice(mask, region, within)) == pytest.approx(2 * 2 / (3 + 3))
    assert float(dice(torch.zeros_like(mask), region, within)) == 0


@pytest.mark.parametrize("region", [torch.zeros(1, 4, 4), torch.ones(1, 4, 4)])
def test_what_is_to_be_found_must_be_somewhere_and_not_everywhere(region):
    with pytest.raises(DataError, match="neither empty nor everything"):
        auc(torch.zeros(1, 4, 4), region.bool(), torch.ones(1, 4, 4).bool())


def test_a_map_of_evidence_is_scored_as_one_inside_the_head_and_not_as_an_image():
    region = torch.zeros(1, 24, 24).bool()
    region[:, 4:8, 4:8] = True
    head = torch.zeros_like(region)
    head[:, 2:20, 2:20] = True
    evidence = 2.0 * region + 5.0 * ~head  # what is bright outside of the head does not count
    evidence[:, 10, 10] = 1.5
    truth = {"lesion": Field(region, AXES), "head": Field(head, AXES)}
    space = Space(AXES, complex=False, unit=EVIDENCE)
    found = score("lesion", evidence, region, space, truth)
    assert found == {"flagged": pytest.approx(17 / 324), "auc": 1.0, "dice": pytest.approx(32 / 33), "dice_best": 1.0}
    several = score("lesion", torch.cat([2 * evidence, 0 * evidence]), region, space, truth)
    assert several == found  # samples of evidence are one, their mean
    healthy = score("lesion", evidence, torch.zeros_like(region), space, truth | {"lesion": Field(torch.zeros_like(region), AXES)})
    assert healthy == {"flagged": pytest.approx(17 / 324)}
    assert "auc" not in score("lesion", evidence, region, space, {"lesion": truth["lesion"]})

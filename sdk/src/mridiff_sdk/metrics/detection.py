"""How well a map of scores finds a region: AUC, Dice of a mask, and the best Dice of any threshold."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError

EVIDENCE = "thresholds"
"""The unit of a map of evidence: 1 is the threshold, from which on a place is said to belong to what is looked for."""


def auc(score: Tensor, region: Tensor, within: Tensor) -> Tensor:
    """Area under the ROC curve of scores (sample, ...) for a region, bool in their shape, among what is `within`, bool; per sample.

    The share of all pairs of a place in the region and one outside of it in which the first has the higher score; ties count half. Chance
    is 0.5. Raises DataError where one of the two is empty.
    """
    return torch.stack([_auc(*_split(*sample)) for sample in zip(score, region, within, strict=True)])


def dice(mask: Tensor, region: Tensor, within: Tensor) -> Tensor:
    """2 |mask and region| / (|mask| + |region|) of bool maps (sample, ...), among what is `within`; per sample.

    Raises DataError where the region is empty.
    """
    found = [_split(*sample) for sample in zip(mask.double(), region, within, strict=True)]
    return torch.stack([2 * inside.sum() / (inside.sum() + outside.sum() + len(inside)) for inside, outside in found])


def best_dice(score: Tensor, region: Tensor, within: Tensor) -> Tensor:
    """The Dice of `score > threshold` at the threshold that is best for each sample, which only the truth tells: no mask has more."""
    return torch.stack([_best(*_split(*sample)) for sample in zip(score, region, within, strict=True)])


def _split(score: Tensor, region: Tensor, within: Tensor) -> tuple[Tensor, Tensor]:
    """Scores inside the region and outside of it, in double precision."""
    inside, outside = score[region & within].double(), score[~region & within].double()
    if not len(inside) or not len(outside):
        raise DataError("a region to be found must be neither empty nor everything that is looked at")
    return inside, outside


def _auc(inside: Tensor, outside: Tensor) -> Tensor:
    ordered = outside.sort().values
    below = torch.searchsorted(ordered, inside, right=False) + torch.searchsorted(ordered, inside, right=True)
    return below.double().mean() / (2 * len(outside))


def _best(inside: Tensor, outside: Tensor) -> Tensor:
    score, order = torch.cat([inside, outside]).sort(descending=True)
    hits = (order < len(inside)).cumsum(0)
    value = 2 * hits.double() / (torch.arange(1, len(score) + 1, device=score.device) + len(inside))
    last = torch.cat([score[1:] < score[:-1], torch.ones(1, dtype=torch.bool, device=score.device)])  # equal scores go together
    return value[last].max()

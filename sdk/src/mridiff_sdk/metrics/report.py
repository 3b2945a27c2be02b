"""The metrics of a record: every installed metric of what a quantity is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.errors import MridiffError, PluginConflict, PluginError, said
from mridiff.interfaces import Field, Space
from mridiff.pipeline.services import survey
from mridiff.plugins.importing import imported
from mridiff.plugins.sources import Source, fault

GROUP = "mridiff.metrics"
Metric = Callable[[Tensor, Tensor, Space, Mapping[str, Field]], Mapping[str, float]]
"""`metric(estimate, reference, space, truth)`: numbers by name, none where it has nothing to say of such a quantity."""


def score(name: str, estimate: Tensor, reference: Tensor, space: Space, truth: Mapping[str, Field]) -> dict[str, float]:
    """Metrics of one quantity (1, *axes) against its reference, as plain numbers.

    A quantity is what its name says ("x", "motion"), and its space: kind ("image", "susceptibility") and unit ("ppm"). A package measures
    it by an entry point of the group `mridiff.metrics.WORD`, with one of these words; of several all count. What nobody measures has mean
    absolute and root mean square error, in its unit. Modalities are quantities of their own: each is scored by itself, with its
    number along the axis after the name (`psnr_0`), and the plain names are means over them. Raises PluginConflict where two claim
    the same number, PluginError where one fails.
    """
    if "modality" in space.axes:
        return _by_modality(name, estimate, reference, space, truth)
    estimate, reference = (
        v.to(torch.promote_types(v.dtype, torch.float64)) for v in (estimate, reference)
    )  # squares of 1e20 are no floats
    found: dict[str, float] = {}
    owner: dict[str, Source] = {}
    for source, metric in metrics_for(dict.fromkeys((name, space.kind, space.unit))):
        try:
            numbers = {n: float(v) for n, v in metric(estimate, reference, space, truth).items()}
        except MridiffError:
            raise
        except Exception as error:
            raise fault(PluginError, source, f"measuring {name} failed: {said(error)}") from error
        for number in numbers.keys() & found.keys():
            raise fault(PluginConflict, source, f"{number} of {name} is claimed by {owner[number]} of {owner[number].distribution} too",
                        "leave one of them out with MRIDIFF_BLOCK, or ask its author for another name")  # fmt: skip
        found |= numbers
        owner |= dict.fromkeys(numbers, source)
    return found or differences(estimate, reference)


def metrics_for(words: Iterable[str]) -> Iterator[tuple[Source, Metric]]:
    """The metrics of a quantity of these words, those of one word by name; raises PluginConflict where two packages claim one name."""
    installed = survey()
    for group in (f"{GROUP}.{word}" for word in words if word):
        claimed = {error.plugin for error in installed.failures if error.group == group}
        for name in sorted({*installed.of(group), *claimed}):
            if source := installed.find(group, name):
                yield source, imported(source, source.module)


def differences(estimate: Tensor, reference: Tensor) -> dict[str, float]:
    """Mean absolute and root mean square error, in the quantity's unit."""
    difference = (estimate - reference).abs()
    return {"mae": float(difference.mean()), "rmse": float(difference.square().mean().sqrt())}


def _by_modality(name: str, estimate: Tensor, reference: Tensor, space: Space, truth: Mapping[str, Field]) -> dict[str, float]:
    kept = [i for i, a in enumerate(space.axes) if a != "modality"]
    rest = replace(space, axes=tuple(space.axes[i] for i in kept), sizes=tuple(space.sizes[i] for i in kept))
    dim = 1 + space.axes.index("modality")
    rows = []
    for i in range(reference.shape[dim]):
        own = {key: _slice(f, i) if "modality" in f.axes else f for key, f in truth.items()}
        rows.append(score(name, estimate.select(dim, i), reference.select(dim, i), rest, own))
    means = {key: sum(row[key] for row in rows) / len(rows) for key in rows[0] if all(key in row for row in rows)}
    return means | {f"{key}_{i}": value for i, row in enumerate(rows) for key, value in row.items()}


def _slice(field: Field, index: int) -> Field:
    rest = tuple(a for a in field.axes if a != "modality")
    return Field(field.data.select(1 + field.axes.index("modality"), index), rest, field.unit)

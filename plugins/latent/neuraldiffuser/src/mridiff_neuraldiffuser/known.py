"""Known: scans that hold what decoders would give if they were perfect, in place of what is decoded."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from mridiff.interfaces import Field, Scan
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.stimuli import caption

from .decoders import AXES, TEXT
from .prior import FeatureGuided
from .train import wanted

prior = cache(FeatureGuided)


def known(scan: Scan, what: str = "", ahead: int = 0, scale: float = 1.0) -> Scan:
    """A scan with what decoders would give if they were perfect, of its own picture or of one that comes later."""
    data, n = SimFMRI(stimuli=100), int(scan.id.rpartition("-")[2]) + ahead
    found = wanted(prior().stack, data[n].truth["x"].data, [caption(data.scene(n))], prior().decoders.layers)
    fields = {**{k: Field(scale * v, AXES.get(k, AXES[TEXT])) for k, v in found.items()}, **data[n].measured.conditions}
    conditions = {**scan.measured.conditions, **{k: field for k, field in fields.items() if k.startswith(what)}}
    return replace(scan, measured=replace(scan.measured, conditions=conditions))

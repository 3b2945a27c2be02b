"""Exchange: scans whose MR is noise, or that of somebody else, beside PET that stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from mridiff.interfaces import Blocks, Field, Gaussian, Noise, Scan, Streams
from mridiff_datasets.pet_mr import PetMrPhantom


def without_mr(scan: Scan) -> Scan:
    """Its counts beside k-space that is noise and says so: its level is that of the signal before."""
    mask, k = scan.measured.acquisition["mask"], scan.measured.y[1]  # type: ignore[index]
    level = float((k.abs().square().sum() / mask.data.sum()).sqrt())
    return beside(scan, level * mask.data * Streams.of(0, scan.id).child("no mr").normal_like(k), mask, Gaussian(level))


def with_other_mr(scan: Scan) -> Scan:
    """Its counts beside the k-space of the next subject of the recipe's dataset."""
    other: Any = PetMrPhantom(first=int(scan.id.rpartition("-")[2]) + 1)[0].measured
    return beside(scan, other.y[1], other.acquisition["mask"], other.noise.parts[1])


def beside(scan: Scan, k: Tensor, mask: Field, noise: Noise) -> Scan:
    """A scan whose k-space is another one."""
    measured: Any = scan.measured
    fields = {**measured.acquisition, "mask": mask}
    return replace(
        scan, measured=replace(measured, y=(measured.y[0], k), noise=Blocks((measured.noise.parts[0], noise)), acquisition=fields)
    )

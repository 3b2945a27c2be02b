"""What all metrics begin with: magnitudes (real numbers keep their sign) of one shape, a data range per sample, sums over a region."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError


def magnitudes(estimate: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Both as real numbers of one type, (sample, ...): magnitudes if either is complex, else as they are, since a wrong sign is an error.

    Raises DataError if the shapes differ or there is nothing to compare.
    """
    if estimate.shape != reference.shape or estimate.ndim < 2 or estimate.numel() == 0:
        raise DataError(
            f"estimate {tuple(estimate.shape)} and reference {tuple(reference.shape)} must have one shape (sample, ...)",
            hint="crop or combine with the operator's image() first; metrics neither broadcast nor resize",
        )
    if estimate.is_complex() or reference.is_complex():
        estimate, reference = estimate.abs(), reference.abs()
    dtype = torch.promote_types(estimate.dtype, reference.dtype)
    return estimate.to(dtype), reference.to(dtype)


def data_range_of(reference: Tensor, data_range: float | Tensor | None) -> Tensor:
    """The data range per sample, (sample,): the maximum of the reference magnitude, or what the caller says."""
    if data_range is None:
        return reference.abs().flatten(1).amax(1)
    return torch.as_tensor(data_range, dtype=reference.dtype, device=reference.device).expand(len(reference))


def mean_over(values: Tensor, region: Tensor | None) -> Tensor:
    """The mean over all axes but sample, (sample,), or over the true voxels of `region` (1 or sample, ...), bool."""
    if region is None:
        return values.flatten(1).mean(1)
    if region.dtype != torch.bool or region.ndim != values.ndim:
        got = f"{region.dtype} of {tuple(region.shape)}"
        raise DataError(f"a region must be bool with the axes of the image {tuple(values.shape)}, got {got}")
    inside = region.expand_as(values).flatten(1)
    if not inside.any(1).all():
        raise DataError("the region of a sample is empty, so there is nothing to score")
    return torch.where(inside, values.flatten(1), 0).sum(1) / inside.sum(1)

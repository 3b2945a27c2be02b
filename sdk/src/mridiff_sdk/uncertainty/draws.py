"""Draws: samples of one unknown beside its truth, as real numbers."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError


def beside(samples: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Samples (sample, ...) and their truth (1, ...) in double precision, magnitudes if either is complex.

    Raises DataError unless there are two samples or more, of the truth's shape.
    """
    if len(samples) < 2:
        raise DataError(f"{len(samples)} sample tells nothing of uncertainty", hint="Ask the method for more, such as --samples 20.")
    if samples.ndim < 2 or truth.shape != (1, *samples.shape[1:]):
        raise DataError(f"samples {tuple(samples.shape)} and truth {tuple(truth.shape)} must be (sample, ...) and (1, ...) of one shape",
                        hint="combine coils with the operator's image() first")  # fmt: skip
    if samples.is_complex() or truth.is_complex():
        samples, truth = samples.abs(), truth.abs()
    return samples.double(), truth.double()

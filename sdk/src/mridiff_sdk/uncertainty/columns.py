"""Columns: measures of samples for studies, inside the object."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from mridiff.interfaces import Scan
from mridiff.pipeline.method import Reconstruction

from ..metrics.region import region_of
from .coverage import coverage, least
from .crps import crps
from .spread import spread_error_correlation, spread_over_error

Metric = Callable[[Reconstruction, Scan], float]


def coverage_90(result: Reconstruction, scan: Scan) -> float:
    """Share of the object's pixels inside the central 90 % of the samples (19 or more); 0.9 for exact draws."""
    return _inside(coverage, result, scan, least(0.9))


def crps_percent(result: Reconstruction, scan: Scan) -> float:
    """Continuous ranked probability score of the samples inside the object, in per cent of the reference's maximum; lower is better."""
    return 100 * _inside(crps, result, scan) / (float(scan.truth["x"].data.abs().max()) if "x" in scan.truth else 1.0)


def spread(result: Reconstruction, scan: Scan) -> float:
    """Spread of the samples over the error of their mean, inside the object; 1 for exact draws, less for too little spread."""
    return _inside(spread_over_error, result, scan)


def correlation(result: Reconstruction, scan: Scan) -> float:
    """Correlation of the samples' standard deviation and the absolute error of their mean over the object's pixels."""
    return _inside(spread_error_correlation, result, scan)


def _inside(measure: Callable[..., Tensor], result: Reconstruction, scan: Scan, fewest: int = 2) -> float:
    """NaN, a dash in tables, where there is no truth in the space of the samples, or where these are too few."""
    truth = scan.truth.get("x")
    if truth is None or truth.axes != result.axes or truth.data.shape[1:] != result.samples.shape[1:] or len(result.samples) < fewest:
        return float("nan")
    region = region_of(truth.data, scan.truth)
    return float(measure(result.samples, truth.data, region=region))


UNCERTAINTY: Mapping[str, Metric] = {
    "coverage_90": coverage_90,
    "crps": crps_percent,
    "spread_over_error": spread,
    "spread_error_correlation": correlation,
}
"""The `extra` of a study of samples; of these, `crps` alone has a better end, -1."""

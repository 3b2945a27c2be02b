"""Calibration: the factor by which the spread of a method's samples becomes intervals, what it was made from, and what it promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Dataset, Scan
from mridiff.io.atomic import regular
from mridiff.pipeline.method import Method, Reconstruction, Watch
from mridiff.pipeline.record import describe, now, origin, plain, seal, write_json
from mridiff.spec import Trait

from ..metrics.region import region_of
from ..study.statistics import subject
from .conformal import FEWEST, checked, conformal, covered, gaussian, promised, ratios, realised, score
from .misfit import misfit

PARTS = ("operator", "priors", "sampler")
"""What of a configuration decides how samples spread; seed, batch and device do not."""


@dataclass(frozen=True)
class Calibration:
    """Intervals are mean -+ `factor` standard deviations of the samples, of magnitudes where complex.

    `made_from` is what the method was (configuration, number of samples, weights, versions), `scans` the dataset and the hashes of its
    data. `subjects` has for each its `score` (the factor that it would have needed), and the share of its pixels that is covered `before`
    (as if samples were Gaussian) and `after`, by a factor made of the other subjects; None where these are too few. `misfits` are those of
    each scan, empty for a method that has none (`misfit`).
    """

    factor: float
    level: float
    confidence: float
    made_from: Mapping[str, Any]
    scans: Mapping[str, Any]
    subjects: Mapping[str, Mapping[str, float | None]]
    created: str
    misfits: Mapping[str, float] = field(default_factory=dict)

    @property
    def promise(self) -> str:
        """What is guaranteed, in a sentence."""
        n = len(self.subjects)
        low, high = realised(n, self.confidence)
        return (
            f"in a new subject exchangeable with these {n}, {self.level:.0%} of the object's pixels or more lie in their intervals with "
            f"probability {promised(n, self.confidence):.2f} (once these {n} are drawn, {low:.2f} to {high:.2f} in nine of ten "
            "calibrations); of single pixels or regions nothing is promised"
        )

    def bounds(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Lower and upper bounds (...) from samples (sample, ...): of magnitudes, which are not below 0, where complex."""
        x = samples.abs() if samples.is_complex() else samples
        mean, reach = x.mean(0), self.factor * x.std(0)
        low = mean - reach
        return (low.clamp_min(0) if samples.is_complex() else low), mean + reach

    def unusual(self, score: float) -> float:
        """Share of the calibration's scans that have a smaller misfit."""
        return sum(usual < score for usual in self.misfits.values()) / max(1, len(self.misfits))

    def check(self, record: Mapping[str, Any]) -> None:
        """Raise DataError, with all reasons, unless a record (or `describe(method)`) is of the method that was calibrated."""
        here = _identity(record)
        both = self.made_from["versions"].keys() & here["versions"].keys()  # who reads the scans may differ
        was, here = ({**m, "versions": {name: m["versions"][name] for name in sorted(both)}} for m in (self.made_from, here))
        if found := list(_differences(was, here)):
            raise DataError(f"this calibration is of another method: {'; '.join(found)}",
                            hint="Calibrate the method as it is, or run it as it was calibrated.")  # fmt: skip

    def write(self, path: Path) -> None:
        """A small JSON file, with the hash of itself."""
        whole = plain({**asdict(self), "promise": self.promise})
        write_json(path, {**whole, "sha256": seal(whole)})

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """A calibration from its file; raises DataError where it is none, or was changed."""
        with boundary(f"{path} cannot be read"):
            try:
                whole = json.loads(regular(path).read_bytes())
                sealed = whole.pop("sha256")
                found = cls(**{key: value for key, value in whole.items() if key != "promise"})
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                raise DataError(f"{path} is no calibration", hint="`mridiff calibrate METHOD INPUT -o FILE` makes one.") from error
        if sealed != seal(whole):
            raise DataError(f"{path} was changed since it was made", hint="Make it again with `mridiff calibrate`.")
        return found


def calibrate(method: Method, scans: Dataset, level: float = 0.9, confidence: float = 0.5, watch: Watch | None = None) -> Calibration:
    """The calibration of a method on scans with truth, split by subject, on none of which its weights were trained.

    Raises ConfigError for a method without samples, DataError for a scan without truth, fewer than `FEWEST` subjects or too few for that
    confidence, samples that do not spread.
    """
    head = describe(method)
    point = Trait.POINT in method.plan.choice.sampler.spec.offers
    checked(level, confidence, 1 if point else head["config"]["samples"], head["config"].get("until"))
    people = {subject(scan.id) for scan in scans}
    if len(people) < FEWEST:
        raise DataError(f"{len(people)} subjects are too few to promise anything of another: {FEWEST} are needed, not slices of the same",
                        hint="A scan is of whom stands before the last / of its name.")  # fmt: skip
    conformal([0.0] * len(people), confidence)
    parts: dict[str, list[Tensor]] = {}
    data: dict[str, str] = {}
    misfits: dict[str, float] = {}
    for scan in scans:
        result = method(scan, watch=watch)
        parts.setdefault(subject(scan.id), []).append(_ratios(result, scan))
        with suppress(DataError):  # a method without a denoiser has none
            misfits[scan.id] = misfit(method, result)
        data[scan.id] = origin(head, scan)["data_sha256"]
    found = {who: torch.cat(several).sort().values for who, several in parts.items()}
    node = plain(method.plan.as_dict().get("dataset", {}))
    made = _of(found, level, confidence, _identity(head), {"dataset": node, "data_sha256": data})
    return replace(made, misfits=misfits)


def intervals(method: Method, result: Reconstruction, calibration: Calibration) -> tuple[Tensor, Tensor]:
    """Lower and upper bounds (*axes) of what a method made; raises DataError where it is not the method that was calibrated."""
    calibration.check({**describe(method), "samples": len(result.samples)})
    return calibration.bounds(result.samples)


def _of(
    found: Mapping[str, Tensor], level: float, confidence: float, made_from: Mapping[str, Any], scans: Mapping[str, Any]
) -> Calibration:
    scores = {who: score(r, level) for who, r in found.items()}
    factor = conformal(list(scores.values()), confidence)
    if not isfinite(factor):
        raise DataError("the samples of this method agree where they are wrong, so that no factor makes intervals of their spread")
    subjects = {}
    for who, r in found.items():
        others = [s for name, s in scores.items() if name != who]
        after = covered(r, conformal(others, confidence)) if promised(len(others), confidence) < 1 else None
        subjects[who] = {"score": scores[who], "before": covered(r, gaussian(made_from["samples"], level)), "after": after}
    return Calibration(factor, level, confidence, made_from, scans, subjects, now())


def _ratios(result: Reconstruction, scan: Scan) -> Tensor:
    truth = scan.truth.get("x")
    if truth is None or truth.axes != result.axes:
        raise DataError(f"{scan.id} has no truth in the space of the image, so nothing can be calibrated on it",
                        hint="Calibrate on scans that are sampled in full, with -R.")  # fmt: skip
    return ratios(result.samples, truth.data, region_of(truth.data, scan.truth))


def _identity(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a method is, from a record or `describe`."""
    config = record["config"]
    versions = {name: v for name, v in record["versions"].items() if name not in {"python", "torch"}}
    return plain({**{part: config[part] for part in PARTS if part in config}, "samples": record.get("samples", config.get("samples")),
                  "weights": record["weights_sha256"], "versions": versions, "altered": record.get("altered", {})})  # fmt: skip


def _differences(was: Any, now: Any, path: str = "") -> Iterator[str]:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*was, *now)):
            yield from _differences(was.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif was != now:
        yield f"the {path} are others" if path.startswith("weights.") else f"{path} was {was!r} and is {now!r}"

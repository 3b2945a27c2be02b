"""Robustness: the study of a method as its recipe has it and with one thing changed at a time, beside others on the same scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mridiff.errors import ConfigError, Mistake, MridiffError
from mridiff.pipeline.plan import Plan, configurable, plan
from mridiff.pipeline.signature import options_model
from mridiff.plugins.registry import Registry
from mridiff.spec import OperatorSpec

from ..alterations import drawn_lesion, little_motion, shifted_maps
from .study import Altered, Row, Scans, Study

AXES = {"coil", "y", "x"}
"""Of what an operator acts on that takes scans of one plane."""
PATTERNS = ("random", "equispaced", "poisson")
"""Families of masks: lines at random, lines at equal distances, points."""
SHARED = ("acceleration", "pattern", "center_fraction", "coils", "maps", "noise_std")
"""What is taken over from the scans of a recipe."""


@dataclass(frozen=True)
class Robustness:
    """What makes the study of a method's name: `beside` are the methods it is set beside, `count` the slices of each subject.

    The scans are those of `dataset`, which gives heads and hearts by its option `source`.
    """

    method: str
    beside: tuple[str, ...] = ("zero-filled", "cg-sense", "l1-wavelet", "tv", "dpir")
    count: int = 1
    size: int = 128
    dataset: str = "held-out-heads"

    def __call__(self, registry: Registry) -> Study:
        """The study; raises ConfigError for a method whose operator does not take scans of one plane, and what `plan` raises."""
        mine = plan(self.method, registry)
        if why := _unfit(mine):
            raise ConfigError([Mistake("METHOD", f"{self.method} does not reconstruct accelerated scans of one plane: {why}")],
                              hint="Declare a study of its own: docs/measuring.md.")  # fmt: skip
        options = self._reference(mine, registry)
        node = {"use": self.dataset, "options": {"count": self.count, "size": self.size, **options}}
        plan(self.method, registry, {"dataset": {"use": self.dataset}})  # raises where its operator needs what these scans have not
        scans = {"as in its recipe": node, **changed(node)}
        rows, without = self._rows(mine, options, registry)
        left_out = [*(f"{name} is left out: {why}" for name, why in without.items()), *_unchanged(options)]
        return Study(
            title=f"{self.method} as in its recipe and with one thing changed at a time",
            rows=rows,
            scans=scans,
            metrics=("psnr", "ssim", "contrast_lesion", "nfe", "seconds"),
            against=(self.method,),
            notes=(
                f"As in its recipe: {_words(options)}; {self.size} pixels, simulated coils.",
                *(f"{s[:1].upper()}{s[1:]}." for s in left_out),
            ),
        )

    def _reference(self, mine: Plan, registry: Registry) -> dict[str, Any]:
        """The options of the recipe's scans that these scans know too: rate, pattern, noise, coils, maps."""
        known = options_model(configurable(registry.find("dataset", self.dataset))).model_fields
        given = mine.options.get("dataset", {})
        return {k: v for k, v in given.items() if k in known and k in SHARED}

    def _rows(self, mine: Plan, options: Mapping[str, Any], registry: Registry) -> tuple[dict[str, Row], dict[str, str]]:
        """The methods, those beside by the operator of the method where scans have no maps; and why others are left out."""
        assert mine.choice.operator is not None
        by = {"operator": {"use": mine.choice.operator.qualified}} if options.get("maps") == "none" else {}
        rows: dict[str, Row] = {}
        without: dict[str, str] = {}
        for name in (n for n in self.beside if n != self.method):
            try:
                why = _unfit(plan(name, registry, {"dataset": {"use": self.dataset}, **by}))
            except MridiffError as error:
                why = error.message
            if why:
                without[name] = why
            else:
                rows[name] = {"recipe": name, **by} if by else name
        return {**rows, self.method: self.method}, without


def _unfit(method: Plan) -> str:
    """Why a method does not reconstruct scans of one plane; empty where it does."""
    operator = method.choice.operator
    spec = operator.spec if operator else None
    if operator is None or not isinstance(spec, OperatorSpec):
        return "it has no operator, so there is no rate, pattern or coil to change"
    if set(spec.axes) <= AXES and spec.complex:
        return ""
    kind = "complex" if spec.complex else "real"
    return f"its operator {operator.qualified} acts on {kind} images over ({', '.join(spec.axes)}), not on one complex image of a plane"


def changed(node: Mapping[str, Any]) -> dict[str, Scans]:
    """By title the scans of a node with one thing changed; what its options do not allow is not among them."""
    given = node["options"]

    def other(**options: Any) -> dict[str, Any]:
        return {"use": node["use"], "options": {**given, **options}}

    R, noise, coils = float(given.get("acceleration", 4)), float(given.get("noise_std", 0)), _coils(given)
    found: dict[str, Scans] = {f"rate: R = {r:g}": other(acceleration=r) for r in (R / 2, 2 * R) if r > 1}
    found |= {f"mask: {p}": other(pattern=p) for p in PATTERNS if p != given.get("pattern", PATTERNS[0])}
    more = 4 * (noise or 0.005)
    found[f"noise: {more:g}"] = other(noise_std=more)
    if coils > 1:
        found[f"coils: {max(1, coils // 4)}"] = other(coils=max(1, coils // 4))
        found["coil maps: 1/16 off"] = Altered(node, scan=shifted_maps)
    found |= {"a little motion": Altered(node, scan=little_motion), "a drawn lesion": Altered(node, scan=drawn_lesion)}
    sources = {"other scanner: T2": "t2-clinical", "contrast: T1": "t1", "contrast: FLAIR": "flair", "anatomy: heart": "heart"}
    return found | {title: other(source=source) for title, source in sources.items()}


def _coils(options: Mapping[str, Any]) -> int:
    """How many coils scans have; without maps one."""
    return 1 if options.get("maps") == "none" else int(options.get("coils", 0)) or 8


def _unchanged(options: Mapping[str, Any]) -> Iterator[str]:
    if _coils(options) == 1:
        yield "its scans are of one coil: fewer coils and wrong maps do not apply"


def _words(options: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in options.items()
    )

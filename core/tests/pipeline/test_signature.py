"""A constructor's signature as its configuration: what is required, what it may be, how it is told."""

import json
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
from annotated_types import Ge

from mridiff.pipeline.plan import Plan, plan
from mridiff.pipeline.signature import describe, options_model, validate_options
from toy import CONFIG, registry


class Kind(Enum):
    ONE = "one"


def made(path: Path, text: str, count: Annotated[int, Ge(1), "how many"] = 3, *, low: str | None = None, kind: Kind = Kind.ONE): ...


def test_an_option_without_default_is_required_and_every_one_that_is_missing_is_named():
    model = options_model(made)
    assert model is options_model(made), "derived once"
    values, problems = validate_options(model, {"count": 2}, "x")
    assert values == {} and [(p.path, p.message) for p in problems] == [
        ("x.path", "this option is required"),
        ("x.text", "this option is required"),
    ]
    assert validate_options(model, {"path": None, "text": None}, "x")[1], "nothing is no value of a required option"
    rows = {row["name"]: row for row in describe(model)}
    assert rows["path"]["default"] == "required" and rows["count"]["default"] == 3 and rows["low"]["default"] is None
    assert rows["count"]["description"] == "how many"


@pytest.mark.parametrize(("given", "kept"), [(1, "1"), (-2, "-2"), (1.5, "1.5"), ("12", "12")])
def test_a_number_serves_as_a_text(given, kept):
    values, problems = validate_options(options_model(made), {"path": "a", "text": given, "low": given}, "x")
    assert problems == [] and values["text"] == values["low"] == kept


@pytest.mark.parametrize("given", [True, None, [1], {"a": 1}])
def test_nothing_else_does(given):
    assert validate_options(options_model(made), {"path": "a", "text": given}, "x")[1]


def test_a_plan_is_plain_data_however_deep_its_options_are():
    resolved = plan(CONFIG, registry())
    odd = {"path": Path("a/b"), "pair": (1, Path("c")), "deep": {"list": [Path("d"), {Kind.ONE}], 3: Kind.ONE}, "kind": Kind.ONE}
    told = Plan(resolved.config, resolved.choice, {**resolved.options, "sampler": odd}).as_dict()
    assert told["sampler"]["options"] == json.loads(json.dumps(told["sampler"]["options"])) == {
        "path": "a/b", "pair": [1, "c"], "deep": {"list": ["d", ["one"]], "3": "one"}, "kind": "one"}  # fmt: skip


OTHER = """
from __future__ import annotations
from dataclasses import dataclass
from typing import Annotated
Rate = Annotated[float, "how fast"]
@dataclass
class Base:
    rate: Rate = 2.0
"""


def test_a_dataclass_may_inherit_its_options_from_another_module(monkeypatch):
    other = ModuleType("other")
    monkeypatch.setitem(sys.modules, "other", other)
    exec(OTHER, vars(other))

    @dataclass
    class Derived(vars(other)["Base"]):
        count: "int" = 1

        def __post_init__(self):
            self.done = True

    rows = describe(options_model(Derived))
    assert [(row["name"], row["default"], row["description"]) for row in rows] == [("rate", 2.0, "how fast"), ("count", 1, "")]

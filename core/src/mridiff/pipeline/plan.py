"""Plan: a run whose components are found, fit together and have valid options; the last stop before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Incompatible, Mistake, MridiffError, PluginError
from ..io.yaml import Document
from ..plugins.entry import Entry
from ..plugins.registry import Registry
from ..spec import SamplerSpec
from .compatibility import Choice, mismatches
from .config import Node, RunConfig, Source, parse, place


@dataclass(frozen=True)
class Plan:
    """A resolved run: the entries, and the options of each slot with every default explicit."""

    config: RunConfig
    choice: Choice
    options: Mapping[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The run with full names and all defaults, itself a valid configuration."""
        nodes = {slot: {"use": e.qualified, "options": _plain(self.options.get(slot, {}))} for slot, e in self.choice.slots().items()}
        priors = {slot.removeprefix("priors."): nodes.pop(slot) for slot in list(nodes) if slot.startswith("priors.")}
        rest = {k: getattr(self.config, k) for k in ("version", "recipe", "seed", "samples", "until", "batch", "device")}
        return {**{k: v for k, v in rest.items() if v is not None}, **nodes, **({"priors": priors} if priors else {})}


def _plain(value: Any) -> Any:
    """A value as YAML and JSON have it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    return _plain(value.value) if isinstance(value, Enum) else str(value) if isinstance(value, Path) else value


def choose(config: RunConfig, document: Document, registry: Registry) -> Choice:
    """The entries that a configuration names; raises ConfigError that lists every unknown name, Incompatible if they do not fit."""
    mistakes: list[Mistake] = []

    def find(kind: str, slot: str, node: Node | None) -> Entry | None:
        if node is None:
            return None
        try:
            return registry.find(kind, node.use)
        except PluginError:
            raise
        except MridiffError as error:
            mistakes.append(place(document, f"{slot}.use", f"{error.message} ({error.hint})"))
            return None

    dataset = find("dataset", "dataset", config.dataset)
    operator = find("operator", "operator", config.operator)
    priors = {name: find("prior", f"priors.{name}", node) for name, node in config.priors.items()}
    sampler = find("sampler", "sampler", config.sampler)
    if mistakes or sampler is None:
        raise ConfigError(mistakes)
    choice = Choice(sampler, {n: e for n, e in priors.items() if e is not None}, operator, dataset)
    if found := mismatches(choice, registry):
        raise Incompatible(found)
    return choice


def plan(source: Source, registry: Registry, changes: Mapping[str, Any] | None = None) -> Plan:
    """Read, resolve and validate a run; imports the components but builds none. Raises ConfigError, Incompatible, PluginError."""
    from .signature import options_model, validate_options

    config, document = parse(source, registry, changes)
    choice = choose(config, document, registry)
    nodes = {"dataset": config.dataset, "operator": config.operator, "sampler": config.sampler}
    nodes |= {f"priors.{name}": node for name, node in config.priors.items()}
    options: dict[str, dict[str, Any]] = {}
    mistakes: list[Mistake] = []
    for slot, entry in choice.slots().items():
        node = nodes[slot]
        assert node is not None
        model = options_model(configurable(entry), _not_options(entry))
        options[slot], found = validate_options(model, node.options, f"{slot}.options")
        mistakes += [place(document, p.path, p.message) for p in found]
    if mistakes:
        raise ConfigError(mistakes, hint="`mridiff show NAME` lists a component's options with their bounds.")
    return Plan(config, choice, options)


def configurable(entry: Entry) -> Any:
    """The callable whose signature is the component's configuration: `for_scan` of an operator, the class of anything else."""
    cls = entry.load()
    return cls.for_scan if entry.spec.kind == "operator" else cls


def _not_options(entry: Entry) -> tuple[str, ...]:
    """Arguments that the pipeline gives: a scan's measured half, the priors."""
    return ("measured",) if entry.spec.kind == "operator" else tuple(entry.spec.priors) if isinstance(entry.spec, SamplerSpec) else ()


def option_rows(entry: Entry) -> list[dict[str, Any]]:
    """The options of a component as plain data."""
    from .signature import describe, options_model

    return describe(options_model(configurable(entry), _not_options(entry)))

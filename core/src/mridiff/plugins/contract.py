"""Whether a class fits the interface of its kind, and where it does not."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

INTERFACES = {
    "operator": "mridiff.interfaces.operator:Operator",
    "prior": "mridiff.interfaces.prior:Prior",
    "sampler": "mridiff.interfaces.sampler:Sampler",
    "dataset": "mridiff.interfaces.dataset:Dataset",
}


def differences(kind: str, found: object) -> list[str]:
    """What keeps `found` from being a class of that kind: its base, missing methods, and methods that take other arguments."""
    module, _, name = INTERFACES[kind].partition(":")
    interface = getattr(importlib.import_module(module), name)
    if not isinstance(found, type):
        return [f"it is {type(found).__name__}, not a class"]
    if not issubclass(found, interface):
        return [f"it does not derive from {module}.{name}"]
    missing = sorted(getattr(found, "__abstractmethods__", ()))
    problems = [f"it lacks {_signature(_function(found, method), method)}" for method in missing]
    for method, required in _required(found).items():
        if method not in missing and (reason := _misfit(_function(found, method), required)):
            given = _signature(_function(found, method), method)
            problems.append(f"it has {given}, which cannot be called as {_signature(required, method)}: {reason}")
    return problems


def _required(found: type) -> dict[str, Callable[..., Any]]:
    """The abstract methods of all bases; the one nearest to the class counts."""
    methods: dict[str, Callable[..., Any]] = {}
    for base in reversed(found.__mro__):
        for name, value in vars(base).items():
            if getattr(value, "__isabstractmethod__", False) and inspect.isfunction(value):
                methods[name] = value
    return methods


def _function(found: type, name: str) -> Any:
    """The method as it is written, `self` included."""
    return inspect.getattr_static(found, name)


def _misfit(given: Any, required: Callable[..., Any]) -> str:
    """Why a call that suits `required` does not suit `given`; arguments with defaults count by position and by name."""
    if not inspect.isfunction(given):
        return "" if callable(given) or hasattr(given, "__get__") else f"it is {type(given).__name__}, not a method"
    parameters = list(inspect.signature(required).parameters.values())
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    optional = [p for p in parameters if p.default is not p.empty]
    signature = inspect.signature(given)
    try:
        signature.bind(*needed)
        signature.bind(*needed, *(p for p in optional if p.kind is p.POSITIONAL_OR_KEYWORD))
        signature.bind(*needed, **{p.name: p for p in optional})
    except TypeError as error:
        return str(error)
    return ""


def _signature(function: Any, name: str) -> str:
    """`name(self, x, y=None)`, without annotations."""
    if not inspect.isfunction(function):
        return name
    bare = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    return f"{name}{inspect.Signature(bare)}"

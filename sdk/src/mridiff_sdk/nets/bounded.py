"""Bounded: building a network that a file describes, with no more than that file can fill."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules import module
from torch.overrides import TorchFunctionMode

from mridiff.errors import DataError, UnsafeInput, boundary

ALLOWANCE = 1_000_000
"""Numbers, and modules for a tensor, beyond what a file holds: it is told in detail what small networks lack."""


class _Room(TorchFunctionMode):
    """Asks before a tensor is made: a layer has its memory before it is known to be one."""

    def __init__(self, ask: Callable[[int], None]) -> None:
        super().__init__()
        self.ask = ask

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn}:
            self.ask(math.prod(args[0] if args and isinstance(args[0], (tuple, list)) else [n for n in args if isinstance(n, int)]))
        return func(*args, **(kwargs or {}))


@contextmanager
def bounded(source: object, tensors: Mapping[str, Tensor], hint: str = "") -> Iterator[None]:
    """Inside, networks are built of what the header of `source` says, for its tensors; anything that goes wrong is one DataError.

    A description of a hundred bytes can ask for terabytes of parameters, or for modules without end: building ends as soon as there are
    twice as many as the file could fill.
    """
    most = {"numbers": 2 * sum(t.numel() for t in tensors.values()) + ALLOWANCE, "modules": 100 * len(tensors) + 1000}
    made = dict.fromkeys(most, 0)

    def count(what: str, size: int) -> None:
        made[what] += size
        if made[what] > most[what]:
            raise DataError(f"{source}: its description asks for more than {most[what]} {what}; its tensors hold {most['numbers'] // 2}")

    def room(size: int) -> None:
        if size > most["numbers"]:
            count("numbers", size)

    def numbers(_module: Any, _name: str, tensor: Tensor | None) -> None:
        count("numbers", 0 if tensor is None else tensor.numel())

    def modules(_module: Any, _name: str, _child: Any) -> None:
        count("modules", 1)

    with ExitStack() as hooks:
        for handle in (
            module.register_module_parameter_registration_hook(numbers),
            module.register_module_buffer_registration_hook(numbers),
            module.register_module_module_registration_hook(modules),
        ):
            hooks.callback(handle.remove)
        with named(source), boundary(f"{source}: it does not describe a network that is known here", hint), _Room(room):
            yield


@contextmanager
def named(source: object) -> Iterator[None]:
    """Inside, errors about data name the file that they come from, also where only its content was known."""
    try:
        yield
    except (DataError, UnsafeInput) as error:
        if str(source) in error.message:
            raise
        raise type(error)(f"{source}: {error.message}", hint=error.hint) from error

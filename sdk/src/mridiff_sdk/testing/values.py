"""Arithmetic of the checks: tensors or tuples of them (blocks), compared in relative terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan, sqrt
from typing import Any

import torch
from torch import Tensor, nn

from mridiff.interfaces import Space, Streams
from mridiff.interfaces.operator import Codomain
from mridiff.interfaces.scan import Data


def parts(value: Data) -> tuple[Tensor, ...]:
    """The blocks of a measurement."""
    return value if isinstance(value, tuple) else (value,)


def each(function: Callable[..., Tensor], *values: Data) -> Data:
    """A function applied block by block."""
    made = tuple(function(*blocks) for blocks in zip(*map(parts, values), strict=True))
    return made if isinstance(values[0], tuple) else made[0]


def draw(spaces: Codomain, seed: int, samples: int, precision: torch.dtype) -> Data:
    """Random tensors (samples, *space) in a space, or one per block."""
    many = spaces if isinstance(spaces, tuple) else (spaces,)
    rng = Streams.of(seed, "check", samples)
    made = tuple(rng.normal(space.shape, space.dtype(precision)) for space in many)
    return made if isinstance(spaces, tuple) else made[0]


def inner(a: Data, b: Data) -> complex:
    """<a, b> = sum conj(a) b over everything."""
    return sum(complex((p.conj() * q).sum()) for p, q in zip(parts(a), parts(b), strict=True))


def size(a: Data) -> float:
    """The Euclidean norm over everything."""
    return sqrt(sum(float(torch.linalg.vector_norm(p)) ** 2 for p in parts(a)))


def distance(a: Data, b: Data) -> float:
    """|a - b| / |b|; |a| where b is zero. NaN never passes for small."""
    difference = size(each(lambda p, q: p - q, a, b)) / (size(b) or 1.0)
    return float("inf") if isnan(difference) else difference


def finite(a: Data) -> bool:
    """Whether all numbers are finite."""
    return all(bool(torch.isfinite(torch.view_as_real(p) if p.is_complex() else p).all()) for p in parts(a))


def close(a: Data, b: Data, bound: float, what: str) -> None:
    """Assert that a equals b (the right one) up to a relative error."""
    shapes = [tuple(p.shape) for p in parts(a)], [tuple(p.shape) for p in parts(b)]
    assert shapes[0] == shapes[1], f"{what}: shapes {shapes[0]} and {shapes[1]} differ"
    error = distance(a, b)
    assert error <= bound, f"{what}: relative error {error:.2g}, at most {bound:.0e} allowed"


def identical(a: Data, b: Data) -> bool:
    """Whether two measurements are the same, bit by bit; NaN equals NaN."""
    pairs = zip(parts(a), parts(b), strict=True)
    return all(p.shape == q.shape and bool(torch.all((p == q) | (torch.isnan(p) & torch.isnan(q)))) for p, q in pairs)


def bare_tensors(module: nn.Module) -> Iterator[str]:
    """Names of tensors that a module holds beside its buffers and parameters, so that `.to()` would leave them behind."""
    for prefix, inside in module.named_modules():
        for name, value in vars(inside).items():
            if not name.startswith("_") and any(True for _ in _tensors(value)):
                yield f"{prefix}.{name}".lstrip(".")


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def check_space(value: Data, spaces: Codomain | Space, samples: int, precision: torch.dtype, what: str) -> None:
    """Assert number of blocks, samples, axes, sizes, number field and precision."""
    many = spaces if isinstance(spaces, tuple) else (spaces,)
    assert isinstance(value, tuple) == isinstance(spaces, tuple), f"{what} is {type(value).__name__}; only blocks come as a tuple"
    assert len(parts(value)) == len(many), f"{what} has {len(parts(value))} blocks where {len(many)} are declared"
    for tensor, space in zip(parts(value), many, strict=True):
        wanted = (samples, *space.shape)
        assert tuple(tensor.shape) == wanted, f"{what} has shape {tuple(tensor.shape)}; {space} and {samples} samples give {wanted}"
        assert tensor.dtype == space.dtype(precision), f"{what} is {tensor.dtype}; {space} at this precision is {space.dtype(precision)}"

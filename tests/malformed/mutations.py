"""Mutations of bytes: what happens to files on disks and wires, and what somebody does who knows the format."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

Rng = np.random.Generator
EXTREME = (0, 1, 2, 7, 2**15 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def pick(rng: Rng, values: Sequence):
    return values[int(rng.integers(len(values)))]


def flip(rng: Rng, data: bytearray) -> None:
    for _ in range(int(rng.integers(1, 9))):
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))


def flip_early(rng: Rng, data: bytearray) -> None:
    for _ in range(int(rng.integers(1, 5))):
        data[int(rng.integers(min(len(data), 2048)))] ^= 1 << int(rng.integers(8))


def run(rng: Rng, data: bytearray) -> None:
    start, size = int(rng.integers(len(data))), int(rng.integers(1, 64))
    kind = int(rng.integers(3))
    data[start : start + size] = bytes(size) if kind == 0 else b"\xff" * size if kind == 1 else rng.bytes(size)


def cut(rng: Rng, data: bytearray) -> None:
    del data[int(rng.integers(len(data))) :]


def remove(rng: Rng, data: bytearray) -> None:
    start = int(rng.integers(len(data)))
    del data[start : start + int(rng.integers(1, 200))]


def insert(rng: Rng, data: bytearray) -> None:
    start, other = int(rng.integers(len(data))), int(rng.integers(len(data)))
    data[start:start] = data[other : other + int(rng.integers(1, 200))]


def lie(rng: Rng, data: bytearray) -> None:
    """A whole number of the file, at a place that holds a small one, becomes an extreme one."""
    for _ in range(int(rng.integers(1, 3))):
        size = pick(rng, (1, 2, 4, 8))
        places = [p for p in rng.integers(max(1, len(data) - 8), size=200) if 0 < int.from_bytes(data[p : p + size], "little") < 5000]
        if places:
            at = int(places[0])
            data[at : at + size] = (pick(rng, EXTREME) % 2 ** (8 * size)).to_bytes(size, "little")


def swap(rng: Rng, data: bytearray) -> None:
    a, b, size = (int(n) for n in (*rng.integers(len(data), size=2), rng.integers(1, 64)))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


MUTATIONS = (flip, flip_early, run, cut, remove, insert, lie, lie, lie, swap)


def mutated(rng: Rng, blob: bytes) -> bytes:
    """The bytes with one to three mutations."""
    data = bytearray(blob)
    for _ in range(int(rng.integers(1, 4))):
        if data:
            pick(rng, MUTATIONS)(rng, data)
    return bytes(data)


def edit(rng: Rng, blob: bytes, fields: dict[str, tuple[int, str]]) -> bytes:
    """The bytes with one to three fields, given by offset and struct format, overwritten."""
    data = bytearray(blob)
    for _ in range(int(rng.integers(1, 4))):
        offset, form = fields[pick(rng, sorted(fields))]
        struct.pack_into(form, data, offset, *(number(rng, form[-1]) for _ in range(int("".join(c for c in form if c.isdigit()) or 1))))
    return bytes(data)


def number(rng: Rng, kind: str):
    """A number for a struct format: an extreme one, mostly."""
    if kind in "fd":
        return float(pick(rng, (0.0, -0.0, 1.0, -1.0, 1e-38, 3e38, -3e38, float("nan"), float("inf"), -float("inf"), 1e10)))
    bits = 8 * struct.calcsize(kind)
    value = int(pick(rng, (*EXTREME, int(rng.integers(64))))) % 2**bits
    return value - 2**bits if kind in "bhilq" and value >= 2 ** (bits - 1) else value

"""Events: figures against updates in the file format that TensorBoard reads, written as they come.

Both libraries that write such files do it in a thread of their own: what a killed process had not written yet is lost, and one of
them overwrites the file of a run that is resumed within a second. The part of the format that is needed here is small.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path

POLYNOMIAL = 0x82F63B78
"""CRC-32C, bit-reversed (RFC 3720, appendix B.4)."""


def _entry(n: int) -> int:
    for _ in range(8):
        n = n >> 1 ^ (POLYNOMIAL if n & 1 else 0)
    return n


TABLE = [_entry(n) for n in range(256)]


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _checksum(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """A record of the file: length, its checksum, data, their checksum."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _number(n: int) -> bytes:
    """A whole number from 0 on, seven bits a byte, the lowest first."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def _field(key: int, data: bytes) -> bytes:
    return _number(key << 3 | 2) + _number(len(data)) + data


def event(step: int, content: bytes) -> bytes:
    """An Event message: 1 wall time, 2 step, and its content."""
    return b"\x09" + struct.pack("<d", time.time()) + b"\x10" + _number(step) + content


class Events:
    """A new file in `folder`; a run that goes on after update `step` tells the reader to forget what came later."""

    def __init__(self, folder: Path, step: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{time.time_ns()}.training"
        version = event(0, _field(3, b"brain.Event:2"))
        restart = [event(step + 1, _field(7, b"\x08\x01"))] if step else []  # 7: session log, whose status (1) is "start" (1)
        self.path.write_bytes(b"".join(map(record, (version, *restart))))

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """The figures of one update; Summary (5) of values (1), each with tag (1) and simple value (2)."""
        values = [_field(1, _field(1, name.encode()) + b"\x15" + struct.pack("<f", value)) for name, value in figures.items()]
        with self.path.open("ab") as file:
            file.write(record(event(step, _field(5, b"".join(values)))))

"""The log: lines that survive a kill, and event files as TensorBoard reads them."""

import os
import signal
import struct

from mridiff_sdk.training.events import crc32c
from mridiff_sdk.training.log import Log, read_log


def test_a_resumed_log_drops_what_comes_again(tmp_path):
    first = Log(tmp_path)
    for step in (1, 2, 3):
        first.write(step, loss=step / 2)
    again = Log(tmp_path, 2)
    again.write(3, loss=9.0)
    assert [(row["step"], row["loss"]) for row in read_log(tmp_path)] == [(1, 0.5), (2, 1.0), (3, 9.0)]


def test_a_line_that_a_kill_cut_short_does_no_harm(tmp_path):
    Log(tmp_path).write(1, loss=0.5)
    with (tmp_path / "log.jsonl").open("a") as f:
        f.write('{"step": 2, "lo')
    assert read_log(tmp_path) == [{"step": 1, "loss": 0.5}]
    Log(tmp_path, 1).write(2, loss=0.25)
    assert [row["step"] for row in read_log(tmp_path)] == [1, 2]


def test_what_is_no_line_of_a_log_is_left_out(tmp_path):
    Log(tmp_path).write(1, loss=0.5)
    with (tmp_path / "log.jsonl").open("ab") as f:
        f.write(b"\x00\xff\n{not json}\n[1]\n{}\n")
    assert read_log(tmp_path) == [{"step": 1, "loss": 0.5}]


def test_no_log_is_no_lines(tmp_path):
    assert read_log(tmp_path) == []


def test_what_is_no_ordinary_file_is_put_aside(tmp_path):
    """Who opens a pipe for writing waits for a reader."""
    os.mkfifo(tmp_path / "log.jsonl")
    signal.alarm(20)
    Log(tmp_path).write(1, loss=0.5)
    signal.alarm(0)
    assert read_log(tmp_path) == [{"step": 1, "loss": 0.5}]


def test_the_checksum_is_castagnolis():
    """Test vectors of RFC 3720, appendix B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


def unmasked(checksum):
    rotated = struct.unpack("<I", checksum)[0] - 0xA282EAD8 & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def records(path):
    """The records of an event file, checksums verified."""
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        content = data[12 : 12 + length]
        assert unmasked(data[8:12]) == crc32c(data[:8]) and unmasked(data[12 + length : 16 + length]) == crc32c(content)
        yield content
        data = data[16 + length :]


def fields(data):
    """The fields of a message, number to raw value; all that is written here: varints, 8 bytes, 4 bytes, bytes."""

    def varint(at):
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                return value, at

    at, found = 0, {}
    while at < len(data):
        key, at = varint(at)
        size = {1: 8, 5: 4}.get(key & 7)
        if key & 7 == 2:
            size, at = varint(at)
        if size is None:
            value, at = varint(at)
        else:
            value, at = data[at : at + size], at + size
        found.setdefault(key >> 3, []).append(value)
    return found


def test_event_files_hold_every_figure_and_the_restart(tmp_path):
    Log(tmp_path).write(300, loss=0.5, quality=20.0)
    Log(tmp_path, 300).write(301, loss=0.25)
    files = sorted((tmp_path / "tensorboard").glob("events.out.tfevents.*"))
    assert len(files) == 2
    events = [fields(r) for f in files for r in records(f)]
    assert [e[3] for e in events if 3 in e] == [[b"brain.Event:2"]] * 2
    assert [e[2] for e in events if 7 in e] == [[301]]
    values = [
        (fields(v)[1][0].decode(), e[2][0], struct.unpack("<f", fields(v)[2][0])[0]) for e in events if 5 in e for v in fields(e[5][0])[1]
    ]
    assert values == [("loss", 300, 0.5), ("quality", 300, 20.0), ("loss", 301, 0.25)]

"""The boundary: whatever foreign code raises leaves as one error of the family."""

from __future__ import annotations

import zlib

import pytest

from mridiff.errors import ConfigError, DataError, Mistake, MridiffError, UnsafeInput, boundary


class Panic(BaseException):
    """Libraries written in other languages raise errors that are no Exception."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(("error", "words"), [
    (MemoryError(), "MemoryError"), (MemoryError("3 GiB"), "MemoryError: 3 GiB"), (zlib.error("Error -3"), "error: Error -3"),
    (RecursionError("too deep"), "RecursionError: too deep"), (OSError(28, "No space left on device"), "OSError: No space left on device"),
    (KeyError("a\x1b[31m\nb"), "KeyError: 'a\\x1b[31m\\nb'"), (ValueError("a\x1b[31m\n\u202eb"), "ValueError: a [31m b"),
    (ValueError("x" * 5000), "ValueError: " + "x" * 300), (Panic("cannot be caught"), "Panic: cannot be caught"), (Mute(), "Mute"),
    (IndexError(), "IndexError"), (StopIteration(3), "StopIteration: 3"), (AssertionError(), "AssertionError"),
])  # fmt: skip
def test_any_error_becomes_one_of_the_family(error, words):
    with pytest.raises(DataError) as caught, boundary("scan.h5: it cannot be read", "Send it again."):
        raise error
    assert caught.value.message == f"scan.h5: it cannot be read: {words}"
    assert caught.value.hint == "Send it again." and caught.value.__cause__ is error


@pytest.mark.parametrize("error", [UnsafeInput("a"), ConfigError([Mistake("a", "b")]), KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_the_family_and_interrupts_pass(error):
    with pytest.raises(type(error)) as caught, boundary("what"):
        raise error
    assert caught.value is error


def test_the_kind_can_be_chosen():
    with pytest.raises(MridiffError) as caught, boundary("the sampler failed", kind=MridiffError):
        raise ValueError
    assert type(caught.value) is MridiffError


def test_many_and_long_problems_are_shortened():
    error = ConfigError([Mistake("k" * 5000, "no such entry, got " + "x" * 5000, "run.yaml", 1, 1)] * 300)
    assert len(error.mistakes) == 300 and len(error.as_dict()["mistakes"]) == 300
    assert error.message.endswith("... and 280 more") and "(5000 letters)" in error.message and len(error.message) < 20_000
    assert "more" not in ConfigError([Mistake("a", "b")] * 20).message


def test_what_a_message_quotes_cannot_reach_the_terminal_as_control():
    error = DataError("scan\x1b[31m\u202e\u0085 cannot be read:\n  because", hint="h")
    assert error.message == "scan\\x1b[31m\\u202e\\x85 cannot be read:\n  because" and str(error) == f"{error.message}\n  h"

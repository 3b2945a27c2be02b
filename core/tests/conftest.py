"""The tests' own components are importable by name, as those of an installed plugin are."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def in_time():
    """Whatever waits for ever is ended, and fails even where somebody catches the error."""
    late = []

    def end(*_):
        late.append(True)
        raise TimeoutError("it waits for ever")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    assert not late, "it waited for ever"

"""What pytest gives to every package that has the sdk beside it: measured data, and other draws of the random numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--real-data` makes missing data a failure, `--salt N` draws all random streams anew."""
    group = parser.getgroup("mridiff")
    group.addoption("--real-data", action="store_true", help="fail instead of skipping where the measured data is missing")
    group.addoption("--salt", type=int, default=0, metavar="N", help="other random numbers everywhere: a claim must not hang on one draw")


def pytest_configure(config: pytest.Config) -> None:
    """Salt the streams before anything draws from them, child processes included."""
    config.addinivalue_line("markers", "unsalted: compares with the numbers of one draw, or of a child process; left out with --salt")
    if salt := config.getoption("--salt"):
        os.environ["MRIDIFF_TEST_SALT"] = str(salt)
    if salt := os.environ.get("MRIDIFF_TEST_SALT", ""):
        _salt(salt)


def _salt(salt: str) -> None:
    from mridiff.interfaces import streams

    plain = streams._generator
    streams._generator = lambda key: plain(f"{salt}:{key}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what compares with the unsalted draw where there is another."""
    if config.getoption("--salt"):
        left = [item for item in items if item.get_closest_marker("unsalted")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.fixture
def real_data(request: pytest.FixtureRequest) -> Path:
    """The folder of measured data, named by MRIDIFF_DATA; without it the test is skipped, or fails with `--real-data`."""
    folder = os.environ.get("MRIDIFF_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = f"MRIDIFF_DATA names no folder of measured data: {folder!r}"
    if request.config.getoption("--real-data"):
        pytest.fail(reason, pytrace=False)
    return pytest.skip(reason)

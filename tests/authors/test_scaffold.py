"""What `mridiff new` writes is clean by the linter and by the strict type checker, before anyone has touched it."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from mridiff import Registry
from mridiff_sdk.scaffold import KINDS, Package

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_choice_of_kinds_is_clean(tmp_path):
    pytest.importorskip("ruff")
    pytest.importorskip("mypy")
    sets = [kinds for n in range(1, 5) for kinds in itertools.combinations(KINDS, n)]
    made = [Package(f"method-{'-'.join(kinds)}", kinds).write(tmp_path, Registry.of([])) for kinds in sets]
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout
    # With the settings and the cache of this repository, so that torch is not checked anew.
    settings = ["--config-file", str(ROOT / "pyproject.toml")]
    whole = made[-1]
    typed = subprocess.run(
        [sys.executable, "-m", "mypy", *settings, str(whole / "src"), str(whole / "tests")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout + typed.stderr

"""Every study that a package declares is sound, and no longer than a page."""

from pathlib import Path

import pytest

from mridiff import Registry
from mridiff_sdk.study.finding import studies

REGISTRY = Registry.discover()
STUDIES, FAULTS = studies(REGISTRY)


def test_all_declarations_can_be_read():
    assert not FAULTS


@pytest.mark.parametrize("name", STUDIES)
def test_a_declared_study_is_sound(name):
    STUDIES[name].study.check(name, REGISTRY)


@pytest.mark.parametrize("package", sorted({Path(d.entry.resource("__init__.py")).parent for d in STUDIES.values()}), ids=lambda p: p.name)
def test_a_declaration_is_short(package):
    lines = (package / "studies.py").read_text().splitlines()
    assert len(lines) <= 60, "what is computed goes into files of its own"

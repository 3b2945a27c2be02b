"""Every check catches the fault that it is there for, alone; no check fires at a sound subject."""

import pytest

from mridiff_sdk.testing.mutants import MUTANTS, SOUND
from mridiff_sdk.testing.mutants.matrix import failures
from mridiff_sdk.testing.run import CHECKS


@pytest.mark.parametrize("mutant", MUTANTS, ids=[f"{m.caught_by}-{m.fault.replace(' ', '-')}" for m in MUTANTS])
def test_exactly_the_intended_check_catches_it(mutant):
    found = failures(mutant.cases())
    assert set(found) == {mutant.caught_by}, found


@pytest.mark.parametrize("sound", SOUND, ids=[s.name for s in SOUND])
def test_a_sound_subject_passes(sound):
    assert not failures(sound.cases())


@pytest.mark.parametrize("check", CHECKS, ids=[c.id for c in CHECKS])
def test_every_check_has_a_mutant(check):
    assert any(m.caught_by == check.id for m in MUTANTS), f"{check.id} is not proved: add a mutant that it catches"

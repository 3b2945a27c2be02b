"""What the tests of a method author's tools share: wheels of the ground floors, built once per worker."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    import isolation

    return isolation.build(isolation.GROUND, tmp_path_factory.mktemp("wheels"))

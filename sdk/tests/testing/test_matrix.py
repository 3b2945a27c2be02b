from pathlib import Path

import pytest

from mridiff_sdk.testing.matrix import page
from mridiff_sdk.testing.mutants import MUTANTS
from mridiff_sdk.testing.run import CHECKS

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"


def test_the_page_is_current():
    if not PAGE.exists():
        pytest.skip("not in the repository")
    rows = [{"check": c.id, "law": c.doc, "requires": list(c.requires.missing(frozenset())),
             "caught": [m.fault + (f" ({m.seen})" if m.seen else "") for m in MUTANTS if m.caught_by == c.id]} for c in CHECKS]  # fmt: skip
    assert PAGE.read_text() == page(rows), "run `python -m mridiff_sdk.testing.matrix docs/conformance.md`"

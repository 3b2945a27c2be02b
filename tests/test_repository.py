"""What is written beside the code stays true: links lead somewhere, and the listed changes of behaviour can be made."""

import re
from pathlib import Path

import mutants
import pytest

from mridiff_sdk.study.card import disagreements

ROOT = Path(__file__).parents[1]
PAGES = [p for p in sorted(ROOT.rglob("*.md")) if not {".venv", "build", "demo", "out", ".git"} & set(p.relative_to(ROOT).parts)]
GENERATED = "reference/"
"""Pages of the site that are made when it is built."""


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    dead = [t for t in targets if t and not t.startswith(GENERATED) and not (page.parent / t).exists()]
    assert not dead, f"dead links: {', '.join(dead)}"


@pytest.mark.parametrize("card", sorted(ROOT.glob("plugins/*/*/README.md")), ids=lambda p: p.parent.name)
def test_tables_of_a_card_are_those_of_its_results(card):
    assert not list(disagreements(card.parent)), "`mridiff measure NAME --card` writes both"


@pytest.mark.parametrize("change", mutants.changes(), ids=lambda c: f"{Path(c.file).name}-{c.what}")
def test_a_listed_change_of_behaviour_can_be_made(change):
    assert not change.problem()

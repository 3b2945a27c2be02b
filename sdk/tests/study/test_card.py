import json

import pytest

from mridiff.errors import ConfigError
from mridiff_sdk.study.card import blocks, disagreements, ready, refresh, write_card
from mridiff_sdk.study.tables import text_of


def test_results_and_tables_go_into_the_package(run, package):
    results, folder = run(), package.parent
    write_card(ready(folder, "toy"), results)
    text = (folder / "README.md").read_text()
    assert blocks(text) == {"toy": text_of(results)} and text.startswith("# Acme") and text.endswith("<!-- /study -->\n\nThe end.\n")
    assert list(disagreements(folder)) == []
    refresh(folder)
    assert (folder / "README.md").read_text() == text


def test_what_does_not_agree_is_said(run, package):
    folder = package.parent
    assert list(disagreements(folder)) == ["toy: a table without results/toy.json"]
    write_card(folder, run())
    file, card = folder / "results" / "toy.json", folder / "README.md"
    results = json.loads(file.read_text())
    results["scans"]["few scans"]["values"]["filled"]["mae"][0] += 1
    file.write_text(json.dumps(results))
    assert list(disagreements(folder)) == ["toy: the table is not that of results/toy.json"]
    refresh(folder)
    assert list(disagreements(folder)) == []
    card.write_text("# Acme\n")
    assert list(disagreements(folder)) == ["toy: results/toy.json without its table"]


def test_a_card_without_a_place_is_refused(package):
    with pytest.raises(ConfigError) as caught:
        ready(package.parent, "deadly")
    assert "<!-- study deadly -->" in caught.value.hint
    with pytest.raises(ConfigError, match="without its card"):
        ready(None, "toy")

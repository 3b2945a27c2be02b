import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "study"))

import acme_package

from mridiff.cli.app import application
from mridiff_sdk.commands.cells import named


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """Runs the command in a folder of its own; the package with studies is installed in `site`."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("MRIDIFF_PLUGINS", "acme,dist:mridiff-sdk")
    monkeypatch.delenv("MRIDIFF_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    acme_package.forget()
    acme_package.install(tmp_path / "site")
    yield lambda *args: CliRunner().invoke(application(), ["measure", *map(str, args)])
    acme_package.forget()


def test_alone_it_lists_all_studies(cli):
    found = cli()
    assert (
        found.exit_code == 0
        and ["toy", "acme-study", "4", "x", "1", "Toys"] in [line.split() for line in found.output.splitlines()]
        and "Deaths" in found.output
    )


def test_a_study_is_measured_and_shown(cli, tmp_path):
    found = cli("toy", "--only", "filled,noisy", "--scans", 2)
    assert found.exit_code == 0 and "**few scans** (2 scans)" in found.output and "noisy" in found.output and "halved" not in found.output
    assert (tmp_path / "measured" / "toy" / "table.csv").exists()
    told = cli("toy", "--seeds", 1, "--json", "-o", "other")
    assert json.loads(told.stdout)["seeds"] == [0]


def test_tables_go_into_the_card(cli, tmp_path):
    assert cli("toy", "--card").exit_code == 0
    assert "| filled |" in (tmp_path / "site" / "README.md").read_text() and (tmp_path / "site" / "results" / "toy.json").exists()
    card = tmp_path / "site" / "README.md"
    text = card.read_text()
    card.write_text(text.replace("| filled |", "| typed |"))
    assert cli("--card").exit_code == 0 and card.read_text() == text


@pytest.mark.parametrize(("args", "words"), [
    (("toy", "--card", "--scans", 1), "--card: a card shows all scans and seeds"), (("toy", "--data", "nowhere"), "--data: nowhere is no folder"),
    (("toy", "--card", "--only", "noisy"), "no results stand in"), (("toy", "--only", "none"), "--only: no row 'none'"), (("tou",), "did you mean 'toy'"), (("deadly", "--card"), "has no place for it"),
])  # fmt: skip
def test_a_wrong_call_is_refused_before_anything_is_made(cli, tmp_path, args, words):
    found = cli(*args)
    assert found.exit_code == 2 and words in found.output and not (tmp_path / "measured").exists()


def test_names_of_rows_may_hold_commas():
    rows = ("tv", "dps-mri, mean", "dps-mri", "a,b")
    assert list(named("tv, dps-mri, mean,dps-mri,,a,b, c", rows)) == ["tv", "dps-mri, mean", "dps-mri", "a,b", "c"]
    assert list(named("", rows)) == []

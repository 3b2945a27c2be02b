import json
from copy import deepcopy

from test_tables import RESULTS

from mridiff.plugins.registry import Registry
from mridiff_sdk.study.page import results_page, together, weights


def test_the_page_has_the_results_that_are_there_and_names_those_that_are_not(package):
    shipped = {**deepcopy(RESULTS), "study": "filled-recipe", "title": "as it ships"}
    for results in (shipped, RESULTS):
        (package.parent / "results").mkdir(exist_ok=True)
        (package.parent / "results" / f"{results['study']}.json").write_text(json.dumps(results))
    page = results_page(Registry.discover())
    assert page.count("| filled | base | 8 | 33.50 | 0.100 | 2.00 s |") == 1 and "## filled-recipe" not in page
    assert page.count("\n## toy\n") == 1 and "less base, paired" in page.split("## toy")[1]
    assert "without results yet: `apart`, `deadly`." in page


def test_studies_of_other_columns_share_a_table():
    other = deepcopy(RESULTS)
    other["study"], other["metrics"] = "other-recipe", {"nmse": RESULTS["metrics"]["nmse"]}
    other["scans"]["heads"]["values"] = {"base": {"nmse": [None] * 7 + [0.3]}}
    lines = list(together([RESULTS, other]))
    assert lines[0] == "| study | row | scans | PSNR dB | NMSE | time |" and len(lines) == 2 + 3 + 1
    assert lines[-1] == "| other | base | 8 | – | 0.300 | – |"


def test_weights_have_their_size_and_the_hours_that_their_card_says(tmp_path):
    folder = tmp_path / "toy" / "src" / "toy" / "weights"
    folder.mkdir(parents=True)
    for name, card in (("long", "| seed | 0 |\n| hours | 12.5 |\n"), ("unsaid", "hours and hours"), ("alone", None)):
        (folder / f"{name}.safetensors").write_bytes(bytes(1_230_000))
        if card:
            (folder / f"{name}.md").write_text(card)
    lines = list(weights([tmp_path / "toy", tmp_path / "none"]))
    assert lines[2:] == ["| toy | alone | 1.23 | – |", "| toy | long | 1.23 | 12.5 |", "| toy | unsaid | 1.23 | – |"]

"""Rows that stand in a card's results while others are measured."""

import json

import acme_package
import pytest

from mridiff.errors import ConfigError, DataError
from mridiff.plugins.registry import Registry
from mridiff_sdk.study import Part
from mridiff_sdk.study.card import write_card
from mridiff_sdk.study.finding import find
from mridiff_sdk.study.standing import joined, standing


@pytest.fixture
def add(run, package):
    """Measure some rows of the toy study and set them beside those that stand; gives the new results."""

    def add(*rows):
        acme_package.forget()
        registry = Registry.discover()
        study = find("toy", registry).study
        before = standing(package.parent / "results" / "toy.json", study, rows, registry, None)
        return joined(before, run(part=Part(rows), out="rows"), study)

    return add


def _replace(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def _but_time(results):
    values = {t: {row: {m: v for m, v in found.items() if m != "seconds"} for row, found in table["values"].items()}
              for t, table in results["scans"].items()}  # fmt: skip
    return {**{k: v for k, v in results.items() if k != "created"}, "scans": values}


def test_a_row_is_measured_anew_and_the_others_stand(run, add, package):
    before = run()
    write_card(package.parent, before)
    again = add("noisy", "halved")
    assert _but_time(again) == _but_time(before) and list(again["rows"]) == list(before["rows"])
    assert again["scans"]["few scans"]["values"]["twice"] == before["scans"]["few scans"]["values"]["twice"]


def test_what_a_row_was_made_from_decides(run, add, package):
    write_card(package.parent, run())
    _replace(package / "rows.py", "0.1 *", "0.2 *")
    with pytest.raises(ConfigError) as told:
        add("filled", "halved")
    assert [m.message.partition("toy.json ")[2] for m in told.value.mistakes] == ["was made from something else than it would be now"]
    assert "noisy" in told.value.mistakes[0].message and add("noisy")["rows"]
    _replace(package / "parts.py", "Masked\n", "Masked\n_get = Scans.__getitem__\nclass Scans(Scans):\n    def __getitem__(self, i):\n"
             "        from dataclasses import replace\n        s = _get(self, i)\n"
             "        return replace(s, measured=replace(s.measured, y=s.measured.y * 2)) if i == 1 else s\n")  # fmt: skip
    with pytest.raises(ConfigError) as told:
        add("noisy")
    assert len(told.value.mistakes) == 3


@pytest.mark.parametrize(("old", "new", "words"), [
    ('"noisy": noisy', '"noisy": noisy, "louder": noisy', "the row 'louder' is not in"), ('"twice": ', '"thrice": ', "'twice' of"),
    ("seeds=(0, 1)", "seeds=(0, 2)", "has other seeds"), ('"few scans"', '"some scans"', "has other scans"),
])  # fmt: skip
def test_another_study_is_refused(run, add, package, old, new, words):
    write_card(package.parent, run())
    _replace(package / "studies.py", old, new)
    with pytest.raises(ConfigError) as told:
        add("noisy")
    assert any(words in m.message for m in told.value.mistakes)


def test_results_that_do_not_say_what_they_were_made_from_are_made_again(run, add, package):
    write_card(package.parent, run())
    file = package.parent / "results" / "toy.json"
    file.write_text(json.dumps({k: v for k, v in json.loads(file.read_text()).items() if k != "made_from"}))
    with pytest.raises(ConfigError, match="does not say what it was made from"):
        add("noisy")


def test_a_damaged_file_is_named(run, add, package):
    write_card(package.parent, run())
    file = package.parent / "results" / "toy.json"
    file.write_text(file.read_text()[:-100])
    with pytest.raises(DataError, match=r"toy\.json cannot be read as results"):
        add("noisy")

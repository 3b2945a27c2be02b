from copy import deepcopy

from mridiff_sdk.study.tables import text_of

RNG = range(8)
RESULTS = {
    "study": "toy", "title": "Toy", "notes": ["A note."], "created": "2026-01-02T03:04:05+00:00", "machine": "x86_64, 1 thread",
    "versions": {"mridiff": "0.1.0"}, "seeds": [0], "against": ["base"], "failed": [],
    "metrics": {"psnr": {"label": "PSNR", "unit": "dB", "better": 1, "meaning": "peak; higher is better"},
                "nmse": {"label": "NMSE", "unit": "", "better": -1, "meaning": ""},
                "seconds": {"label": "time", "unit": "", "better": -1, "meaning": ""}},
    "rows": {"base": "base"}, "scans": {"heads": {"dataset": {}, "ids": [f"p{i}/1" for i in RNG], "values": {
        "base": {"psnr": [30.0 + i for i in RNG], "nmse": [0.1] * 8, "seconds": [2.0] * 8},
        "more": {"psnr": [31.0 + i for i in RNG], "nmse": [0.2] * 8, "seconds": [1.0] * 8},
        "mixed | up": {"psnr": [30.0 + i + (-1) ** i for i in RNG], "nmse": [0.05] * 8, "seconds": [1.0] * 8},
    }}},
}  # fmt: skip


def _row(text, name):
    return next(line for line in text.splitlines() if line.startswith(f"| {name} "))


def test_only_what_is_better_beyond_its_interval_is_bold():
    text = text_of(RESULTS)
    assert "**34.50**" in _row(text, "more") and "**0.200" not in text and "**33.50**" not in text and "**1" not in text
    assert "**0.0500**" in _row(text, r"mixed \| up") and "**" not in _row(text, "base")
    assert text.count("+1.00 [1.00, 1.00], p = 0.008") == 1


def test_few_subjects_are_said_and_nothing_is_bold():
    few = deepcopy(RESULTS)
    few["scans"]["heads"]["ids"] = ["p1/1", "p1/2", "p2/1", "p2/2", "p3/1", "p3/2", "p4/1", "p5/1"]
    text = text_of(few)
    assert "**heads** (8 scans of 5 subjects)" in text and "5 subjects: too few" in text and text.count("**") == 2 and "p =" not in text
    assert "too few" not in text_of(RESULTS)


def test_one_subject_is_an_example():
    one = deepcopy(RESULTS)
    one["scans"]["heads"]["ids"] = [f"p/{i}" for i in RNG]
    text = text_of(one)
    assert "(8 scans of 1 subject)" in text and "1 subject: an example" in text
    assert not any(words in text for words in ("paired", "interval", "Wilcoxon", "["))


def test_definitions_notes_failures_and_origin_are_printed():
    wrong = {**RESULTS, "failed": [{"cell": "heads, scan 3", "message": "it broke"}]}
    text = text_of(wrong)
    for words in ("PSNR: peak; higher is better", "A note.", "Failed: heads, scan 3: it broke.", "`mridiff measure toy`, 2026-01-02, mridiff 0.1.0",
                  "95 % interval"):  # fmt: skip
        assert words in text


def test_columns_of_one_meaning_are_defined_together():
    two = deepcopy(RESULTS)
    two["metrics"]["nmse"]["meaning"] = two["metrics"]["psnr"]["meaning"]
    assert "PSNR, NMSE: peak; higher is better." in text_of(two)


def test_a_row_that_lacks_scans_says_so():
    part = deepcopy(RESULTS)
    part["scans"]["heads"]["values"]["more"] = {m: [*v[:6], None, None] for m, v in part["scans"]["heads"]["values"]["more"].items()}
    text = text_of(part)
    assert "| more (6 of 8) |" in text
    part["scans"]["heads"]["values"]["more"] = {m: [None] * 8 for m in part["metrics"]}
    assert _row(text_of(part), "more (0 of 8)").count("–") == 3

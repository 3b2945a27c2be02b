from html.parser import HTMLParser

import pytest

from mridiff_sdk.plots.page import write_page
from mridiff_sdk.plots.page_table import mean

HOSTILE = "<script>alert('x')</script>\"' onerror=\"x()\" & \ud800 $"


class Page(HTMLParser):
    """Tags with attributes, the text outside of style, and the bold cells of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.bold, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
            if "b" in self.open:
                self.bold.append(data)

    @property
    def text(self):
        return " ".join(self.words)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def scan(name, psnr, nfe):
    return {"id": name, "metrics": {"x": {"psnr": psnr}}, "cost": {"nfe": nfe, "seconds": 2.0, "items": 7}}


def page(tmp_path, record, pictures=None):
    write_page(tmp_path / "index.html", record=record, pictures=pictures or {})
    return Page((tmp_path / "index.html").read_text(encoding="utf-8"))


def test_a_run_makes_one_table_of_scans_and_their_mean_with_nothing_bold(tmp_path):
    made = page(tmp_path, {"title": "T", "method": "dps", "seed": 0, "scans": [scan("a", 30, 5), scan("b", 32, 5)]})
    assert len(made.all("table")) == 1
    assert made.bold == []
    assert "31.00" in made.text
    assert {"T", "dps · 2 scans · seed 0"} <= set(made.words)
    assert "items" not in made.text


def test_one_scan_has_no_mean(tmp_path):
    assert "mean" not in page(tmp_path, {"scans": [scan("a", 30, 5)]}).words


def test_every_text_of_a_record_is_escaped(tmp_path):
    metrics = {"metrics": {"x": {HOSTILE: HOSTILE, "psnr": HOSTILE}}, "cost": {"nfe": 10**400}}
    record = {"title": HOSTILE, "method": HOSTILE, "scans": [{"id": HOSTILE, **metrics}] * 2,
              "config": {HOSTILE: [HOSTILE]}, "versions": {HOSTILE: HOSTILE}, "seed": HOSTILE, "device": HOSTILE, "created": HOSTILE,
              "notes": [HOSTILE], "failed": [{"id": HOSTILE, "message": HOSTILE}]}  # fmt: skip
    picture = tmp_path / "a'b\"<c>.png"
    picture.write_bytes(b"x")
    made = page(tmp_path, record, {HOSTILE: picture, "b": picture})
    assert not {"script", "iframe", "object", "link", "base", "form"} & {tag for tag, _ in made.tags}
    assert not [name for _, attrs in made.tags for name in attrs if name.startswith("on")]
    assert made.text.count("<script>alert('x')</script>") >= 12


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path):
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "over view#1.png").write_bytes(b"x")
    made = page(tmp_path, {"scans": [scan("scan", 1, 1)]}, {"scan/overview": tmp_path / "scan" / "over view#1.png"})
    assert [i["src"] for i in made.all("img")] == [a["href"] for a in made.all("a")] == ["scan/over%20view%231.png"]
    assert not made.all("link")
    policy = next(m["content"] for m in made.all("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    source = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "http://" not in source
    assert "https://" not in source
    assert "prefers-color-scheme: dark" in source


def test_pictures_stand_with_their_scan_and_absent_files_are_left_out(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"x")
    pictures = {"b": tmp_path / "b.png", "a/overview": tmp_path / "a.png", "comparison": tmp_path / "c.png", "gone": tmp_path / "gone.png"}
    made = page(tmp_path, {"scans": [scan("a", 1, 1), scan("b", 2, 1)]}, pictures)
    assert [i["src"] for i in made.all("img")] == ["c.png", "a.png", "b.png"]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"scans": None, "config": [1], "notes": 3},
        {"scans": [None, {"metrics": []}, {"id": 1, "metrics": {"x": 3}, "cost": None}]},
    ],
)
def test_missing_or_misshapen_pieces_are_left_out(tmp_path, record):
    made = page(tmp_path, record)
    assert "Reconstruction" in made.words
    assert not made.all("table")
    assert not made.all("details")


def test_the_note_says_honestly_what_the_scores_are_worth(tmp_path):
    bare = {"id": "b", "cost": {"nfe": 3}}
    assert "No reference was given" in page(tmp_path, {"scans": [bare]}).text
    assert "1 of 2 scans have no reference" in page(tmp_path, {"scans": [scan("a", 1, 1), bare]}).text


def test_scans_that_failed_are_not_passed_over(tmp_path):
    made = page(tmp_path, {"scans": [scan("a", 1, 1)], "failed": [{"id": "b", "message": "no <mask>"}, 3]})
    assert "b failed: no <mask>" in made.words


def test_configuration_and_versions_are_folded(tmp_path):
    made = page(tmp_path, {"config": {"seed": 0, "sampler": {"use": "dps"}}, "versions": {"mridiff": "0.1.0"}})
    assert len(made.all("details")) == 2
    assert not any("open" in d for d in made.all("details"))
    assert '"use": "dps"' in made.text


def test_means_take_numbers_only_and_the_highest_memory():
    rows = [{"psnr": 30, "peak_memory_mb": 100, "note": "x"}, {"psnr": 32.0, "peak_memory_mb": 300}, {"psnr": float("nan")}]
    assert mean(rows) == {"psnr": 31.0, "peak_memory_mb": 300}

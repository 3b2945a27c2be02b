"""What the page does when somebody uses it, in a browser that is installed here."""

import json
from functools import partial
from urllib.parse import unquote

import pytest
from browser import PROGRAM, Browser
from test_viewer import HOSTILE, Heads, made, study

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome is installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    made(out, seeds=(0, 1))
    return out / "index.html"


@pytest.fixture
def opened(browser, page):
    browser.fetched, browser.said = [], []
    browser.open(page)
    browser.wait("views.every((v) => !v.querySelector('img') || v.querySelector('img').complete)")
    yield browser
    assert browser.said == [], "the page complained"


def test_every_text_arrives_as_it_is_and_nothing_of_it_runs(opened):
    rows = opened.run("[...document.querySelectorAll('#numbers tbody th')].map((e) => e.textContent)")
    assert rows == [HOSTILE, "sampled", "broken"] and opened.run("document.title") == " ".join(HOSTILE.split())
    assert opened.run("document.querySelectorAll('script').length") == 2
    assert opened.run("document.querySelector('#set option').textContent") == HOSTILE
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    assert "failed" in opened.run("document.querySelector('[data-key=r2] .view').textContent")


def test_pictures_are_files_beside_the_page_and_only_those_looked_at_are_loaded(opened, page):
    pictures = [unquote(url) for url in opened.fetched if "/pictures/" in url]
    folder = (page.parent / opened.run("scan().folder")).as_uri()
    assert pictures and all(url.startswith(unquote(folder)) and not url.endswith(("error.png", "samples.png")) for url in pictures)
    assert all(url.startswith(page.parent.as_uri()) for url in opened.fetched if not url.startswith("about:"))
    opened.run("change({ show: 'error' })")
    opened.wait("[...document.querySelectorAll('#gallery img')].every((i) => i.complete && i.naturalWidth)")
    assert [url for url in opened.fetched if url.endswith("error.png")]


def test_keys_lead_through_scans_and_ways_of_comparing(opened):
    opened.press("]")
    opened.press("]")
    opened.press("]")
    assert opened.run("state.scan") == 2
    opened.press("[")
    assert opened.run("document.querySelector('#scan').selectedIndex") == 1
    opened.press("m")
    assert opened.run("state.mode") == "slider" and opened.run("!document.querySelector('#split').hidden")
    boxes = opened.run("[...document.querySelectorAll('#stage .view')].map((v) => JSON.stringify(v.getBoundingClientRect()))")
    assert boxes[0] == boxes[1], "in one place"
    shown = [opened.run("getComputedStyle(document.querySelector('#a .view')).clipPath")]
    opened.run("change({ split: 25 })")
    assert opened.run("getComputedStyle(document.querySelector('#a .view')).clipPath") != shown[0]
    opened.press(" ")
    visible = "getComputedStyle(document.querySelector('#a .view')).visibility"
    first = opened.run(visible)
    opened.press(" ")
    assert opened.run("state.mode") == "flicker" and {first, opened.run(visible)} == {"hidden", "visible"}


def test_zoom_and_shift_are_those_of_all_pictures(opened):
    boxes = "[...document.querySelectorAll('.frame')].map((f) => [f.offsetWidth / f.closest('.view').clientHeight, f.offsetLeft / f.closest('.view').clientHeight])"  # fmt: skip
    before = opened.run(boxes)
    opened.mouse("mouseWheel", 300, 300, deltaX=0, deltaY=-300)
    opened.wait("state.zoom > 1")
    after = opened.run(boxes)
    assert all(b[0] == pytest.approx(2 * a[0], rel=0.03) for a, b in zip(before, after, strict=True)) and len(after) == 5
    opened.press("ArrowRight")
    assert all(b[1] < a[1] for a, b in zip(after, opened.run(boxes), strict=True))
    opened.press("0")
    assert opened.run(boxes) == before


def test_a_pixel_on_the_screen_is_the_value_in_its_window(opened, tmp_path):
    """The middle of a picture, of which the page is told black and white, has the grey that the array says."""
    import io

    import numpy as np
    from PIL import Image

    value = float(Heads()[0].truth["x"].data[0, 8, 6])
    low, high = 10.0, 80.0
    opened.run(f"change({{ low: {low}, high: {high} }})")
    at = opened.run("(() => { const f = document.querySelector('#a .frame').getBoundingClientRect(); return [f.left + f.width * 6.5 / 12, f.top + f.height * 8.5 / 16, scan().peak]; })()")  # fmt: skip
    opened.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seen = np.asarray(Image.open(io.BytesIO(opened.picture())).convert("RGB"))[int(at[1]), int(at[0])]
    expected = np.clip((100 * value / at[2] - low) / (high - low), 0, 1) * 255
    assert np.ptp(seen) == 0 and abs(float(seen[0]) - expected) <= 3


def test_the_table_is_sorted_and_leads_to_records_and_scans(opened):
    opened.run("document.querySelectorAll('#numbers thead button')[1].click()")
    column = "[...document.querySelectorAll('#numbers tbody td:nth-child(2)')].map((e) => parseFloat(e.textContent))"
    first = opened.run(column)
    assert opened.run("document.querySelector('#numbers [aria-sort]').ariaSort") == "descending" and first[0] > first[1]
    opened.run("document.querySelectorAll('#numbers thead button')[1].click()")
    assert opened.run(column)[:2] == first[1::-1]
    opened.run("change({ table: 'scan' })")
    link = opened.run("document.querySelector('#numbers td a').href")
    assert link.endswith("record.json")
    opened.run("change({ table: 'row', a: 'r1', seed: 1 })")
    opened.run("document.querySelectorAll('#numbers tbody th button')[1].click()")
    assert opened.run("state.scan") in {0, 1} and opened.run("document.querySelector('#numbers tr.on')") is not None
    assert "/seed-1/" in opened.run("document.querySelector('#numbers td a').href")


def test_what_is_shown_is_kept_in_the_address_and_a_damaged_one_is_no_harm(opened, page):
    opened.run("change({ scan: 1, mode: 'slider', zoom: 3 })")
    opened.wait("location.hash.includes('slider')")
    state = json.loads(opened.run("decodeURIComponent(location.hash.slice(1))"))
    opened.open(page, state)
    assert opened.run("[state.scan, state.mode, state.zoom]") == [1, "slider", 3]
    for damaged in ({"scan": 99, "set": -4, "mode": "<b>", "a": "r77", "b": "x]", "show": HOSTILE, "zoom": "much"}, [1], "x"):
        opened.open(page, damaged)
        assert opened.run("document.querySelectorAll('#gallery figure').length") >= 3


def test_series_have_a_chooser_of_frames_and_samples_one_of_theirs(browser, tmp_path):
    from mridiff.interfaces import Streams
    from mridiff.pipeline.method import Reconstruction

    axes, shape = ("t", "y", "x"), (5, 16, 12)

    def row(scan, seed, samples):
        x = scan.measured.y + 0.1 * Streams.of(0, scan.id, list(range(samples))).normal(shape).real
        return Reconstruction(scan.id, x.mean(0, keepdim=True), x, axes, 1.0)

    made(tmp_path, study({"two": partial(row, samples=2)}, partial(Heads, shape, axes), against=(), metrics=("nfe",)))
    browser.open(tmp_path / "index.html", {"b": "r0", "bwhat": "samples"})
    browser.wait("document.querySelector('#b img').offsetLeft < 0")
    assert browser.run("[state.frame, document.querySelector('#frame-is').textContent]") == [2, "t 2"]
    place = "[document.querySelector('#b img').offsetLeft, document.querySelector('#b img').offsetTop].join()"
    places = {browser.run(place)}
    browser.press(".")
    places.add(browser.run(place))
    browser.run("change({ sample: 1 })")
    places.add(browser.run(place))
    assert len(places) == 3 and browser.run("document.querySelector('#frame-is').textContent") == "t 3"
    assert browser.run("document.querySelector('#sample-is').textContent") == "2 of 2"

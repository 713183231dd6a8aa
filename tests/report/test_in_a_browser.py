"""The pages in Chromium: nothing fails, the explorer moves, what it shows are the values of the table.

Needs Debian's package `chromium`, or the path of a Chromium or Chrome in `CHROMIUM`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.imputation.decisions import Decisions, refuse
from latentfill.imputation.imputation import Imputation
from latentfill.report.evaluation_page import to_html
from latentfill.report.imputation_page import imputation_page
from latentfill.report.inspection_page import inspection_page
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.spec import ScoringSpec

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(filled: Imputation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    spec = ScoringSpec(strategies=("auto", "linear"), patterns=("point", "block"))
    runs = evaluate(filled.table, Config(effort="quick", intervals=0.9), spec)
    scores = [score for run in runs for score in run.scores]
    about = {"table": "gaps.csv", "latentfill": "1.0", "settings": Config(intervals=0.9).to_dict()}
    pages = {
        "filled": imputation_page(filled),
        "inspected": inspection_page(filled.table),
        "scored": to_html(about, scores),
    }
    for name, content in pages.items():
        (folder / f"{name}.html").write_bytes(content)
    return {name: folder / f"{name}.html" for name in pages}


class Opened:
    """A page with what went wrong in it."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)  # milliseconds
        self.problems: list[str] = []
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        self.page.on("request", self._note_request)
        self.page.goto(path.as_uri())

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.problems.append(request.url)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).text_content())

    def wait_for_figure(self) -> None:
        self.page.wait_for_selector("#lf-figure svg")


@pytest.fixture
def opened(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    page = Opened(browser, files["filled"], accept_downloads=True)
    yield page
    page.context.close()


@pytest.mark.parametrize("name", ["filled", "inspected", "scored"])
@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}])
def test_a_page_loads_without_problems_and_fits(browser: Any, files: dict[str, Path], name: str, look: dict[str, Any]):
    opened = Opened(browser, files[name], **look)
    opened.page.wait_for_selector("figure svg")
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = look.get("color_scheme") == "dark"
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") != dark
    assert opened.problems == []
    opened.context.close()


def test_buttons_and_keys_walk_from_gap_to_gap(opened: Opened):
    opened.wait_for_figure()
    n = opened.page.evaluate("data.gaps.length")
    assert opened.text("#lf-position") == f"gap 1 of {n}"
    opened.page.click("#lf-next")
    assert opened.text("#lf-position") == f"gap 2 of {n}"
    opened.page.locator("#lf-explorer").focus()
    for key, position in (("ArrowRight", 3), ("ArrowLeft", 2), ("ArrowLeft", 1), ("ArrowLeft", n)):
        opened.page.keyboard.press(key)
        assert opened.text("#lf-position") == f"gap {position} of {n}"
    opened.page.select_option("#lf-column", label="smooth (7)")
    opened.page.select_option("#lf-order", "length")
    assert opened.text("#lf-position") == "gap 1 of 7"
    assert "smooth: 2024-01-13 12:00 to 2024-01-15 03:00, 40 steps" in opened.text("#lf-about")
    assert opened.problems == []


def test_the_values_of_a_gap_are_those_of_the_table(opened: Opened, filled: Imputation):
    opened.page.select_option("#lf-column", label="smooth (7)")
    opened.page.select_option("#lf-order", "length")
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    rows = opened.page.eval_on_selector_all("#lf-values tbody tr", cells)
    assert len(rows) == 40
    for step, row in enumerate(rows, start=300):
        value, lower, upper = (float(row[k]) for k in (1, 3, 4))
        record = filled.filled
        for shown, array in ((value, record.values), (lower, record.lower), (upper, record.upper)):
            assert shown == pytest.approx(array[step, 0], abs=0.00501)
        assert float(row[2].removeprefix("±")) == pytest.approx(record.expected[step, 0], rel=0.006)
        estimates = [float(text) for text in row[5:]]
        assert estimates == pytest.approx([each[step, 0] for each in record.candidates.values()], abs=0.00501)


def test_zoom_shows_more_and_fewer_steps(opened: Opened):
    opened.wait_for_figure()
    opened.page.evaluate("""() => {
        window.spans = [];
        const plain = draw;
        draw = (target, column, start, stop, names) => {
            if (target.id === "lf-figure") spans.push(stop - start);
            return plain(target, column, start, stop, names);
        };
    }""")
    for button in ("#lf-out", "#lf-out", "#lf-in"):
        opened.page.click(button)
    opened.page.locator("#lf-explorer").focus()
    opened.page.keyboard.press("+")
    first, second, third, fourth = opened.page.evaluate("spans")
    assert second > first > fourth
    assert third == first
    assert opened.problems == []


def test_compared_strategies_are_drawn_with_their_names(opened: Opened):
    opened.wait_for_figure()
    assert "state_space" not in opened.text("#lf-figure")
    opened.page.check("#lf-candidates input[value=state_space]")
    opened.page.wait_for_function("document.querySelector('#lf-figure').textContent.includes('state_space')")
    assert "autoregression" not in opened.text("#lf-figure")
    assert opened.problems == []


def test_hovering_tells_the_value_and_each_candidate(opened: Opened):
    opened.page.select_option("#lf-column", label="smooth (7)")
    opened.page.select_option("#lf-order", "length")
    opened.wait_for_figure()
    opened.page.wait_for_timeout(300)
    opened.page.locator("#lf-figure svg").hover()  # its middle, where the gap is
    opened.page.wait_for_selector("#vg-tooltip-element.visible")
    told = opened.text("#vg-tooltip-element")
    for words in ("expected error", "interval", "linear alone", "state_space alone"):
        assert words in told


def test_refused_fills_are_saved_and_left_empty(opened: Opened, filled: Imputation, tmp_path: Path):
    opened.page.select_option("#lf-column", label="smooth (7)")
    opened.page.select_option("#lf-order", "length")
    assert opened.page.is_disabled("#lf-save")
    opened.page.check("#lf-refuse")
    opened.page.locator("#lf-explorer").focus()
    opened.page.keyboard.press("ArrowRight")
    assert not opened.page.is_checked("#lf-refuse")
    opened.page.keyboard.press("r")
    assert opened.text("#lf-decided") == "2 fills refused, not saved"
    with opened.page.expect_download() as download:
        opened.page.click("#lf-save")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == 1
    emptied, refused = refuse(filled.filled, filled.table, Decisions.read(path))
    assert refused.by_column == {"smooth": 60}
    assert np.flatnonzero(np.isnan(emptied.values[:, 0])).tolist() == [*range(140, 160), *range(300, 340)]
    opened.page.uncheck("#lf-refuse")
    assert opened.text("#lf-decided") == "1 fill refused, not saved"


def test_what_to_look_at_is_drawn_when_it_is_seen_and_opens_in_the_explorer(opened: Opened):
    looks = opened.page.locator("figure.drawn")
    for number in range(looks.count()):
        looks.nth(number).scroll_into_view_if_needed()
        opened.page.wait_for_function(
            "n => document.querySelectorAll('figure.drawn')[n].querySelector('svg')", arg=number
        )
    opened.page.locator("button[data-gap]").first.click()
    assert "40 steps" in opened.text("#lf-about")
    assert opened.problems == []


def test_all_that_is_to_be_looked_at_is_drawn_for_printing(opened: Opened):
    opened.wait_for_figure()
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    opened.page.wait_for_function("[...document.querySelectorAll('figure.drawn')].every(f => f.querySelector('svg'))")
    opened.page.emulate_media(media="print")
    assert not opened.page.is_visible("#explorer")


def test_controls_have_names_and_figures_have_text(opened: Opened):
    opened.wait_for_figure()
    unnamed = """[...document.querySelectorAll('button, select, input')]
        .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length"""
    assert opened.page.evaluate(unnamed) == 0
    silent = """[...document.querySelectorAll('figure.drawn, #lf-figure')]
        .filter(e => !(e.getAttribute('aria-label') || '').includes('2024')).length"""
    assert opened.page.evaluate(silent.replace(".length", ".map(e => e.outerHTML.slice(0, 300))")) == []


def test_an_unfilled_table_offers_no_decisions(browser: Any, files: dict[str, Path]):
    opened = Opened(browser, files["inspected"])
    opened.wait_for_figure()
    assert not opened.page.is_visible("#lf-refuse")
    assert not opened.page.is_visible("#lf-candidates")
    assert "empty." in opened.text("#lf-about")
    assert "filled" not in opened.text("#lf-figure")
    opened.context.close()


def test_of_many_steps_the_smallest_and_largest_are_drawn(opened: Opened):
    found = opened.page.evaluate("""() => {
        const cells = Array.from({ length: 30000 }, (_, step) => ({ step, value: step % 7 ? Math.sin(step) : null }));
        cells[12345].value = 50;
        cells[23456].value = -50;
        for (let step = 20000; step < 20200; step += 1) cells[step].value = null;
        const kept = extremes(cells);
        return [kept.length, kept.map(({ step }) => step), kept.map(({ value }) => value)];
    }""")
    length, steps, values = found
    assert length <= 2000
    assert steps == sorted(steps)
    assert values[steps.index(12345)] == 50
    assert values[steps.index(23456)] == -50
    assert any(value is None and 20000 <= step < 20200 for step, value in zip(steps, values, strict=True))

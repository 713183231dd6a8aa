from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from latentfill.core.errors import InputError
from latentfill.plots.score_rows import MOST_COLUMNS
from latentfill.report.evaluation_page import to_html
from latentfill.scoring.encoder_table import HEADINGS
from latentfill.scoring.scores import ALL, Score

ABOUT = {
    "table": "a & <b>.csv",
    "command": "latentfill evaluate 'a & <b>.csv'",
    "sha256": "0a1b",
    "latentfill": "1.2.3",
    "scoring": {"strategies": ["auto", "linear", "kriging"], "seeds": [0, 1]},
    "settings": {"strategy": "auto", "output": {"intervals": 0.9, "max_gap": None}, "seed": 0},
    "reading": {"missing": ["-200"], "decimal": "."},
}


def score(strategy: str, mse: float, *, column: str = ALL, gap: str = ALL, seed: int = 0, **more: object) -> Score:
    known = {"pattern": "block", "rate": 0.1, "cells": 40, "realised_rate": 0.09, "mae": mse**0.5, "mre": 0.2} | more
    ratio = mse / 0.5
    return Score(strategy=strategy, seed=seed, column=column, gap=gap, mse=mse, ratio_to_linear=ratio, **known)


def run(**more: object) -> list[Score]:
    """Two strategies on two columns and two gap lengths; auto is better overall."""
    groups = [(ALL, ALL), (ALL, "1"), (ALL, "4-6"), ("x", ALL), ("x", "1"), ("x", "4-6"), ("y<", ALL), ("y<", "1")]
    return [
        score(name, mse, column=column, gap=gap, **more)
        for name, mse in (("auto", 0.2), ("linear", 0.5))
        for column, gap in groups
    ]


class Cells(HTMLParser):
    """The texts of a page's table cells, with whether each is marked as the best; well-formed or an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, bool]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self.cells.append(("", ("class", "best") in attrs))
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            text, best = self.cells[-1]
            self.cells[-1] = (text + data, best)


def svgs(text: str) -> list[ET.Element]:
    parts = text.split("<svg")[1:]
    return [ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>") for part in parts]


def words(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter("{http://www.w3.org/2000/svg}text")]


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the table whose first heading is this, each with its name."""
    part = next(part for part in text.split("<table>")[1:] if f'<thead><tr><th scope="col">{heading}</th>' in part)
    rows = part.split("</table>")[0].split("<tr>")[1:]
    return [[text for text, _ in Cells(row).cells] for row in rows]


def test_the_table_has_a_row_per_strategy_with_the_ratio_first_and_marks_the_least_error():
    text = to_html(ABOUT, run()).decode()
    rows = table(text, "strategy")
    assert rows[0] == ["strategy", "ratio to linear", "MSE", "MAE", "MRE"]
    assert rows[1] == ["auto", "0.4000", "0.2000", "0.4472", "0.2000"]
    assert rows[2][:3] == ["linear", "1.0000", "0.5000"]
    best = [text for text, marked in Cells(text).cells if marked]
    assert best == ["0.4000", "0.2000", "0.4472", "0.2000"]  # the MRE of both is the same; the first is marked


def test_seeds_are_shown_as_mean_and_spread():
    rows = [*run(), score("auto", 0.4, seed=1), score("linear", 0.5, seed=1)]
    cells = Cells(to_html(ABOUT, rows).decode()).cells
    assert ("0.3000 ±\N{NO-BREAK SPACE}0.1414", True) in cells  # of 0.2 and 0.4: sqrt(0.02)


def test_charts_are_svg_inside_the_page_and_show_the_scores():
    text = to_html(ABOUT, run()).decode()
    by_gap, by_column = svgs(text)
    assert {"1", "4-6", "auto"} <= set(words(by_gap))
    assert "linear" not in words(by_gap)  # it is the dashed line
    assert {"x", "y<", "1", "4-6"} <= set(words(by_column))
    assert words(by_column).count("0.40") == 3  # three groups
    assert "src=" not in text
    assert "href=" not in text


def test_the_colours_of_figures_are_those_of_the_page():
    text = to_html(ABOUT, run(coverage=0.87, nominal=0.9)).decode()
    used = set(re.findall(r'(?:fill|stroke)="([^"]*)"', "".join(text.split("<svg")[1:])))
    assert {colour for colour in used if not colour.startswith("var(--lf-")} <= {"none", "transparent", "white"}


def test_groups_have_their_number_of_cells_and_gaps_in_a_table_and_on_hover():
    rows = run(gaps=3)
    text = to_html(ABOUT, [*rows, *(replace(row, seed=1, gaps=4) for row in rows)]).decode()
    assert table(text, "length of the gap, steps") == [
        ["length of the gap, steps", "cells", "gaps", "auto"],
        ["1", "80", "7", "0.40"],  # twice 40 cells in 3 and 4 gaps
        ["4-6", "80", "7", "0.40"],
    ]
    assert table(text, "column")[2] == ["y<", "80", "7", "0.40"]
    titles = [element.text for svg in svgs(text) for element in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert "auto, gaps of 4-6 steps: 0.40 (80 cells in 7 gaps)" in titles
    assert "y<, gaps of 1 step: 0.40 (80 cells in 7 gaps)" in titles


def test_the_page_begins_with_what_is_best_by_how_much_and_where_it_is_worse():
    text = to_html(ABOUT, [*run(gaps=3), score("mean", 0.45, gaps=3), score("auto", 0.6, column="z", gaps=2)]).decode()
    assert (
        '<p class="verdict">auto is best: 0.40 times the squared error of linear interpolation, ahead of mean (0.90), '
        "measured on 40 cells in 3 gaps.</p>"
    ) in text
    assert "auto is worse than linear interpolation in z (1.20 times, 2 gaps).</p>" in text


def test_the_page_says_when_nothing_is_better_than_linear_interpolation():
    text = to_html(ABOUT, [score("mean", 0.6), score("linear", 0.5)]).decode()
    assert "Nothing is better than linear interpolation: mean has 1.20 times its squared error" in text


def test_coverage_is_drawn_where_there_are_intervals():
    text = to_html(ABOUT, run(coverage=0.87, width=1.5, crps=0.1, nominal=0.9)).decode()
    assert len(svgs(text)) == 4
    assert "87%" in words(svgs(text)[2])
    assert "87.0 % of the cells are inside their 90 % interval. Clearly off in no group" in text


def test_coverage_that_is_clearly_off_is_marked_and_that_of_few_gaps_is_not():
    def marked(gaps: int) -> tuple[bool, bool]:
        text = to_html(ABOUT, run(coverage=0.62, width=1.5, crps=0.1, nominal=0.9, gaps=gaps)).decode()
        return "62% ▾" in words(svgs(text)[2]), "62% too low" in [text for text, _ in Cells(text).cells]

    assert marked(60) == (True, True)
    assert marked(5) == (False, False)  # with one more covered of five it would be 82 %


def test_oracle_scores_are_labelled():
    text = to_html(ABOUT, run(label="oracle")).decode()
    assert "Oracle:" in text
    assert ("auto (oracle)", False) in Cells(text).cells
    assert "Oracle:" not in to_html(ABOUT, run()).decode()


def test_encoders_have_a_table_with_their_gain_and_cost():
    cost = {"window_seconds": 0.0125, "window_bytes": 2048}
    rows = [*run(encoder="none", ratio_to_none=1.0), *run(encoder="timekd:<x>", ratio_to_none=0.8, **cost)]
    rows = [row for row in rows if row.strategy == "auto"] + [score("linear", 0.5)]
    text = to_html(ABOUT, rows).decode()
    texts = [text for text, _ in Cells(text).cells]
    at = texts.index("encoder")
    assert texts[at : at + 8] == list(HEADINGS)
    assert texts[at + 8 : at + 16] == ["none", "auto", "0.2000", "1.000", "0.400", "", "", ""]
    assert texts[at + 16 : at + 23] == ["timekd:<x>", "auto", "0.2000", "0.800", "0.400", "12.5", "2.0 kB"]
    assert "auto, timekd:<x>" in texts
    assert "<h3>auto, timekd:&lt;x&gt;, by column" in text  # the maps are of the first encoder that tells something
    assert "<h3>Encoders</h3>" not in to_html(ABOUT, run()).decode()


def test_names_cannot_break_the_page():
    text = to_html(ABOUT, run()).decode()
    assert "a &amp; &lt;b&gt;.csv" in text
    assert "<b>.csv" not in text


def test_each_pattern_and_rate_has_a_section_and_settings_are_listed():
    text = to_html(ABOUT, run() + run(pattern="point", rate=0.3, realised_rate=0.3)).decode()
    assert text.count("<section>") == 2
    assert "block, 9.0 % hidden" in text
    assert "point, 30.0 % hidden" in text


def test_the_page_tells_how_it_was_made_and_only_what_was_run():
    text = to_html(ABOUT, run()).decode()
    for name, value in {
        "command": "<code>latentfill evaluate &#39;a &amp; &lt;b&gt;.csv&#39;</code>",
        "latentfill": "1.2.3",
        "SHA-256 of the table": "<code>0a1b</code>",
        "strategies": "auto, linear",
        "seeds": "0, 1",
        "output.intervals": "0.9",
        "missing": "-200",
    }.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text
    assert "kriging" not in text  # was not run
    assert "max_gap" not in text  # is as by default


def test_the_page_says_how_many_columns_the_heat_maps_leave_out():
    columns = [score("auto", 0.2, column=f"c{i}", gap=gap) for i in range(MOST_COLUMNS + 1) for gap in ("1", ALL)]
    text = to_html(ABOUT, [*run(), *columns]).decode()
    assert "3 more columns" in text
    assert f"c{MOST_COLUMNS - 3}" in words(svgs(text)[1])
    assert f"c{MOST_COLUMNS}" not in words(svgs(text)[1])
    assert table(text, "column")[-1][0] == f"c{MOST_COLUMNS}"


def test_a_report_without_its_packages_is_refused_with_how_to_install_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("latentfill.report.rendering.PACKAGES", ("jinja2", "no_such_package"))
    with pytest.raises(InputError, match=r"needs no_such_package: pip install 'latentfill\[report\]'"):
        to_html(ABOUT, run())


def test_the_same_scores_make_the_same_bytes():
    assert to_html(ABOUT, run()) == to_html(ABOUT, run())

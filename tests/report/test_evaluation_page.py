from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from latentfill.core.errors import InputError
from latentfill.report import evaluation_page as page
from latentfill.report.evaluation_page import check_installed, to_html
from latentfill.scoring.encoder_table import HEADINGS
from latentfill.scoring.scores import ALL, Score

ABOUT = {"table": "a & <b>.csv", "settings": {"output": {"intervals": 0.9}, "seed": 0}, "latentfill": "1.2.3"}


def score(strategy: str, mse: float, *, column: str = ALL, gap: str = ALL, seed: int = 0, **more: object) -> Score:
    known = {"pattern": "block", "rate": 0.1, "cells": 40, "realised_rate": 0.09, "mae": mse**0.5, "mre": 0.2} | more
    ratio = mse / 0.5
    return Score(strategy=strategy, seed=seed, column=column, gap=gap, mse=mse, ratio_to_linear=ratio, **known)


def run(**more: object) -> list[Score]:
    """Two strategies on two columns and two gap lengths; auto is better overall."""
    groups = [(ALL, ALL), (ALL, "1"), (ALL, "4-6"), ("x", "1"), ("x", "4-6"), ("y<", "1")]
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


def test_the_table_has_a_row_per_strategy_and_marks_the_least_error():
    cells = Cells(to_html(ABOUT, run()).decode()).cells
    texts = [text for text, _ in cells]
    assert texts[:5] == ["strategy", "MSE", "MAE", "MRE", "ratio to linear"]
    assert texts[5:10] == ["auto", "0.2000", "0.4472", "0.2000", "0.4000"]
    assert texts[10:12] == ["linear", "0.5000"]
    best = [text for text, marked in cells if marked]
    assert best == ["0.2000", "0.4472", "0.2000", "0.4000"]  # the MRE of both is the same; the first is marked


def test_seeds_are_shown_as_mean_and_spread():
    rows = [*run(), score("auto", 0.4, seed=1), score("linear", 0.5, seed=1)]
    assert ("0.3000 ± 0.1414", True) in Cells(to_html(ABOUT, rows).decode()).cells  # of 0.2 and 0.4: sqrt(0.02)


def test_charts_are_svg_inside_the_page_and_show_the_scores():
    text = to_html(ABOUT, run()).decode()
    by_gap, by_column = svgs(text)
    assert {"1", "4-6", "auto"} <= set(words(by_gap))
    assert "linear" not in words(by_gap)  # it is the dashed line
    assert {"x", "y<", "1", "4-6"} <= set(words(by_column))
    assert words(by_column).count("0.40") == 2 * 3  # three groups, each written over its own halo
    assert "src=" not in text
    assert "href=" not in text


def test_coverage_is_drawn_where_there_are_intervals():
    text = to_html(ABOUT, run(coverage=0.87, width=1.5, crps=0.1)).decode()
    assert len(svgs(text)) == 3
    assert "87%" in words(svgs(text)[2])
    assert "90 % interval" in text


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
    assert "<dt>seed</dt><dd>0</dd>" in text
    assert "<dt>output.intervals</dt><dd>0.9</dd>" in text


def test_the_page_says_how_many_columns_the_heat_maps_leave_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "MOST_COLUMNS", 1)
    text = to_html(ABOUT, run()).decode()
    assert "1 more columns" in text
    assert "y<" not in words(svgs(text)[1])


def test_a_report_without_its_packages_is_refused_with_how_to_install_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "PACKAGES", ("jinja2", "no_such_package"))
    with pytest.raises(InputError, match=r"needs no_such_package: pip install 'latentfill\[report\]'"):
        check_installed()


def test_the_same_scores_make_the_same_bytes():
    assert to_html(ABOUT, run()) == to_html(ABOUT, run())

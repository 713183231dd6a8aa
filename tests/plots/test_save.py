from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill import plots
from latentfill.core.errors import InputError
from latentfill.imputation.imputation import Imputation
from latentfill.plots.save import to_svg
from latentfill.plots.theme import COLOURS

Fill = Callable[..., Imputation]


def test_the_ending_gives_the_format(fill: Fill, tmp_path: Path):
    figure = plots.missingness(fill({"a": [1, None, 3]}))
    plots.save(figure, tmp_path / "new" / "map.svg")
    plots.save(figure, tmp_path / "map.PNG")
    assert ET.parse(tmp_path / "new" / "map.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "map.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"written to a \.svg or \.png file, got 'map\.pdf'"):
        plots.save(figure, "map.pdf")


def test_colours_are_plain_in_files_and_custom_properties_in_pages(fill: Fill):
    figure = plots.missingness(fill({"a": [1, None, 3]}))
    assert f'fill="{COLOURS["filled"]}"' in to_svg(figure)
    assert "var(" not in to_svg(figure)
    assert f'fill="var(--lf-filled, {COLOURS["filled"]})"' in to_svg(figure, css=True)


def test_marks_tell_on_hover_and_names_cannot_break_the_figure(fill: Fill):
    svg = to_svg(plots.missingness(fill({'<script>"&': [1, None, 3]})))
    titles = [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ['<script>"&, 2024-01-01 01:00 to 2024-01-01 02:00: 1 of 1 missing']


def test_the_same_figure_gives_the_same_bytes(fill: Fill):
    result = fill({"a": [1, None, 3]})
    assert to_svg(plots.missingness(result)) == to_svg(plots.missingness(result))


def test_figures_without_their_packages_are_refused_with_how_to_install_them(fill: Fill, monkeypatch):
    monkeypatch.setattr("latentfill.plots.packages.PACKAGES", ("no_such_package",))
    result = fill({"a": [1, None, 3]})
    for make in (plots.missingness, plots.gap_lengths, lambda each: plots.filled_series(each, "a")):
        with pytest.raises(InputError, match=r"a figure needs no_such_package: pip install 'latentfill\[report\]'"):
            make(result)


def test_altair_is_imported_when_a_figure_is_made_and_not_before():
    code = "import sys, latentfill; latentfill.plots.missingness; print('altair' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"

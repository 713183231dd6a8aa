from __future__ import annotations

import re
from importlib import resources

import pytest

from latentfill.plots import theme
from latentfill.plots.theme import COLOURS, with_css_colours

CSS = resources.files("latentfill.report").joinpath("templates", "page.css").read_text(encoding="utf-8")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.1 of two colours such as `#1f2933`."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours_of(part: str) -> dict[str, str]:
    return dict(re.findall(r"--lf-([\w-]+): (#[0-9a-f]{6})", part))


def test_each_colour_has_one_purpose_and_is_named_by_the_module():
    assert len(set(COLOURS.values())) == len(COLOURS)
    for name in COLOURS:
        assert f"`--lf-{name}`" in theme.__doc__ or name in (
            "c2",
            "c3",
            "c4",
            "c5",
            "c6",
            "c7",
        )  # `--lf-c1` to `--lf-c8`


def test_each_colour_becomes_a_custom_property_with_itself_as_its_default():
    assert with_css_colours('<path fill="#3d6b99"/>') == '<path fill="var(--lf-observed, #3d6b99)"/>'
    assert with_css_colours("#123456") == "#123456"


def test_a_page_has_the_plain_colours_on_light_and_others_on_dark_screens():
    light, dark = (colours_of(part) for part in CSS.split("@media screen and (prefers-color-scheme: dark)"))
    assert {name: light[name] for name in COLOURS} == COLOURS
    assert dark.keys() == light.keys()


@pytest.mark.parametrize("background", [0, 1], ids=["light", "dark"])
def test_colours_can_be_seen_on_the_page(background: int):
    colours = colours_of(CSS.split("@media screen and (prefers-color-scheme: dark)")[background])
    paper = colours["paper"]
    assert contrast(colours["ink"], paper) > 7
    assert contrast(colours["muted"], paper) > 4.5
    seen = [name for name in COLOURS if name not in ("ink", "muted", "grid", "band")]
    assert [name for name in seen if contrast(colours[name], paper) < 3] == []

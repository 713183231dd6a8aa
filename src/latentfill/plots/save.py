"""Figures as SVG text and as PNG or SVG files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.core.errors import InputError
from latentfill.core.files import write_bytes
from latentfill.core.messages import quoted
from latentfill.plots.packages import check_installed
from latentfill.plots.theme import with_css_colours

if TYPE_CHECKING:
    import altair

SCALE = 2  # pixels of a PNG file per pixel of the figure, for screens with a high resolution
_LABELLED = re.compile(r'<(path|rect|line)((?: [\w:-]+="[^"]*")*? aria-label="([^"]*)"(?: [\w:-]+="[^"]*")*)/>')


def save(figure: altair.TopLevelMixin, path: str | os.PathLike[str]) -> None:
    """Write a figure to a .svg or .png file, as the ending says; an earlier file is replaced when it is complete."""
    ending = Path(path).suffix.lower()
    if ending == ".svg":
        write_bytes(path, to_svg(figure).encode())
    elif ending == ".png":
        write_bytes(path, to_png(figure))
    else:
        raise InputError(f"a figure is written to a .svg or .png file, got {quoted(os.fspath(path))}.")


def to_svg(figure: altair.TopLevelMixin, *, css: bool = False) -> str:
    """The SVG text of a figure; with `css`, its colours can be set by the page that it is put into.

    What an interactive figure shows on hover is the title of each mark.
    """
    check_installed()
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(figure.to_json(validate=False)))
    svg = _LABELLED.sub(r"<\1\2><title>\3</title></\1>", svg)
    return with_css_colours(svg) if css else svg


def to_png(figure: altair.TopLevelMixin) -> bytes:
    """The bytes of a PNG file of a figure, on white."""
    check_installed()
    import vl_convert

    on_white = {**figure.to_dict(validate=False), "background": "white"}
    return bytes(vl_convert.vegalite_to_png(on_white, scale=SCALE))

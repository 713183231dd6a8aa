"""Notes for people who call the library: what happened to their data that they may not expect, as warnings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable

from latentfill.core.messages import printable
from latentfill.core.spelling import in_python

INSIDE = ("latentfill", "sklearn", "joblib")  # packages between the user's line and here


class FillWarning(UserWarning):
    """A note on how data were read or filled, such as rows without time stamps or a column that was left empty."""


def tell_user(notes: Iterable[str]) -> None:
    """Warn of each note once, at the line of the user's program."""
    level = _frames_inside()
    for note in dict.fromkeys(map(printable, notes)):
        keywords = in_python(note)
        warnings.warn(f"{note} ({keywords})" if keywords else note, FillWarning, stacklevel=level)


def _frames_inside() -> int:
    """How many frames lie between the caller of the library and `tell_user`, as `stacklevel` counts them."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        frame, level = frame.f_back, level + 1
    return level

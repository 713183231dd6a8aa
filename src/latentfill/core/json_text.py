"""Reads JSON from files that may be damaged."""

from __future__ import annotations

import json


def parse_json(text: str | bytes) -> object:
    """The value in a JSON text; a `ValueError` for anything else, also for one nested too deeply to be read."""
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value

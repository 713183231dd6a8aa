"""Damaged config files of the command line."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

from fuzzing.outcomes import Outcome, outcome_of
from latentfill.cli.command_settings import file_and_set_settings
from latentfill.core.config import Config
from latentfill.imputation.user_settings import divide_settings

ENDINGS = (".json", ".toml")


@cache
def whole(ending: str) -> bytes:
    """An intact config file with all settings of the method."""
    settings = {name: value for name, value in Config().to_dict().items() if value is not None}
    if ending == ".json":
        return json.dumps(settings).encode()
    plain = {name: value for name, value in settings.items() if not isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in plain.items()]
    for group, values in settings.items():
        if isinstance(values, dict):
            lines += ["", f"[{group}]", *(f"{k} = {json.dumps(v)}" for k, v in values.items() if v is not None)]
    return "\n".join(lines).encode()


def outcome(data: bytes, ending: str) -> Outcome:
    """What comes of a config file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"config{ending}"
        path.write_bytes(data)
        return outcome_of(lambda: divide_settings(None, file_and_set_settings({"config": path, "set_": None})))

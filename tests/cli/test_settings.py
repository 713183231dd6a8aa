"""`latentfill settings`: the config file and the settings page of the documentation."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.api import imputer_settings
from latentfill.cli.command_settings import file_and_set_settings, read_config
from latentfill.core.config import Config
from latentfill.core.settings_base import all_declared
from latentfill.imputation.user_settings import divide_settings
from latentfill.tables.options import TableOptions

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
TYPES = Path(imputer_settings.__file__)


def test_the_settings_page_is_up_to_date(run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]):
    assert run_cli("settings", "--markdown") == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8"), (
        "run: latentfill settings --markdown > docs/settings.md"
    )


def test_the_printed_config_file_can_be_read_as_it_is_and_uncommented(
    run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert run_cli("settings") == 0
    text = capsys.readouterr().out
    assert tomllib.loads(text) == {name: {} for name in re.findall(r"^\[(\w+)\]$", text, flags=re.MULTILINE)}
    uncommented = re.sub(r"^# (\w+ = (?!\"\.\.\.\"))", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "all.toml").write_text(uncommented)
    file = read_config(tmp_path / "all.toml")
    names = [name for value in (file, *file.values()) if isinstance(value, dict) for name in value]
    assert len(names) >= len(all_declared(Config))
    given = file_and_set_settings({"config": tmp_path / "all.toml", "set_": None})
    assert divide_settings(None, given) == (Config(), TableOptions())


def test_a_file_can_give_settings_in_groups_or_by_name(tmp_path: Path):
    (tmp_path / "a.toml").write_text('[decoder]\nsteps = 7\n[output]\nmargin = "none"\n[reading]\nmissing = "-9"\n')
    (tmp_path / "b.json").write_text(json.dumps({"decoder_steps": 7, "margin": None, "missing": ["-9"]}))
    first, second = (
        divide_settings(None, file_and_set_settings({"config": tmp_path / f, "set_": None}))
        for f in ("a.toml", "b.json")
    )
    assert first == second
    assert first[0].decoder.steps == 7


def test_the_types_of_the_keywords_in_python_are_up_to_date(
    run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    assert run_cli("settings", "--typed") == 0
    assert capsys.readouterr().out == TYPES.read_text(encoding="utf-8"), (
        "run: latentfill settings --typed > src/latentfill/api/imputer_settings.py"
    )

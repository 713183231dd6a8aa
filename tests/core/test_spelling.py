"""How flags in messages are written in Python."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.core.fill_warning import FillWarning, tell_user
from latentfill.core.spelling import FLAG, OF_COMMANDS, in_python, keyword_of
from latentfill.embeddings.protocols.encoder_settings import BY_NAME
from latentfill.imputation.user_settings import METHOD, READING

ROOT = Path(latentfill.__file__).parent
SETTINGS = (*READING.values(), *METHOD.values())
FUNCTIONS = (latentfill.Imputer, latentfill.evaluate, latentfill.embed, latentfill.inspect, latentfill.totals)
KEYWORDS = {name for function in FUNCTIONS for name in inspect.signature(function).parameters}


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.flag], ids=lambda each: each.flag)
def test_every_flag_of_a_setting_is_written_as_the_keyword_of_the_setting(setting):
    assert {keyword_of(flag.split("/")[0]) for flag in setting.flag.split()} <= set(setting.names)


def test_every_flag_in_a_message_has_a_keyword_or_belongs_to_a_command():
    folders = ("core", "tables", "kinds", "windows", "embeddings", "strategies", "imputation")
    raised = {
        flag
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        for flag in FLAG.findall(part.value)
    }
    known = KEYWORDS | set(BY_NAME) | {name for each in SETTINGS for name in each.names}
    assert raised
    assert {flag for flag in raised - OF_COMMANDS if keyword_of(flag) not in known} == set()


def test_a_text_gets_the_keywords_that_it_does_not_name_each_once():
    assert in_python("give --time-format, --min or --time-format") == "in Python: time_format=, minimum="
    assert in_python("leave them out (--with, covariates=)") == ""
    assert in_python("nothing to say - as --- in a table") == ""
    assert in_python("see --doubt") == ""


def test_an_error_keeps_its_message_and_has_the_keywords_in_a_note():
    error = InputError("Name the time column: `--time COLUMN`.")
    assert str(error) == "Name the time column: `--time COLUMN`."
    assert error.__notes__ == ["in Python: time="]
    assert not hasattr(InputError("empty"), "__notes__")


def test_a_warning_names_the_keywords():
    with pytest.warns(FillWarning, match=r"give --grid to add them \(in Python: grid=\)"):
        tell_user(["give --grid to add them"])


def test_flags_without_a_keyword_are_flags_of_commands():
    of_commands = {flag for path in (ROOT / "cli").glob("*.py") for flag in FLAG.findall(path.read_text())}
    assert of_commands >= OF_COMMANDS

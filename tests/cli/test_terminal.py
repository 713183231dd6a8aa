"""What the command line does around its commands: version, help, completion."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest
from typer.main import get_command

from latentfill.cli.main import COMMANDS, app


def test_version_is_that_of_the_package(run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]):
    assert run_cli("--version") == 0
    assert capsys.readouterr().out == f"latentfill {version('latentfill')}\n"


@pytest.mark.parametrize("example", [example for _, example in COMMANDS])
def test_the_help_of_a_command_ends_with_an_example_that_it_takes(
    run_cli: Callable[..., int], example: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    _, name, *arguments = example.partition(" > ")[0].split()
    assert run_cli(name, "--help") == 0
    lines = capsys.readouterr().out.rstrip().splitlines()
    assert lines[-1].strip() == f"Example: {example}"
    assert max(map(len, lines)) <= 80
    get_command(app).commands[name].make_context(name, arguments)  # fails for an option that there is not


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("latentfill imp", "impute"),
        ("latentfill impute --effort st", "standard"),
        ("latentfill fit --strat", "--strategy"),
    ],
)
def test_the_shell_completes_commands_options_and_values(words: str, expected: str):
    asked = {"_MAIN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    command = [sys.executable, "-c", "from latentfill.cli.main import app; app(prog_name='main')"]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True)
    assert done.stdout.split() == [expected], done.stderr

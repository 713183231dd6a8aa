"""The commands and the Python of the pages run on small made tables; all commands shown have options that exist."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import latentfill
from latentfill.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    "quickstart",
    "csv",
    "stations",
    "timekd",
    "strategies",
    "scores",
    "report",
    "when-not",
    "fields",
    "troubleshooting",
    "ko/quickstart",
)
RUN_IN_PYTHON = (*RUN, "scale")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^```(?:sh)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SMALL = ("encoder_steps=20", "decoder_steps=20", "encoder_batch=8", "decoder_batch=8", "dim=16", "width=16")
QUICK = tuple(word for each in SMALL for word in ("--set", each))


def commands(page: Path) -> list[list[str]]:
    """The words of each `latentfill` command in the blocks of a page, without its name."""
    blocks = SHELL.findall(page.read_text(encoding="utf-8"))
    lines = [
        shlex.split(line, comments=True) for block in blocks for line in block.splitlines() if "latentfill" in line
    ]
    return [words[1:] for words in lines if words and words[0].split("/")[-1] == "latentfill"]


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with all files that the pages speak of."""
    monkeypatch.chdir(shutil.copytree(made, tmp_path, dirs_exist_ok=True))
    return tmp_path


@pytest.mark.parametrize("name", RUN)
def test_the_commands_of_a_page_run(name: str, folder: Path, run_cli: Callable[..., int]):
    shown = commands(ROOT / "docs" / f"{name}.md")
    assert shown
    for words in shown:
        quick = QUICK if "--embeddings" in words else ()
        assert run_cli(*words, *quick) == 0, words
        outputs = [words[i + 1] for i, word in enumerate(words) if word in ("-o", "-m", "--codes")]
        assert [path for path in outputs if not (folder / path).exists()] == [], words


@pytest.mark.parametrize(
    "name", [name for name in RUN_IN_PYTHON if PYTHON.search((ROOT / "docs" / f"{name}.md").read_text())]
)
def test_the_python_of_a_page_runs(name: str, folder: Path):
    names: dict[str, Any] = {}
    for block in PYTHON.findall((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")):
        exec(block, names)


def test_the_commands_of_the_readme_run_in_their_order(
    folder: Path, run_cli: Callable[..., int], small_language_model: Path
):
    (folder / "gpt2").symlink_to(small_language_model)  # `--lm` takes a folder too
    for name in ("before", "after"):
        assert run_cli("evaluate", "data.csv", "--strategies", "linear", "-o", f"{name}.json") == 0
    assert run_cli("pack", "Embeddings/", "-o", "other.packed") == 0
    for words in commands(ROOT / "README.md"):
        trains = words[0] in ("impute", "fit", "evaluate") and "--compare" not in words
        codes = (0, 1) if "--fail-if" in words else (0,)
        assert run_cli(*words, *(QUICK if trains else ())) in codes, words


def test_the_python_of_the_readme_runs(folder: Path, small_language_model: Path):
    (folder / "gpt2").symlink_to(small_language_model)
    (folder / "holidays.csv").write_bytes((folder / "weather.csv").read_bytes())
    rng = np.random.default_rng(0)
    df = pd.read_csv("data.csv", parse_dates=["time"], index_col="time")
    names: dict[str, Any] = {
        "latentfill": latentfill,
        "df": df,
        "other_df": df,
        "y": np.arange(len(df)),
        "weather": pd.read_csv("weather.csv"),
        "make_pipeline": make_pipeline,
        "LinearRegression": LinearRegression,
        "starts": np.arange(len(df) - 95),
        "z": rng.normal(size=(len(df) - 95, 4)),
        "windows": with_hole(rng.normal(size=(len(df) - 95, 24, 2))),
    }
    for block in PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        small = block.replace("embeddings=z,", "embeddings=z, dim=16, encoder_steps=20, decoder_steps=20,")
        exec(small.replace("(windows, z", "(windows, z, decoder_steps=20"), names)
    assert set(names["scores"]["strategy"]) == {"auto", "linear"}  # 192 rows are too few for kriging, which a note says
    assert not np.isnan(names["filled"]).any()


def with_hole(windows: np.ndarray) -> np.ndarray:
    windows[:, 5:8, 0] = np.nan
    return windows


def check(words: list[str]) -> None:
    """Parses a command without running it; an unknown command or option is an error."""
    command = typer.main.get_command(app).commands[words[0]]
    command.make_parser(command.context_class(command)).parse_args(list(words[1:]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_shown_exists_with_its_options(page: Path):
    for words in commands(page):
        check(words)


def test_a_command_with_an_option_that_does_not_exist_is_found():
    with pytest.raises(Exception, match="--no-such-option"):
        check(["impute", "data.csv", "--no-such-option"])


def test_the_commands_of_the_readme_are_found():
    assert ["impute", "data.csv", "-o", "filled.csv"] in commands(ROOT / "README.md")

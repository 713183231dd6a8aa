"""torchrun starts a command in several processes: they train together, and one of them writes and prints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentfill import Imputer
from latentfill.cli.processes import launched
from latentfill.core.series import Series
from latentfill.tables.backends.table_files import write_columns

SMALL = {
    "length": 24,
    "dim": 16,
    "layers": 1,
    "attention_heads": 2,
    "encoder_steps": 20,
    "encoder_batch": 8,
    "decoder_steps": 20,
    "decoder_batch": 8,
    "context": "none",
    "head": "mlp",
    "width": 8,
    "strategy": "denoise",
}
SETTINGS = [f"--set={name}={value}" for name, value in SMALL.items()]
# Gives the second process the name of a table that does not exist.
ONE_FAILS = """
import os, sys
from latentfill.cli.main import main
if os.environ["RANK"] == "1":
    sys.argv[2] = "absent.csv"
main()
"""


@pytest.fixture
def table(tmp_path: Path, hourly: Callable[..., Series]) -> Path:
    series = hourly(400, 2, gaps=0.1)
    columns = dict(zip(series.columns, series.values.T, strict=True))
    write_columns({"time": np.datetime_as_string(series.time, unit="s"), **columns}, tmp_path / "table.csv")
    return tmp_path / "table.csv"


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.run([*launcher, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process seems to be the second one of two."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")


def test_torchrun_fits_one_model_and_says_so_once(table: Path):
    model = table.with_name("model")
    done = torchrun("-m", "latentfill", "fit", table, "-m", model, *SETTINGS)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Model: ") == 1
    assert not np.isnan(Imputer.load(model).fill(table).filled.values).any()
    assert {path.name for path in table.parent.iterdir()} == {"table.csv", "model"}


def test_torchrun_fills_many_series_with_one_shared_model(table: Path, hourly: Callable[..., Series]):
    parts, stacked, filled = (
        [hourly(150 + n, gaps=0.1) for n in range(3)],
        *map(table.with_name, ("all.csv", "out.csv")),
    )
    columns = {
        "name": np.repeat(["a", "b", "c"], [each.n_steps for each in parts]),
        "time": np.concatenate([np.datetime_as_string(each.time, unit="s") for each in parts]),
        "value": np.concatenate([each.values[:, 0] for each in parts]),
    }
    write_columns(columns, stacked)
    done = torchrun("-m", "latentfill", "impute", stacked, "--by", "name", "--model", "shared", "-o", filled, *SETTINGS)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("summary: ") == 1
    values = [line.split(",") for line in filled.read_text().splitlines()[1:]]
    assert len(values) == sum(each.n_steps for each in parts)
    assert all(value for _, _, value in values)


def test_an_error_of_one_process_ends_all_and_nothing_is_written(table: Path):
    script = table.with_name("script.py")
    script.write_text(ONE_FAILS)
    done = torchrun(script, "fit", table, "-m", table.with_name("model"), *SETTINGS)
    assert done.returncode != 0
    assert "process 2 of 2: error: There is no file absent.csv" in done.stderr
    assert "Model: " not in done.stderr
    assert not table.with_name("model").exists()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["settings"], "`latentfill settings` works in one process, and 2 were started"),
        (["impute", "{table}", "--output-dir", "{folder}"], "--output-dir works in one process, and 2 were started"),
        (["fit", "{table}", "-m", "{folder}/model", "--time-budget", "9"], "a time budget (--time-budget) is for one"),
    ],
)
def test_what_works_in_one_process_is_refused(
    table: Path, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str], command: list[str], what: str
):
    assert run_cli(*(word.format(table=table, folder=table.with_name("out")) for word in command)) == 2
    assert f"process 2 of 2: error: {what}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "number"),
    [({"WORLD_SIZE": "3", "RANK": "0"}, 3), ({"WORLD_SIZE": "3"}, 1), ({"WORLD_SIZE": "many", "RANK": "0"}, 1)],
)
def test_only_a_launcher_says_how_many_processes_there_are(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], number: int
):
    monkeypatch.delenv("RANK", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert launched() == number

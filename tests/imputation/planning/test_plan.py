"""Plans of fills, and the refusal of what does not fit in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.cli.plan import duration
from latentfill.core.errors import InputError
from latentfill.imputation.planning import plan as planning

Run = Callable[..., int]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    hours = pd.date_range("2024-01-01", periods=400, freq="h")
    values = np.sin(np.arange(400) / 4).round(3)
    pd.DataFrame({"time": hours, "a": np.where(np.arange(400) % 10 == 3, np.nan, values), "b": values}).to_csv(
        path, index=False
    )
    return path


def test_a_plan_says_the_shape_and_what_the_parts_need(table: Path):
    plan = latentfill.plan(table)
    assert (plan.rows, plan.columns, plan.missing, plan.series) == (400, 2, 40, 1)
    assert plan.fits
    assert plan.seconds >= plan.cpu_seconds > 0
    assert sum(plan.seconds_by_part.values()) == pytest.approx(plan.seconds, rel=0.05, abs=0.1)
    assert {"starting", "state_space", "testing"} <= plan.seconds_by_part.keys()
    assert plan.memory_bytes > 50e6
    assert table.stat().st_size < plan.disk_bytes < 2 * table.stat().st_size


def test_settings_change_the_plan(table: Path):
    plain, with_samples = latentfill.plan(table), latentfill.plan(table, samples=10)
    assert with_samples.disk_bytes > 7 * plain.disk_bytes
    assert "state_space" not in latentfill.plan(table, strategy="linear").seconds_by_part


def test_frames_and_stacked_tables_have_plans(table: Path):
    frame = pd.read_csv(table, parse_dates=["time"])
    assert latentfill.plan(frame).rows == 400
    stacked = pd.concat([frame.assign(station="x"), frame.assign(station="y")], ignore_index=True)
    plan = latentfill.plan(stacked, by="station")
    assert (plan.series, plan.rows, plan.columns, plan.missing) == (2, 800, 2, 80)


def test_the_command_prints_words_or_json(table: Path, run_cli: Run, capfd):
    assert run_cli("plan", table, "--effort", "quick") == 0
    shown = capfd.readouterr().out
    assert "Table: 400 rows of 2 columns to fill, 40 cells missing" in shown
    assert [line.split(":")[0] for line in shown.splitlines()] == ["Table", "Time", "Memory", "Disk"]
    assert run_cli("plan", table, "--json") == 0
    assert json.loads(capfd.readouterr().out)["rows"] == 400


def test_what_does_not_fit_is_refused_before_any_work(
    table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "available_memory", lambda: 1_000_000)
    assert run_cli("plan", table) == 1
    assert "does not fit in memory" in capfd.readouterr().out
    arguments = ("impute", table, "-o", table.with_name("out.csv"), "-q")
    assert run_cli(*arguments) == 2
    told = capfd.readouterr().err
    assert "filling 400 rows of 2 columns needs about" in told
    assert "--columns" in told
    assert "--effort quick" in told
    with pytest.raises(InputError, match="needs about"):
        latentfill.impute(table)
    assert run_cli(*arguments, "--ignore-memory", "--strategy", "linear") == 0


def test_a_file_that_cannot_be_read_into_memory_is_refused_unread(
    table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "available_memory", lambda: 2 * table.stat().st_size)
    assert run_cli("impute", table, "-o", table.with_name("out.csv")) == 2
    assert "reading" in capfd.readouterr().err
    with pytest.raises(InputError, match="Divide it"):
        latentfill.impute(table, by="b")


def test_unknown_memory_refuses_nothing(table: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(planning, "available_memory", lambda: None)
    assert latentfill.plan(table).fits
    latentfill.impute(table, strategy="linear")


def test_bytes_of_files_count_only_texts(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"x" * 100)
    (tmp_path / "a.parquet").write_bytes(b"x" * 100)
    (tmp_path / "a.csv.gz").write_bytes(b"x" * 100)
    names = ("a.csv", "a.parquet", "a.csv.gz", "none.csv")
    assert [planning.file_bytes(tmp_path / name) for name in names] == [100, 0, 500, 0]
    assert planning.file_bytes([tmp_path / "a.csv", tmp_path / "a.csv"]) == 200
    assert planning.file_bytes(pd.DataFrame()) == 0


def test_durations_and_bytes_in_words():
    assert [duration(seconds) for seconds in (0.51, 12.4, 250.0, 9000.0)] == ["0.5 s", "12 s", "4 min", "2.5 h"]
    assert [planning.megabytes(count) for count in (2e3, 5e6, 350e6, 1.5e9)] == ["0.1 MB", "5.0 MB", "350 MB", "1.5 GB"]

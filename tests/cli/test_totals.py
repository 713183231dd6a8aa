"""`latentfill totals`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., int]


@pytest.fixture
def filled(run_cli: Run, tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    time = pd.date_range("2023-01-01", periods=400, freq="h")
    frame = pd.DataFrame({"time": time, "rain": rng.exponential(1.0, 400).round(1)})
    frame.loc[rng.random(400) < 0.2, "rain"] = np.nan
    frame.to_csv(tmp_path / "in.csv", index=False)
    run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--samples", "12", "--quiet")
    return tmp_path / "out.csv"


def test_totals_are_printed_and_written(run_cli: Run, filled: Path, tmp_path: Path, capsys):
    run_cli("totals", filled, "--every", "week")
    printed = capsys.readouterr().out
    assert "2023-01-02" in printed
    assert "rain" in printed
    run_cli("totals", filled, "--every", "week", "-o", tmp_path / "weeks.csv")
    written = pd.read_csv(tmp_path / "weeks.csv")
    assert written["cells"].sum() == 400
    assert np.isclose(written["sum"].sum(), pd.read_csv(filled)["rain"].sum())
    assert (written["sum_lower"] <= written["sum"]).all()


def test_bounds_beside_the_columns_are_no_columns(run_cli: Run, filled: Path, tmp_path: Path):
    flags = ("--samples", "12", "--intervals", "0.9", "--quiet")
    run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "bounds.csv", *flags)
    for name in ("out", "bounds"):
        assert run_cli("totals", tmp_path / f"{name}.csv", "--every", "week", "-o", tmp_path / f"{name}.weeks.csv") == 0
    assert (tmp_path / "bounds.weeks.csv").read_text() == (tmp_path / "out.weeks.csv").read_text()


def test_a_table_without_samples_is_refused(run_cli: Run, filled: Path, tmp_path: Path, capsys):
    assert run_cli("totals", tmp_path / "in.csv", "--every", "day") == 2
    assert "impute IN -o" in capsys.readouterr().err


def test_totals_go_to_standard_output(run_cli: Run, filled: Path, tmp_path: Path, capfdbinary):
    run_cli("totals", filled, "--every", "week", "-o", tmp_path / "weeks.csv")
    capfdbinary.readouterr()
    assert run_cli("totals", filled, "--every", "week", "-o", "-") == 0
    assert capfdbinary.readouterr().out == (tmp_path / "weeks.csv").read_bytes()

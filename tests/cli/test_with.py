"""`--with OTHER`: commands that predict a table from other tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

N_STEPS = 600
HOURS = pd.date_range("2024-01-01", periods=N_STEPS, freq="h")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table in UTC, and ten-minute weather with the stamps of another zone that it follows."""
    rng, weather = np.random.default_rng(0), np.zeros(N_STEPS)
    for t in range(1, N_STEPS):
        weather[t] = 0.95 * weather[t - 1] + rng.normal()
    load = 3 + 2 * weather
    load[200:260] = np.nan
    pd.DataFrame({"time": HOURS, "load": load.round(3)}).to_csv(tmp_path / "load.csv", index=False)
    ten = pd.date_range(HOURS[0] - pd.Timedelta("30min"), periods=6 * N_STEPS, freq="10min")
    stamps = (ten + pd.Timedelta("5h")).strftime("%Y-%m-%dT%H:%M:00+05:00")
    pd.DataFrame({"at": stamps, "load": np.repeat(weather, 6).round(4)}).to_csv(tmp_path / "era5.csv", index=False)
    return tmp_path


def test_a_table_is_filled_with_another_one(folder: Path, run_cli: Callable[..., int]):
    out = folder / "out.csv"
    assert run_cli("impute", folder / "load.csv", "--with", folder / "era5.csv", "-o", out) == 0
    before, after = (path.read_text().splitlines() for path in (folder / "load.csv", out))
    assert after[0] == "time,load"
    assert [a for a, b in zip(after, before, strict=True) if not b.endswith(",")] == [
        line for line in before if not line.endswith(",")
    ]
    about = json.loads((folder / "out.summary.json").read_text())["covariates"]
    assert about["used"]
    assert about["files"] == {"era5.csv": {"columns": ["era5.load"], "aligned": "mean of 6 steps", "covered": 1.0}}
    weather = pd.read_csv(folder / "era5.csv")["load"].to_numpy()[::6]
    truth, filled = (3 + 2 * weather)[200:260], pd.read_csv(out)["load"].to_numpy()[200:260]
    line = np.interp(np.arange(200, 260), [199, 260], 3 + 2 * weather[[199, 260]])
    assert np.mean((filled - truth) ** 2) < 0.1 * np.mean((line - truth) ** 2)


def test_a_model_is_fitted_and_applied_with_covariates(
    folder: Path, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    source, other, model, out = (folder / name for name in ("load.csv", "era5.csv", "model", "out.csv"))
    assert run_cli("fit", source, "--with", other, "-m", model) == 0
    assert "covariates lower the error" in " ".join(capsys.readouterr().err.split())
    assert run_cli("apply", source, "-m", model, "-o", out, "-q") == 2
    assert "fitted with the covariates 'era5.load'; there is no 'era5.load'" in capsys.readouterr().err
    assert run_cli("apply", source, "-m", model, "-o", out, "--with", other, "-q") == 0
    assert not pd.read_csv(out)["load"].isna().any()


def test_evaluate_takes_covariates(folder: Path, run_cli: Callable[..., int]):
    scores = {}
    for name, flags in (("with", ("--with", folder / "era5.csv")), ("without", ())):
        assert run_cli("evaluate", folder / "load.csv", "-o", folder / f"{name}.json", "-q", *flags) == 0
        rows = json.loads((folder / f"{name}.json").read_text())["scores"]
        scores[name] = next(row["mse"] for row in rows if row["strategy"] == "auto")
    assert scores["with"] < 0.3 * scores["without"]


def test_the_table_itself_is_refused_also_if_it_is_stacked(
    folder: Path, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    source = folder / "load.csv"
    for flags in ((), ("--by", "load")):
        assert run_cli("impute", source, "--with", source, "-o", folder / "out.csv", "-q", *flags) == 2
        assert "is the table to fill itself" in capsys.readouterr().err
    assert not (folder / "out.csv").exists()


def test_embeddings_are_made_and_used_without_covariates(
    folder: Path, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    source, other = folder / "load.csv", folder / "era5.csv"
    assert run_cli("embed", source, "--with", other, "-o", folder / "e") == 2
    assert "--with" in capsys.readouterr().err
    flags = ("--embeddings", folder / "e", "-o", folder / "out.csv", "-q")
    assert run_cli("impute", source, "--with", other, *flags) == 2
    assert "stored embeddings (--embeddings) are those of the table's own columns" in capsys.readouterr().err

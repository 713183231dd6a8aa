"""The list of doubtful readings names the rows of the table that was read, also of stacked and long tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

N = 500
SPIKES = {"x": 120, "y": 333}  # step of the spike in column a of each series


@pytest.fixture(scope="module")
def stacked() -> pd.DataFrame:
    """Two series in turns: rows 0, 2, 4 ... are of x, the others of y."""
    parts = []
    for seed, (name, at) in enumerate(SPIKES.items()):
        rng = np.random.default_rng(seed)
        a = 10 + 5 * np.sin(np.arange(N) / 24 * 2 * np.pi) + np.cumsum(rng.normal(0, 0.2, N))
        frame = pd.DataFrame(
            {"station": name, "time": pd.date_range("2023-01-01", periods=N, freq="h"), "a": a.round(2)}
        )
        frame["b"] = (2 * frame["a"] + rng.normal(0, 0.5, N)).round(2)
        frame.loc[at, "a"] += 80
        frame.loc[40:45, "b"] = np.nan
        parts.append(frame)
    return pd.concat(parts).sort_values(["time", "station"], kind="stable").reset_index(drop=True)


@pytest.fixture
def listed(run_cli: Callable[..., int], tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """The most doubtful readings that the command lists."""

    def run(frame: pd.DataFrame, *flags: str) -> pd.DataFrame:
        frame.to_csv(tmp_path / "in.csv", index=False)
        paths = [tmp_path / name for name in ("in.csv", "out.csv", "doubt.csv")]
        flags = ("--doubt", paths[2], "--strategy", "linear", "--quiet", *flags)
        assert run_cli("impute", paths[0], "-o", paths[1], *flags) == 0
        doubt = pd.read_csv(paths[2])
        return doubt[doubt["probability"] > 0.9]

    return run


Listed = Callable[..., pd.DataFrame]


@pytest.mark.parametrize("model", ["own", "shared"])
def test_readings_of_stacked_series_are_listed_with_their_series(stacked: pd.DataFrame, listed: Listed, model: str):
    found = listed(stacked, "--by", "station", "--model", model)
    assert list(found)[:4] == ["station", "row", "time", "column"]
    expected = {(name, 2 * at + (name == "y"), "a", "spike") for name, at in SPIKES.items()}
    assert set(zip(found["station"], found["row"], found["column"], found["reason"], strict=True)) == expected
    assert found["value"].tolist() == stacked["a"][found["row"]].tolist()


def test_a_column_of_labels_may_have_the_name_of_another_column_of_the_list(stacked: pd.DataFrame, listed: Listed):
    found = listed(stacked.rename(columns={"station": "column"}), "--by", "column")
    assert sorted(found["column_"]) == ["x", "y"]
    assert set(found["column"]) == {"a"}


def test_rows_of_a_long_table_are_those_of_the_readings(stacked: pd.DataFrame, listed: Listed):
    one = stacked[stacked["station"] == "x"].drop(columns="station")
    long = one.melt("time", var_name="what", value_name="reading").sort_values("time", kind="stable")
    long = long.dropna().reset_index(drop=True)
    found = listed(long, "--pivot", "what=reading")
    assert found["column"].tolist() == ["a"]
    assert found["value"].tolist() == long["reading"][found["row"]].tolist() == [one["a"].max()]


def test_readings_of_stacked_series_are_blanked_on_request(stacked: pd.DataFrame, listed: Listed, tmp_path: Path):
    listed(stacked, "--by", "station", "--blank-doubtful", "0.9")
    filled = pd.read_csv(tmp_path / "out.csv")
    assert filled["a"].max() < 40 < stacked["a"].max()
    kept = stacked["a"] < 40
    assert (filled["a"][kept] == stacked["a"][kept]).all()


def test_the_past_alone_doubts_nothing(stacked: pd.DataFrame, run_cli: Callable[..., int], tmp_path: Path, capsys):
    stacked.to_csv(tmp_path / "in.csv", index=False)
    command = ("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--doubt", tmp_path / "doubt.csv")
    assert run_cli(*command, "--by", "station", "--causal") != 0
    assert "--doubt judges readings by later ones too" in " ".join(capsys.readouterr().err.split())

"""Filling stacked tables: each series as if it were alone, and written into the whole table."""

import json

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.stacked import impute_stacked

HOURS = pd.date_range("2023-03-01", periods=60, freq="h")


@pytest.fixture
def stations():
    """Two stations, the second 100 times as large, with gaps."""
    rng = np.random.default_rng(0)
    frames = []
    for number, name in enumerate(("North", "South")):
        values = (10 + np.sin(np.arange(60) / 4) + rng.normal(0, 0.1, 60)) * 100**number
        values[[5, 6, 20 + number, 59]] = np.nan
        frames.append(pd.DataFrame({"station": name, "time": HOURS, "x": values.round(2), "y": np.arange(60) % 7}))
    return frames


def as_text(frame):
    return frame.to_csv(index=False, date_format="%Y-%m-%d %H:%M")


@pytest.fixture
def impute(tmp_path, run_cli):
    """Fills the text of a table with flags, and gives the path of the filled table."""

    def run(text, *flags, name="all"):
        source, out = tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv"
        source.write_text(text)
        assert run_cli("impute", source, "-o", out, *flags) == 0
        return out

    return run


@pytest.mark.parametrize("in_turns", [False, True])
@pytest.mark.parametrize("strategy", ["linear", "auto"])
def test_a_stacked_file_is_filled_like_each_series_alone(tmp_path, impute, stations, in_turns, strategy):
    whole = pd.concat(stations)
    whole = whole.sort_values(["time", "station"], kind="stable") if in_turns else whole
    flags = ["--strategy", strategy, "--effort", "quick", "--seed", "0", "--model", "own", "--intervals", "0.9"]
    out = impute(as_text(whole), "--by", "station", "--codes", tmp_path / "codes.csv", *flags)
    filled, codes = pd.read_csv(out, dtype=str), pd.read_csv(tmp_path / "codes.csv")
    assert list(filled["station"]) == list(whole["station"])
    for frame in stations:
        alone = impute(as_text(frame), *flags, name=frame["station"][0])
        own = filled["station"] == frame["station"][0]
        pd.testing.assert_frame_equal(filled[own].reset_index(drop=True), pd.read_csv(alone, dtype=str))
        assert ((codes["x"] > 0)[own].to_numpy() == frame["x"].isna().to_numpy()).all()
    summary = json.loads(out.with_name("all.out.summary.json").read_text())
    assert summary["columns"]["x"]["missing"] == 8
    assert list(summary["series"]) == ["North", "South"]


def test_missing_rows_are_added_in_each_series_with_its_label(impute, stations):
    text = as_text(pd.concat(stations)).splitlines()
    gappy = [line for line in text if not line.startswith(("North,2023-03-01 03:00", "South,2023-03-02 00:00"))]
    out = impute("\n".join(gappy) + "\n", "--by", "station", "--grid", "--strategy", "linear")
    assert [line.split(",")[:2] for line in out.read_text().splitlines()] == [line.split(",")[:2] for line in text]


def test_a_series_that_cannot_be_filled_costs_only_itself(tmp_path, impute, stations, capsys):
    text = as_text(pd.concat(stations)) + "West,2023-03-01 00:00,,5\n"
    out = impute(text, "--by", "station", "--strategy", "linear", "--codes", tmp_path / "c.csv")
    assert out.read_text().splitlines()[-1] == "West,2023-03-01 00:00,,5"
    assert "'West': The table has 1 row" in capsys.readouterr().err
    summary = json.loads(out.with_name("all.out.summary.json").read_text())
    assert list(summary["not_filled"]) == ["West"]
    assert pd.read_csv(tmp_path / "c.csv")[["x", "y"]].iloc[-1].tolist() == [5, 0]


def test_a_frame_is_filled_by_columns_or_levels_of_its_index(stations):
    frame = pd.concat(stations, ignore_index=True)
    filled = latentfill.impute(frame, by="station", strategy="linear", seed=0)
    assert filled["x"].notna().all()
    assert filled["x"][60:].min() > 500
    indexed = frame.set_index(["station", "time"])
    again = latentfill.impute(indexed, groups=["station"], strategy="linear", seed=0)
    pd.testing.assert_index_equal(again.index, indexed.index)
    np.testing.assert_array_equal(again["x"].to_numpy(), filled["x"].to_numpy())


def test_an_imputer_fits_one_series(stations):
    with pytest.raises(InputError, match=r"latentfill\.impute"):
        Imputer(by="station").fit(pd.concat(stations))


def test_nothing_to_fill_in_any_series_is_an_error(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("s,x\na,\nb,\na,\nb,\n")
    with pytest.raises(InputError, match="missing"):
        impute_stacked(Imputer(by="s"), path)

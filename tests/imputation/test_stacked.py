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


def stacked_text(*parts):
    return "station,time,x,y\n" + "".join(parts)


def rows_of(name, n_rows, x="{n}", step=1):
    hours = pd.date_range("2023-03-01", periods=n_rows, freq=f"{step}h").strftime("%Y-%m-%d %H:%M")
    return "".join(f"{name},{hour},{x.format(n=n)},{'' if n % 5 == 2 else n % 7}\n" for n, hour in enumerate(hours))


@pytest.mark.parametrize("flags", [[], ["--grid"]])
def test_a_bad_series_costs_only_itself_also_if_it_is_the_longest(tmp_path, run_cli, flags):
    bad = "".join(f"bad,{time},,\n" for time in ("2023-03-01 00:00", "2023-03-01 00:07", "2023-03-02 11:13") * 1)
    bad += "".join(f"bad,2023-03-03 {hour:02}:{hour * 2:02},,\n" for hour in range(24) for _ in range(1))
    (tmp_path / "in.csv").write_text(stacked_text(bad, rows_of("good", 20), rows_of("well", 20)))
    words = ["impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--by", "station", "--strategy", "linear"]
    assert run_cli(*words, *flags) == 0
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert list(summary["series"]) == ["good", "well"]
    assert list(summary["not_filled"]) == ["bad"]


def test_samples_of_series_with_other_steps_share_a_model(tmp_path, run_cli):
    parts = [rows_of(f"s{step}", 30, step=step) for step in (1, 2, 24)]
    (tmp_path / "in.csv").write_text(stacked_text(*parts))
    words = ["impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--by", "station", "--model", "shared"]
    assert run_cli(*words, "--strategy", "linear", "--samples", "1") == 0


def test_series_whose_labels_join_to_the_same_text_are_told_apart():
    frame = pd.DataFrame({"a": ["p, q"] * 4 + ["p"] * 4, "b": ["r"] * 4 + ["q, r"] * 4})
    frame["time"] = list(pd.date_range("2023-03-01", periods=4, freq="h")) * 2
    frame["x"] = [1.0, np.nan, 3.0, 4.0] * 2
    filled = impute_stacked(Imputer(by=("a", "b"), strategy="linear"), frame)
    assert list(filled.summary["series"]) == ['"p, q", r', 'p, "q, r"']
    assert filled.summary["columns"]["x"]["missing"] == 2


def test_columns_that_hold_no_names_are_refused():
    import pyarrow as pa

    times = pd.date_range("2023-03-01", periods=4, freq="h")
    table = pa.table({"flag": [True, True, False, False], "time": list(times[:2]) * 2, "x": [1.0, None, 2.0, 3.0]})
    with pytest.raises(InputError, match=r"by: the values of column 'flag' .* Turn them into texts"):
        latentfill.impute(table, by="flag")
    with pytest.raises(InputError, match=r"pivot: the values of column 'flag' .* Turn them into texts"):
        latentfill.impute(table, pivot={"flag": "x"})


def test_a_parameter_may_be_called_like_the_column_of_series():
    hours = np.repeat(pd.date_range("2023-03-01", periods=6, freq="h"), 2)
    frame = pd.DataFrame({"station": "s", "time": hours, "parameter": ["x", "station"] * 6, "value": np.arange(12.0)})
    frame.loc[[4, 7], "value"] = np.nan
    filled = latentfill.impute(frame, by="station", pivot={"parameter": "value"}, strategy="linear")
    assert filled["value"].tolist() == list(range(12))

"""Filling long tables, with one reading in each row, in every kind of file and frame."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.imputer import Imputer

HOURS = pd.date_range("2023-03-01", periods=48, freq="h")
PIVOT = ("--pivot", "parameter=value")
LINEAR = ("--strategy", "linear")
FIRST_ADDED = 7  # hour, see `readings`


@pytest.fixture
def readings():
    """Readings of two parameters on straight lines; O3 has no row at hours 7 and 8, and is empty at hour 20."""
    rows = [
        {"station": "A", "time": hour, "parameter": name, "value": start + step * row, "quality": "ok"}
        for row, hour in enumerate(HOURS)
        for name, start, step in (("NO2", 10.5, 0.5), ("O3", 100.25, -0.25))
        if not (name == "O3" and row in (FIRST_ADDED, FIRST_ADDED + 1))
    ]
    frame = pd.DataFrame(rows)
    frame.loc[(frame["parameter"] == "O3") & (frame["time"] == HOURS[20]), "value"] = np.nan
    return frame


def complete(frame):
    """The frame after filling, without what is not checked."""
    rows = []
    for row in frame.to_dict("records"):
        hour = list(HOURS).index(row["time"])
        rows.append({**row, "value": 10.5 + 0.5 * hour if row["parameter"] == "NO2" else 100.25 - 0.25 * hour})
        if hour in (FIRST_ADDED, FIRST_ADDED + 1):
            rows.append({"time": row["time"], "parameter": "O3", "value": 100.25 - 0.25 * hour})
    return pd.DataFrame(rows, columns=frame.columns)


def save(folder, frame, name="t.csv"):
    frame.to_csv(folder / name, index=False, date_format="%Y-%m-%d %H:%M")
    return folder / name


def test_every_kind_of_frame_comes_back_as_it_was_given(readings):
    expected = complete(readings)
    filled = latentfill.impute(readings, pivot={"parameter": "value"}, strategy="linear")
    pd.testing.assert_frame_equal(filled, expected)
    table = pa.Table.from_pandas(readings, preserve_index=False)
    filled = latentfill.impute(table, pivot=("parameter", "value"), strategy="linear")
    assert filled.equals(pa.Table.from_pandas(expected, schema=table.schema, preserve_index=False))
    filled = latentfill.impute(pl.from_arrow(table), pivot="parameter=value", strategy="linear")
    assert filled.equals(pl.from_arrow(pa.Table.from_pandas(expected, schema=table.schema, preserve_index=False)))


def test_names_of_parameters_keep_their_type(readings):
    codes = readings.assign(parameter=readings["parameter"].map({"NO2": 42602, "O3": 44201}))
    filled = latentfill.impute(codes, pivot="parameter=value", strategy="linear")
    assert filled["parameter"].dtype == np.int64
    assert (filled["parameter"] == 44201).sum() == 48
    words = readings.astype({"parameter": "category"})
    assert latentfill.impute(words, pivot="parameter=value", strategy="linear")["parameter"].dtype == "category"
    frame = pl.from_pandas(words)
    filled = latentfill.impute(frame, pivot="parameter=value", strategy="linear")
    assert filled.schema == frame.schema
    assert filled["parameter"].to_list() == complete(readings)["parameter"].to_list()
    table = pa.Table.from_pandas(words, preserve_index=False)
    filled = latentfill.impute(table, pivot="parameter=value", strategy="linear")
    assert filled.schema == table.schema
    assert filled["parameter"].to_pylist() == complete(readings)["parameter"].to_list()


def test_stamps_and_parameters_may_be_the_index_of_a_frame(readings):
    expected = complete(readings)[["time", "parameter", "value"]]
    by_time = readings.set_index("time")[["parameter", "value"]]
    filled = latentfill.impute(by_time, pivot="parameter=value", strategy="linear")
    pd.testing.assert_frame_equal(filled, expected.set_index("time"), check_index_type=False)
    by_both = readings.set_index(["time", "parameter"])[["value"]]
    filled = latentfill.impute(by_both, pivot="parameter=value", strategy="linear")
    pd.testing.assert_frame_equal(filled, expected.set_index(["time", "parameter"]))


@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_files_of_frames_are_filled_like_text(tmp_path, run_cli, readings, ending):
    path, out = tmp_path / f"t.{ending}", tmp_path / f"out.{ending}"
    if ending == "xlsx":
        pytest.importorskip("python_calamine")
        readings.to_excel(path, index=False)
    else:
        readings.to_parquet(path)
    assert run_cli("impute", path, "-o", out, *PIVOT, *LINEAR) == 0
    filled = pd.read_excel(out, engine="openpyxl") if ending == "xlsx" else pd.read_parquet(out)
    pd.testing.assert_frame_equal(filled, complete(readings), check_dtype=False)


def test_a_workbook_without_added_rows_keeps_its_other_sheets(tmp_path, run_cli, readings):
    openpyxl = pytest.importorskip("openpyxl")
    whole = readings[~readings["time"].isin(HOURS[[FIRST_ADDED, FIRST_ADDED + 1]])]
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        whole.to_excel(book, sheet_name="data", index=False)
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="notes")
    command = ("impute", tmp_path / "t.xlsx", "-o", tmp_path / "out.xlsx", "--sheet", "data", *PIVOT, *LINEAR)
    assert run_cli(*command) == 0
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["data", "notes"]
    values = pd.read_excel(tmp_path / "out.xlsx", sheet_name="data", engine="openpyxl")["value"]
    np.testing.assert_allclose(values, complete(whole).dropna(subset="station")["value"])


def test_codes_bounds_and_samples_have_a_row_for_each_row_of_the_output(tmp_path, run_cli, readings):
    files = {name: tmp_path / f"{name}.csv" for name in ("out", "codes", "bounds")}
    given = ("--codes", files["codes"], "--intervals", "0.9", "--intervals-to", files["bounds"], "--samples", "1")
    assert run_cli("impute", save(tmp_path, readings), "-o", files["out"], *PIVOT, *given, *LINEAR) == 0
    out, codes, bounds = (pd.read_csv(path) for path in files.values())
    expected = complete(readings)
    assert list(out.columns) == list(readings.columns)
    np.testing.assert_array_equal(out["value"], expected["value"])
    is_filled = (out["parameter"] == "O3") & pd.to_datetime(out["time"]).isin(HOURS[[7, 8, 20]])
    assert list(codes.columns) == ["value", "value_weights", "value_expected", "value_lower", "value_upper", "model"]
    np.testing.assert_array_equal(codes["value"], np.where(is_filled, 3, 0))
    assert (codes["value_expected"].notna() == is_filled).all()
    assert list(bounds.columns) == ["value_lower", "value_upper"]
    pd.testing.assert_frame_equal(bounds, codes[["value_lower", "value_upper"]])
    np.testing.assert_array_equal(bounds["value_lower"][~is_filled], out["value"][~is_filled])
    sample = pd.read_csv(tmp_path / "out.sample1.csv")
    pd.testing.assert_frame_equal(sample[~is_filled], out[~is_filled])
    assert (sample["parameter"] == out["parameter"]).all()
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert summary["columns"]["O3"]["missing"] == 3
    assert summary["columns"]["NO2"]["observed"] == 48
    assert summary["table"]["added_rows"] == 2
    assert "2 rows are added, for readings that have no row." in summary["notes"]


def test_bounds_inside_the_table_are_columns_of_the_values(tmp_path, run_cli, readings):
    words = pd.DataFrame([{"station": "A", "time": HOURS[0], "parameter": "sky", "value": "dull", "quality": "ok"}])
    path = save(tmp_path, pd.concat([readings.astype({"value": object}), words]))
    codes = tmp_path / "codes.csv"
    command = ("impute", path, "-o", tmp_path / "out.csv", *PIVOT, "--intervals", "0.9", "--codes", codes, *LINEAR)
    assert run_cli(*command) == 0
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0].endswith("quality,value_lower,value_upper")
    assert lines[1] == "A,2023-03-01 00:00,NO2,10.5,ok,10.5,10.5"
    assert lines[-1] == "A,2023-03-01 00:00,sky,dull,ok,,"
    assert codes.read_text().splitlines()[-1].startswith("0,,,,")


def test_several_series_are_filled_each_with_its_own_parameters(tmp_path, run_cli, readings, capsys):
    other = readings[readings["parameter"] == "O3"].assign(station="B", value=lambda rows: rows["value"] + 1000)
    path = save(tmp_path, pd.concat([readings, other]).sort_values(["time", "station"], kind="stable"))
    files = {name: tmp_path / f"{name}.csv" for name in ("out", "codes")}
    command = ("impute", path, "-o", files["out"], "--codes", files["codes"], "--by", "station", "--grid")
    assert run_cli(*command, *PIVOT, *LINEAR) == 0
    out, codes = (pd.read_csv(file) for file in files.values())
    assert set(zip(out["station"], out["parameter"], strict=True)) == {("A", "NO2"), ("A", "O3"), ("B", "O3")}
    assert len(out) == len(codes) == 3 * 48
    is_filled = (out["parameter"] == "O3") & pd.to_datetime(out["time"]).isin(HOURS[[7, 8, 20]])
    np.testing.assert_array_equal(codes["value"], np.where(is_filled, 3, 0))
    for station, shift in (("A", 0), ("B", 1000)):
        own = out[(out["station"] == station) & (out["parameter"] == "O3")]
        np.testing.assert_array_equal(own["value"], 100.25 + shift - 0.25 * np.arange(48))
    lines = files["out"].read_text().splitlines()
    originals = path.read_text().splitlines()
    assert [line for line in lines if line.endswith("ok") and ",O3," not in line] == [
        line for line in originals if line.endswith("ok") and ",O3," not in line
    ]
    assert "4 rows are added" in capsys.readouterr().err
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert summary["columns"]["O3"]["missing"] == 6
    assert list(summary["series"]["B"]["columns"]) == ["O3"]


def test_series_with_the_same_parameters_can_share_a_model_and_others_cannot(readings):
    other = readings.assign(station="B", value=readings["value"] + 1)
    both = pd.concat([readings, other], ignore_index=True)
    options = {"pivot": "parameter=value", "by": "station", "strategy": "linear", "model": "shared"}
    filled = latentfill.impute(both, **options)
    assert (filled["parameter"] == "O3").sum() == 96
    fewer = pd.concat([readings, other[other["parameter"] == "O3"]], ignore_index=True)
    with pytest.raises(InputError, match="different columns"):
        latentfill.impute(fewer, **options)
    filled = latentfill.impute(fewer, **{**options, "model": "auto"})
    assert filled["value"].notna().all()


def test_a_saved_model_fills_other_long_tables(tmp_path, run_cli, readings, capsys):
    path, model, out = save(tmp_path, readings), tmp_path / "model", tmp_path / "out.csv"
    assert run_cli("fit", path, "-m", model, *PIVOT, *LINEAR) == 0
    assert run_cli("apply", path, "-m", model, "-o", out) == 0
    np.testing.assert_array_equal(pd.read_csv(out)["value"], complete(readings)["value"])
    fewer = save(tmp_path, readings[readings["parameter"] == "NO2"], "fewer.csv")
    assert run_cli("apply", fewer, "-m", model, "-o", out) == 2
    assert "lacks columns that the model was fitted with" in capsys.readouterr().err


def test_long_tables_are_inspected_and_evaluated(tmp_path, run_cli, readings, capsys):
    path = save(tmp_path, readings)
    assert run_cli("inspect", path, *PIVOT, "--json") == 0
    described = json.loads(capsys.readouterr().out)
    assert described["rows"] == len(readings)
    assert described["columns"]["O3"]["missing"] == 3
    scores = tmp_path / "scores.json"
    assert run_cli("evaluate", path, *PIVOT, "--strategies", "linear,mean", "-o", scores) == 0
    assert {score["column"] for score in json.loads(scores.read_text())["scores"]} & {"NO2", "O3"}


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (("--pivot", "parameter"), "such as parameter=value, got 'parameter'"),
        (("--pivot", "parameter=valeu"), "did you mean 'value'"),
        ((*PIVOT, "--columns", "no2x"), "did you mean 'NO2'"),
        ((*PIVOT, "--split", "ett-hour"), "leave out pivot"),
        ((*PIVOT, "--explain", "explain.csv", "--strategy", "neighbours"), "leave out pivot"),
        ((), "`--pivot parameter=value`"),
    ],
)
def test_what_does_not_fit_a_long_table_is_refused(tmp_path, run_cli, readings, capsys, flags, part):
    path, out = save(tmp_path, readings), tmp_path / "out.csv"
    assert run_cli("impute", path, "-o", out, *flags) == 2
    assert part in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_stored_embeddings_do_not_go_with_a_long_table():
    with pytest.raises(InputError, match=r"leave out pivot \(--pivot\), or the embeddings"):
        Imputer(pivot="parameter=value", embeddings=np.zeros((4, 8)))


def test_gaps_that_are_too_long_get_no_rows(tmp_path, run_cli, readings):
    out, codes = tmp_path / "out.csv", tmp_path / "codes.csv"
    command = ("impute", save(tmp_path, readings), "-o", out, "--codes", codes, "--samples", "1", "--max-gap", "1")
    assert run_cli(*command, *PIVOT, *LINEAR) == 0
    filled, sample, codes = (pd.read_csv(path) for path in (out, tmp_path / "out.sample1.csv", codes))
    assert len(filled) == len(sample) == len(codes) == len(readings)
    assert filled["value"].notna().all()
    assert (codes["value"] > 0).sum() == 1


def test_new_rows_have_the_time_in_all_of_its_columns(tmp_path, run_cli, readings):
    stamps = readings["time"].dt
    dated = readings.assign(date=stamps.strftime("%d.%m.%Y"), clock=stamps.strftime("%H:%M")).drop(columns="time")
    path, out = save(tmp_path, dated), tmp_path / "out.csv"
    assert run_cli("impute", path, "-o", out, "--time", "date,clock", *PIVOT, *LINEAR) == 0
    added = [line for line in out.read_text().splitlines() if line.startswith(",")]
    assert added == [",O3,98.50,,01.03.2023,07:00", ",O3,98.25,,01.03.2023,08:00"]


def test_embeddings_are_not_inspected_with_a_long_table(tmp_path, run_cli, capsys):
    (tmp_path / "e.npy").touch()
    assert run_cli("inspect", tmp_path / "e.npy", "--pivot", "parameter=value") == 2
    assert "leave out --pivot" in capsys.readouterr().err


def test_a_column_with_the_name_of_a_bound_is_refused(readings):
    with pytest.raises(InputError, match="already has a column 'value_lower'"):
        latentfill.impute(readings.assign(value_lower=1), pivot="parameter=value", strategy="linear", intervals=0.9)

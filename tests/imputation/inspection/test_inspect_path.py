"""Descriptions of tables and models by `inspect_path`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.imputation.inspection.inspect_path import inspect_path
from latentfill.imputation.saving.model_state import FORMAT
from latentfill.tables.options import TableOptions


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    frame = pd.DataFrame({"a": [1.0, None, None, 4.0, 5.0] * 8, "b": [2.0, 3.0, None, 1.0, 0.0] * 8})
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=40, freq="h"))
    frame.to_csv(path, index=False)
    return path


def test_a_table_is_described_by_column_and_gap_length(table: Path):
    description = inspect_path(table, TableOptions())
    assert json.loads(json.dumps(description)) == description
    assert (description["kind"], description["rows"], description["missing_cells"]) == ("table", 40, 24)
    assert description["time"]["columns"] == ["time"]
    assert description["time"]["last"] == "2024-01-02T15:00:00"
    a = description["columns"]["a"]
    assert (a["observed"], a["missing"], a["min"], a["max"], a["longest_gap"]) == (24, 16, 1.0, 5.0, 2)
    assert a["gaps"] == {"1": 0, "2-3": 8, "4-6": 0, "7-24": 0, "25-168": 0, ">168": 0}


def test_a_model_is_described_from_its_record(table: Path, tmp_path: Path):
    Imputer(strategy="linear").fit(table).save(tmp_path / "model")
    description = inspect_path(tmp_path / "model", TableOptions())
    assert (description["kind"], description["bytes"]) == (
        "model",
        (tmp_path / "model/model.safetensors").stat().st_size,
    )
    assert description["columns"] == {"a": "continuous", "b": "continuous"}
    assert list(description["held_out_error"]) == ["built-in"]
    (tmp_path / "model" / "config.json").write_text(json.dumps({"format": FORMAT}))
    with pytest.raises(ModelFormatError, match="it has no digests of its files"):
        inspect_path(tmp_path / "model", TableOptions())
    (tmp_path / "model" / "config.json").write_text(json.dumps({"format": 8}))
    with pytest.raises(ModelFormatError, match="settings is missing"):
        inspect_path(tmp_path / "model", TableOptions())


def test_a_path_that_is_not_there_or_holds_no_embeddings_is_refused(table: Path, tmp_path: Path):
    with pytest.raises(InputError, match="does not exist"):
        inspect_path(tmp_path / "none", TableOptions())
    with pytest.raises(InputError, match=r"--beside goes with embeddings, and .* holds none"):
        inspect_path(table, TableOptions(), beside=table)


LAYOUT = """Station;A12
Zone;local
# a remark
time;n;temp;code;text
;;degC;;
2024-01-01 00:00;1;1,5;7;a
2024-01-01 01:00;2;k.A.;7;b
# another remark
2024-01-01 02:00;3;NA;7;c
2024-01-01 03:00;4;1.002,5;7;d
2024-01-01 04:00;5;2,5*;7;e
Source: none
"""


def test_the_layout_of_a_text_file_and_how_its_cells_are_read_are_described(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + LAYOUT.encode())
    described = inspect_path(path, TableOptions(missing=("k.A.",), timezone="Europe/Berlin", leave=("text",)))
    assert described["layout"] == {
        "encoding": "utf-8 with a byte order mark",
        "delimiter": "semicolon",
        "lines_above": 3,
        "first_lines_above": ["Station;A12", "Zone;local", "# a remark"],
        "header_rows": 1,
        "units_rows": [";;degC;;"],
        "comment": "#",
        "comment_lines": 2,
        "lines_below": ["Source: none"],
    }
    assert described["numbers"] == {"decimal_mark": ",", "thousands_separator": ".", "flags": "*"}
    time = described["time"]
    assert (time["columns"], time["format"], time["zone"]) == (["time"], "%Y-%m-%d %H:%M", ["Europe/Berlin"])
    assert described["left_alone"] == {
        "n": "counts the rows",
        "code": "the same label in all rows",
        "text": "is in --leave",
    }
    assert described["missing_markers"] == {"temp": {"k.A.": 1, "NA": 1}}
    assert json.loads(json.dumps(described)) == described


def test_values_that_may_be_markers_are_described_until_they_are_accepted(table: Path):
    frame = pd.read_csv(table)
    frame.loc[7, "b"] = -9999.0
    frame.to_csv(table, index=False)
    described = inspect_path(table, TableOptions())
    assert (described["suspected_markers"], described["missing_markers"]) == ({"b": {"-9999": 1}}, {})
    accepted = inspect_path(table, TableOptions(missing=("auto",)))
    assert (accepted["suspected_markers"], accepted["missing_markers"]) == ({}, {"b": {"-9999.0": 1}})


def test_stacked_series_are_described_together(tmp_path: Path):
    frames = []
    for name, hours, freq in (("North", 40, "h"), ("South", 20, "h"), ("West", 12, "D"), ("Lone", 1, "h")):
        frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=hours, freq=freq), "station": name})
        frames.append(frame.assign(id=range(hours), x=[float(i % 7) for i in range(hours)]))
    whole = pd.concat(frames)
    whole.iloc[[3, 4, 45], 3] = float("nan")
    whole.to_csv(tmp_path / "t.csv", index=False)
    described = inspect_path(tmp_path / "t.csv", TableOptions(by=("station",)))
    assert described["rows"] == 73
    assert described["series"] == {
        "number": 4,
        "by": ["station"],
        "rows": {"shortest": 1, "median": 16.0, "longest": 40},
        "steps": {"1 hour": 2, "1 day": 1},
        "missing_share": {"lowest": 0.0, "median": 0.05, "highest": 0.05},
        "cannot_be_filled": {"Lone": "The table has 1 row. A time series needs at least two."},
    }
    assert described["left_alone"] == {"id": "counts the rows"}
    x = described["columns"]["x"]
    assert (x["observed"], x["missing"], x["longest_gap"], x["max"]) == (69, 3, 2, 6.0)
    assert (described["time"]["columns"], described["missing_cells"]) == (["time"], 3)
    assert json.loads(json.dumps(described)) == described


def test_the_series_of_a_long_table_are_described_by_their_parameters(tmp_path: Path):
    rows = [
        f"{station},2024-01-{day:02d},{name},{'NA' if day == 4 and name == 'NO2' else f'{day}.5'}\n"
        for station, names in (("A", ("NO2", "O3")), ("B", ("O3",)))
        for day in range(1, 13)
        for name in names
    ]
    (tmp_path / "t.csv").write_text("station,date,parameter,value\n" + "".join(rows))
    described = inspect_path(tmp_path / "t.csv", TableOptions(by=("station",), pivot="parameter=value"))
    assert described["series"]["rows"] == {"shortest": 12, "median": 18.0, "longest": 24}
    assert {name: column["observed"] for name, column in described["columns"].items()} == {"NO2": 11, "O3": 24}
    assert described["missing_markers"] == {"NO2": {"NA": 1}}

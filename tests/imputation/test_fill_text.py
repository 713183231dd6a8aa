"""Columns of words and of true and false, filled with their own words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.inspection.inspect_path import inspect_path
from latentfill.tables.options import TableOptions

N = 900


def complete(n: int = N, seed: int = 0) -> pd.DataFrame:
    """A status that follows the load, a door that follows the hour, and names that are all different."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2023-01-01", periods=n, freq="h")
    load = np.where((time.hour >= 8) & (time.hour < 18), 50, 10) + rng.normal(0, 3, n)
    status = np.where(load > 30, "running, full", np.where(time.hour < 5, "off", 'id"le'))
    door = np.where(time.hour % 6 < 2, "True", "False")
    names = [f"name {row}" for row in range(n)]
    return pd.DataFrame({"time": time, "status": status, "load": load.round(1), "door": door, "name": names})


def gappy(seed: int = 1, n: int = N) -> pd.DataFrame:
    frame, rng = complete(n), np.random.default_rng(seed)
    for column in ("status", "load", "door"):
        for start in rng.integers(0, n - 20, 25):
            frame.loc[start : start + rng.integers(0, 10), column] = None
    return frame


def nearest(column: pd.Series) -> pd.Series:
    """The nearest label, the earlier one of two."""
    known = np.flatnonzero(column.notna())
    at = np.abs(known[None] - np.arange(len(column))[:, None]).argmin(axis=1)
    return column.iloc[known[at]].reset_index(drop=True)


@pytest.mark.parametrize("column", ["status", "door"])
def test_labels_are_learnt_from_the_hour_and_the_other_columns(column: str):
    frame, truth = gappy(), complete()
    filled = latentfill.impute(frame, fill_text=True)
    gaps = frame[column].isna()
    right = (filled[column] == truth[column])[gaps].mean()
    assert right > 0.9
    assert right > (nearest(frame[column]) == truth[column])[gaps].mean() + 0.2
    assert set(filled[column]) == set(truth[column])
    assert filled["name"].equals(frame["name"])


def test_without_the_option_words_are_left_alone():
    frame = gappy()
    assert latentfill.impute(frame)["status"].isna().equals(frame["status"].isna())


def test_a_file_keeps_its_observed_cells_and_gets_quoted_labels(tmp_path: Path):
    frame = gappy()
    frame.to_csv(tmp_path / "in.csv", index=False)
    imputer = Imputer(fill_text=True, intervals=0.9, samples=2).fit(tmp_path / "in.csv")
    imputation = imputer.fill(tmp_path / "in.csv")
    imputation.write(tmp_path / "out.csv")
    filled = pd.read_csv(tmp_path / "out.csv", dtype=str)
    before = pd.read_csv(tmp_path / "in.csv", dtype=str)
    known = before.notna()
    assert (filled[before.columns][known] == before[known]).sum().sum() == known.sum().sum()
    assert '"running, full"' in (tmp_path / "out.csv").read_text()
    assert [name for name in filled.columns if name.endswith("_lower")] == ["load_lower"]
    assert imputation.to_frame()["status"].null_count == 0
    codes = imputation.code_columns()
    wrong = codes["status_expected"][frame["status"].isna()]
    assert ((wrong >= 0) & (wrong <= 1)).all()
    imputation.write_sample(1, tmp_path / "sample.csv")
    assert set(pd.read_csv(tmp_path / "sample.csv")["status"]) == set(complete()["status"])


@pytest.mark.parametrize("dtype", ["category", "string", "string[pyarrow]"])
def test_pandas_columns_keep_their_type(dtype: str):
    frame = gappy(n=400).astype({"status": dtype})
    filled = latentfill.impute(frame, fill_text=True, strategy="linear")
    assert filled["status"].dtype == frame["status"].dtype
    assert filled["status"].notna().all()


@pytest.mark.parametrize("dtype", ["boolean", object])
def test_booleans_stay_booleans(dtype: object):
    frame = gappy(n=400)
    frame["door"] = frame["door"].map({"True": True, "False": False}).astype(dtype)
    filled = latentfill.impute(frame, fill_text=True, strategy="linear")
    assert filled["door"].dtype == frame["door"].dtype
    assert all(isinstance(value, bool | np.bool_) for value in filled["door"])


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries(library: str):
    frame = gappy(n=400)
    frame["door"] = frame["door"].map({"True": True, "False": False}).astype("boolean")
    native = pl.from_pandas(frame) if library == "polars" else pa.Table.from_pandas(frame)
    filled = latentfill.impute(native, fill_text=True, strategy="linear")
    assert type(filled) is type(native)
    assert filled.schema == native.schema or library == "pyarrow"
    assert pa.table(filled).column("door").null_count == 0 if library == "pyarrow" else not filled["door"].has_nulls()


def test_a_polars_categorical_keeps_its_type():
    frame = pl.from_pandas(gappy(n=400)).with_columns(pl.col("status").cast(pl.Categorical))
    filled = latentfill.impute(frame, fill_text=True, strategy="linear")
    assert filled.schema == frame.schema
    assert filled["status"].null_count() == 0


def test_a_workbook_gets_words(tmp_path: Path):
    gappy(n=300).drop(columns="name").to_excel(tmp_path / "in.xlsx", index=False)
    imputer = Imputer(fill_text=True, strategy="linear").fit(tmp_path / "in.xlsx")
    imputer.fill(tmp_path / "in.xlsx").write(tmp_path / "out.xlsx")
    assert set(pd.read_excel(tmp_path / "out.xlsx", engine="openpyxl")["status"]) == set(complete()["status"])


def test_a_saved_model_numbers_the_labels_of_another_table_as_its_own(tmp_path: Path):
    Imputer(fill_text=True).fit(gappy()).save(tmp_path / "model")
    other = gappy(2)
    other = other[other["status"] != "running, full"].reset_index(drop=True)  # one label less
    other.loc[3, "status"] = "brand new"
    other.loc[10:14, "status"] = None
    filled = Imputer.load(tmp_path / "model").transform(other)
    assert filled.loc[3, "status"] == "brand new"
    known = other["status"].notna()
    assert filled["status"][known].equals(other["status"][known])
    assert filled["status"].notna().all()
    assert (filled["status"][~known] != "brand new").all()
    described = inspect_path(tmp_path / "model", TableOptions())
    assert described["columns"]["status"] == "text"


def test_the_columns_that_tell_series_apart_are_not_filled():
    frames = [gappy(seed, 300).assign(station=f"s{seed}") for seed in range(2)]
    stacked = pd.concat(frames, ignore_index=True)
    for model in ("own", "auto"):
        filled = latentfill.impute(stacked, by="station", fill_text=True, model=model, effort="quick")
        assert filled["station"].equals(stacked["station"])
        assert filled["status"].notna().all()


def test_inspect_shows_the_kind_of_words(tmp_path: Path):
    gappy().to_csv(tmp_path / "in.csv", index=False)
    described = inspect_path(tmp_path / "in.csv", TableOptions(fill_text=True))
    assert [described["columns"][name]["kind"] for name in ("status", "door")] == ["text", "boolean"]


def test_long_tables_have_no_words_to_fill():
    long = gappy().melt(id_vars="time", value_vars=["load"], var_name="what", value_name="reading")
    with pytest.raises(InputError, match=r"--fill-text.*is for wide tables"):
        latentfill.impute(long, pivot="what=reading", fill_text=True)

"""The parts of an `Imputation` as frames, its list of gaps, and how it and its notes are shown."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.pipeline import make_pipeline

import latentfill
from latentfill import Code, FillWarning, Imputer


@pytest.fixture
def frame() -> pd.DataFrame:
    """Eight days of hours, `a` a straight line with two gaps, `b` a wave with one of a single hour."""
    hours = np.arange(192.0)
    table = pd.DataFrame({"a": hours, "b": np.sin(hours / 4)}, pd.date_range("2024-03-01", periods=192, freq="h"))
    table.iloc[10:13, 0] = np.nan
    table.iloc[50:56, 0] = np.nan
    table.iloc[100, 1] = np.nan
    return table


@pytest.mark.parametrize("part", ["codes", "expected", "lower", "upper"])
def test_each_part_has_the_index_and_the_columns_of_the_input(part: str, frame: pd.DataFrame):
    cells = getattr(Imputer(strategy="linear", intervals=0.8).fit(frame).fill(frame), part)
    assert cells.index.equals(frame.index)
    assert list(cells.columns) == ["a", "b"]


def test_parts_say_which_cells_were_filled_and_how_surely(frame: pd.DataFrame):
    imputation = Imputer(strategy="linear", intervals=0.8).fit(frame).fill(frame)
    pd.testing.assert_frame_equal(imputation.codes != Code.OBSERVED, frame.isna())
    pd.testing.assert_frame_equal(imputation.expected.notna(), frame.isna())
    filled = imputation.frame
    assert (imputation.lower <= filled[["a", "b"]]).all(axis=None)
    assert (imputation.upper >= filled[["a", "b"]]).all(axis=None)


def test_without_intervals_there_are_no_bounds(frame: pd.DataFrame):
    imputation = Imputer(strategy="linear").fit(frame).fill(frame)
    assert imputation.lower is None
    assert imputation.upper is None


def test_each_gap_is_listed_once(frame: pd.DataFrame):
    imputation = Imputer(strategy="linear").fit(frame).fill(frame)
    gaps = imputation.gaps
    assert gaps[["column", "length"]].to_numpy().tolist() == [["a", 3], ["a", 6], ["b", 1]]
    assert gaps["start"].tolist() == frame.index[[10, 50, 100]].tolist()
    assert gaps["end"].tolist() == frame.index[[12, 55, 100]].tolist()
    assert gaps["strategies"].tolist() == ["linear=1.00"] * 3
    np.testing.assert_allclose(gaps["expected_error"][0], imputation.expected["a"].iloc[10:13].mean())


def test_gaps_are_in_the_time_zone_of_the_index(frame: pd.DataFrame):
    local = frame.tz_localize("Europe/Berlin")
    gaps = Imputer(strategy="linear").fit(local).fill(local).gaps
    assert gaps["start"].tolist() == local.index[[10, 50, 100]].tolist()
    assert gaps["end"].tolist() == local.index[[12, 55, 100]].tolist()
    complete = local.interpolate()
    assert len(Imputer(strategy="linear").fit(complete).fill(complete).gaps) == 0


def test_a_blend_names_its_strategies_the_heaviest_first(frame: pd.DataFrame):
    frame["b"] += np.random.default_rng(0).normal(size=len(frame))
    for text in Imputer(candidates=["kriging"]).fit(frame).fill(frame).gaps["strategies"]:
        names, shares = zip(*(part.split("=") for part in text.split()), strict=True)
        assert set(names) <= {"linear", "kriging"}
        assert [float(share) for share in shares] == sorted(map(float, shares), reverse=True)
        assert sum(map(float, shares)) == pytest.approx(1, abs=0.02)


def test_without_time_stamps_gaps_are_counted_in_rows(frame: pd.DataFrame):
    gaps = Imputer(strategy="linear").fit(frame.reset_index(drop=True)).fill(frame.reset_index(drop=True)).gaps
    assert gaps[["start", "end"]].to_numpy().tolist() == [[10, 12], [50, 55], [100, 100]]


def test_rows_that_the_table_does_not_have_are_no_gaps(frame: pd.DataFrame):
    fewer = frame.drop(frame.index[150:160])
    gaps = Imputer(strategy="linear").fit(fewer).fill(fewer).gaps
    assert gaps["length"].tolist() == [3, 6, 1]
    whole = Imputer(strategy="linear", grid=True).fit(fewer).fill(fewer)
    assert whole.gaps["length"].tolist() == [3, 6, 10, 1, 10]
    assert len(whole.codes) == len(frame)


def test_parts_are_frames_of_the_library_that_was_given(frame: pd.DataFrame, tmp_path: Path):
    table = frame.reset_index(names="time")
    table.to_csv(tmp_path / "a.csv", index=False)
    imputer = Imputer(strategy="linear").fit(table)
    for given, kind in ((pl.from_pandas(table), pl.DataFrame), (tmp_path / "a.csv", pa.Table)):
        imputation = imputer.fill(given)
        assert all(isinstance(part, kind) for part in (imputation.frame, imputation.codes, imputation.gaps))


def test_an_imputation_is_shown_in_one_short_line(frame: pd.DataFrame):
    imputation = Imputer(strategy="linear").fit(frame).fill(frame)
    assert repr(imputation) == "<Imputation of 192 rows and 2 columns: cells observed 374, linear 10>"
    assert imputation._repr_html_() == f"<p>{repr(imputation)[1:-1]}</p>"


def test_notes_are_warnings_at_the_line_of_the_user_and_each_comes_once(frame: pd.DataFrame):
    table = frame.reset_index(drop=True).assign(dead=np.nan)
    for fill in (
        lambda: Imputer(strategy="linear").fit(table).fill(table),
        lambda: make_pipeline(Imputer(strategy="linear")).fit_transform(table),
        lambda: latentfill.impute(table, strategy="linear"),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fill()
        notes = [str(each.message) for each in caught if each.category is FillWarning]
        assert len(notes) == len(set(notes))
        assert any("No time column was found" in note for note in notes)
        assert any("'dead'" in note and "left empty" in note for note in notes)
        assert {each.filename for each in caught if each.category is FillWarning} == {__file__}


def test_the_command_prints_its_notes_without_warnings(frame: pd.DataFrame, tmp_path: Path, run_cli, capsys):
    frame.to_csv(tmp_path / "a.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run_cli("impute", tmp_path / "a.csv", "--strategy", "linear", "-o", tmp_path / "b.csv") == 0
    assert "No time column was found" in " ".join(capsys.readouterr().err.split())

"""What becomes of doubtful readings when a table is filled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputer import Imputer

N = 800


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    a = 10 + 5 * np.sin(np.arange(N) / 24 * 2 * np.pi) + np.cumsum(rng.normal(0, 0.2, N))
    index = pd.date_range("2023-01-01", periods=N, freq="h", name="time")
    return pd.DataFrame({"a": a.round(2), "b": (2 * a + rng.normal(0, 0.5, N)).round(2), "ones": 1.0}, index=index)


@pytest.fixture(scope="module")
def dirty(truth: pd.DataFrame) -> pd.DataFrame:
    frame = truth.copy()
    frame.iloc[400, 0] += 60
    frame.iloc[500, 2] = 1e12
    frame.iloc[401:404, 0] = np.nan
    for column in range(3):
        for start in np.random.default_rng(column).integers(0, N - 10, 12):
            rows = np.setdiff1d(np.arange(start, start + 6), [400, 500])
            frame.iloc[rows, column] = np.nan
    return frame


def test_observed_values_come_back_and_no_fill_follows_a_wrong_one(truth: pd.DataFrame, dirty: pd.DataFrame):
    filled = latentfill.impute(dirty)
    assert (filled[dirty.notna()] == dirty[dirty.notna()]).sum().sum() == dirty.notna().sum().sum()
    assert (filled["ones"].drop(dirty.index[500]) == 1.0).all()
    beside = slice(401, 404)
    assert (filled["a"].iloc[beside] - truth["a"].iloc[beside]).abs().max() < 4


@pytest.mark.parametrize("strategy", ["linear", "kriging", "state_space"])
def test_every_strategy_fills_as_if_the_wrong_reading_were_missing(dirty: pd.DataFrame, strategy: str):
    without = dirty.copy()
    without.iloc[400, 0] = without.iloc[500, 2] = np.nan
    gaps = dirty.isna().to_numpy()
    ours, theirs = (latentfill.impute(each, strategy=strategy).to_numpy()[gaps] for each in (dirty, without))
    np.testing.assert_allclose(ours, theirs)


def test_doubtful_readings_are_listed_and_counted(dirty: pd.DataFrame, tmp_path: Path):
    imputation = Imputer(strategy="linear").fit(dirty).fill(dirty)
    imputation.write_doubt(tmp_path / "doubt.csv")
    listed = pd.read_csv(tmp_path / "doubt.csv")
    top = listed[listed["probability"] > 0.9]
    assert set(zip(top["row"], top["column"], top["reason"], strict=True)) == {
        (400, "a", "spike"),
        (500, "ones", "impossible"),
    }
    assert top["value"].max() == 1e12
    assert imputation.summary["doubtful"] == {"a": {"spike": 1}, "ones": {"impossible": 1}}
    assert any("2 readings are probably wrong" in note for note in imputation.summary["notes"])


def test_readings_are_replaced_only_on_request(truth: pd.DataFrame, dirty: pd.DataFrame):
    imputation = Imputer(blank_doubtful=0.9).fit(dirty).fill(dirty)
    filled = imputation.to_frame()
    assert filled["ones"].iloc[500] == 1.0
    assert abs(filled["a"].iloc[400] - truth["a"].iloc[400]) < 4
    replaced = imputation.filled.codes == Code.REPLACED
    assert np.argwhere(replaced).tolist() == [[400, 0], [500, 2]]
    assert imputation.summary["cells"]["replaced"] == 2
    others = dirty.notna() & ~replaced
    assert (filled[others] == dirty[others]).sum().sum() == others.sum().sum()


def test_a_saved_model_replaces_readings_of_other_tables(dirty: pd.DataFrame, truth: pd.DataFrame, tmp_path: Path):
    Imputer(strategy="linear").fit(truth).save(tmp_path / "model")
    imputation = Imputer.load(tmp_path / "model", blank_doubtful=0.9).fill(dirty)
    assert (imputation.filled.codes == Code.REPLACED).sum() == 2


@pytest.mark.parametrize("model", ["own", "shared"])
def test_series_of_a_stacked_table_are_treated_alike(dirty: pd.DataFrame, model: str):
    stacked = pd.concat([dirty.assign(name="x"), dirty.assign(name="y")]).reset_index()
    filled = latentfill.impute(stacked, by="name", model=model, strategy="linear", blank_doubtful=0.9)
    assert filled["ones"].max() == 1.0
    assert filled["a"].max() < 60


def test_a_text_file_keeps_all_cells_but_the_replaced_ones(dirty: pd.DataFrame, tmp_path: Path):
    dirty.to_csv(tmp_path / "in.csv")
    imputer = Imputer(blank_doubtful=0.9, strategy="linear").fit(tmp_path / "in.csv")
    imputer.fill(tmp_path / "in.csv").write(tmp_path / "out.csv")
    before, after = (pd.read_csv(tmp_path / name, dtype=str) for name in ("in.csv", "out.csv"))
    changed = before.notna() & (before != after)
    assert np.argwhere(changed.to_numpy()).tolist() == [[400, 1], [500, 3]]

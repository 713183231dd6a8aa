"""Codes and weights that say which strategies a value comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from latentfill.core.column_order import in_order
from latentfill.imputation.filling.blends import Blends
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.fill import estimate_series
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(900) / 24 * 2 * np.pi) + 0.1 * rng.normal(size=900)
    table = pd.DataFrame({"a": wave, "b": np.cumsum(rng.normal(size=900)), "c": wave + 0.2 * rng.normal(size=900)})
    for column in range(3):
        for start in rng.integers(0, 880, 25):
            table.iloc[start : start + rng.integers(1, 15), column] = np.nan
    return table


@pytest.fixture(scope="module")
def imputer(frame: pd.DataFrame) -> Imputer:
    return Imputer(time=()).fit(frame)


@pytest.fixture(scope="module")
def imputation(imputer: Imputer, frame: pd.DataFrame) -> Imputation:
    return imputer.fill(frame)


@pytest.mark.parametrize("candidates", [(), ("linear",), ("state_space",), ("locf",)])
def test_a_cell_with_the_code_of_a_strategy_has_its_estimate(frame: pd.DataFrame, candidates: tuple[str, ...]):
    imputer = Imputer(time=(), candidates=candidates, margin=None).fit(frame)
    imputation, path = imputer.fill(frame), imputer.fitted_.builtin
    columns = imputer.fitted_.columns
    series, filled = in_order(imputation.table.series, columns), imputation.filled.in_order(columns, frame.columns)
    estimated = estimate_series(imputer.fitted_, series).by_path["built-in"]
    spread, singles = np.nanstd(series.values, axis=0), 0
    for code, estimate in zip(path.codes, estimated.values, strict=True):
        coded = filled.codes == code
        difference = np.abs(filled.values - imputer.fitted_.scaler.invert(estimate)) / spread
        assert difference[coded].max(initial=0.0) < 0.05
        singles += coded.sum()
    blends = (imputation.filled.codes == Code.BLEND).sum()
    assert singles + blends == frame.isna().sum().sum()
    assert blends > 0 or candidates == ("linear",)


def test_the_file_of_codes_has_the_weights(imputation: Imputation, frame: pd.DataFrame):
    columns = imputation.code_columns()
    gaps = frame["b"].isna()
    texts = columns["b_weights"]
    assert (texts[~gaps] == "").all()
    for text in texts[gaps]:
        weights = [float(part.partition("=")[2]) for part in text.split()]
        assert abs(sum(weights) - 1) < 0.03
        assert weights == sorted(weights, reverse=True)
    single = np.isin(columns["b"], (Code.LINEAR, Code.KRIGING, Code.STATE_SPACE))
    assert all(text.count("=") == 1 for text in texts[single])


def test_the_summary_has_the_mean_weights(imputation: Imputation):
    shares = imputation.summary["filled_from"]
    assert abs(sum(shares.values()) - 1) < 0.01
    assert imputation.summary["cells"]["blend"] > 0


def test_weights_stay_with_their_columns_in_another_order(
    imputer: Imputer, imputation: Imputation, frame: pd.DataFrame
):
    turned = imputer.fill(frame[["c", "a", "b"]])
    assert turned.code_columns()["b_weights"].tolist() == imputation.code_columns()["b_weights"].tolist()


def test_blends_of_two_paths_are_joined():
    first = Blends(("linear", "kriging"), np.array([[1.0, 0.0]]), np.array([3]), np.zeros(3, dtype=np.int64))
    other = Blends(("denoise", "linear"), np.array([[0.7, 0.3]]), np.array([24]), np.zeros(3, dtype=np.int64))
    joined = other.where(np.array([True, False, True]), first)
    assert joined.code[joined.number].tolist() == [24, 3, 24]
    assert [joined.texts[number] for number in joined.number] == [
        "denoise=0.70 linear=0.30",
        "linear=1.00",
        "denoise=0.70 linear=0.30",
    ]

"""Properties of every strategy, including auto, tested through the `Imputer`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill import Code, Imputer
from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES
from latentfill.scoring.demo_table import make_sample

SAMPLE = make_sample(seed=3, days=21)
COLUMNS = list(SAMPLE.columns)
NAMES = (AUTO, *STRATEGIES)
CANDIDATES = {"linear", "autoregression", "state_space", "kriging"}  # of auto; too few columns for factors


def table(values: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(values.shape[1])])
    return frame.assign(time=SAMPLE.time[: len(values)])


@pytest.fixture(scope="module")
def fitted(quick: dict[str, object]):
    @cache
    def fit(name: str) -> Imputer:
        return Imputer(**quick, strategy=name, latent_steps=5).fit(table(SAMPLE.values))

    return fit


@pytest.mark.parametrize("name", NAMES)
def test_all_gaps_are_filled_and_observed_cells_stay_unchanged(fitted, name: str):
    result = fitted(name).fill(table(SAMPLE.values))
    assert not np.isnan(result.filled.values).any()
    np.testing.assert_array_equal(result.filled.values[~SAMPLE.missing], SAMPLE.values[~SAMPLE.missing])
    assert set(np.unique(result.filled.codes[~SAMPLE.missing])) == {Code.OBSERVED}


@pytest.mark.parametrize("name", NAMES)
def test_codes_and_summary_name_the_strategy_of_filled_cells(fitted, name: str):
    result = fitted(name).fill(table(SAMPLE.values))
    strategies_used = {Code(code).name.lower() for code in np.unique(result.filled.codes[SAMPLE.missing])}
    score = result.summary["held_out_error"]["built-in"]
    if name == AUTO:
        assert strategies_used <= {*CANDIDATES, "blend", "fallback"}
        assert set(score["candidates"]) == CANDIDATES - set(result.summary["left_out"]["built-in"])
    else:
        assert strategies_used <= {name, "fallback"}
        assert name in strategies_used
        assert score["candidates"][name]["mse"] == pytest.approx(score["mse"])
        assert set(score["candidates"]) == {"linear", name} | set(filter(None, [STRATEGIES[name].corrects]))
    for weights in score["weights"].values():
        assert sum(weights.values()) == pytest.approx(1, abs=0.01)


def test_the_summary_counts_windows_that_did_not_converge(fitted):
    summary = fitted("latent").fill(table(SAMPLE.values)).summary
    about = summary["strategies"]["built-in"]["latent"]
    assert about["not_converged"] > 0
    assert any(
        f"latents of {about['not_converged']} of {about['windows']} windows" in note for note in summary["notes"]
    )


@pytest.mark.parametrize(("search", "keys"), [("exact", {"bank_windows", "search"}), ("faiss", {"recall"})])
def test_the_summary_reports_the_bank_and_the_recall_of_an_index(quick: dict[str, object], search: str, keys: set[str]):
    imputer = Imputer(**quick, strategy="neighbours", neighbour_search=search).fit(table(SAMPLE.values))
    about = imputer.fill(table(SAMPLE.values)).summary["strategies"]["built-in"]["neighbours"]
    assert keys <= set(about)
    assert 0.3 < about.get("recall", 1.0) <= 1
    assert about["bank_windows"] > 400


def test_a_kept_index_serves_a_saved_model_and_is_made_again_for_another(quick: dict[str, object], tmp_path: Path):
    pytest.importorskip("faiss")
    settings = {**quick, "strategy": "neighbours", "neighbour_search": "faiss"}
    settings["neighbour_index"] = str(tmp_path / "index")
    imputer = Imputer(**settings, neighbour_index_engine="local").fit(table(SAMPLE.values))
    expected = imputer.fill(table(SAMPLE.values)).filled.values
    record = next((tmp_path / "index").glob("*/index.json"))
    made = record.stat().st_ino
    imputer.save(tmp_path / "model")
    found = Imputer.load(tmp_path / "model").fill(table(SAMPLE.values)).filled.values
    np.testing.assert_array_equal(found, expected)
    assert record.stat().st_ino == made
    Imputer(**settings, seed=1).fit(table(SAMPLE.values)).fill(table(SAMPLE.values))
    assert record.stat().st_ino != made


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_values(fitted, name: str, quick: dict[str, object]):
    again = Imputer(**quick, strategy=name, latent_steps=5).fit(table(SAMPLE.values)).fill(table(SAMPLE.values))
    np.testing.assert_array_equal(again.filled.values, fitted(name).fill(table(SAMPLE.values)).filled.values)


@pytest.mark.parametrize("name", NAMES)
def test_another_table_with_an_empty_column_is_filled(fitted, name: str):
    values = SAMPLE.values[100:300].copy()
    values[:, 2] = np.nan
    result = fitted(name).fill(table(values)).filled.values
    others = np.delete(result, 2, axis=1)
    assert not np.isnan(others).any()
    reach = np.nanmax(SAMPLE.values[:, 2]) - np.nanmin(SAMPLE.values[:, 2])
    known = result[:, 2][~np.isnan(result[:, 2])]
    assert (np.abs(known - np.nanmean(SAMPLE.values[:, 2])) < 1.3 * reach).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [24, 10, 3])
def test_a_table_of_one_window_or_less_is_filled(fitted, name: str, rows: int):
    values = SAMPLE.truth[200 : 200 + rows].copy()
    values[1, :2] = np.nan
    assert not np.isnan(fitted(name).fill(table(values)).filled.values).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_single_column_of_fifty_rows_is_fitted_and_filled(name: str, quick: dict[str, object]):
    values = SAMPLE.truth[:50, :1].copy()
    values[[3, 20, 21, 22, 49]] = np.nan
    result = Imputer(**quick, strategy=name, latent_steps=5).fit(table(values)).fill(table(values)).filled.values
    assert not np.isnan(result).any()
    assert result.min() >= np.nanmin(values) - 0.1 * np.ptp(values[~np.isnan(values)]) - 1e-9
    assert result.max() <= np.nanmax(values) + 0.1 * np.ptp(values[~np.isnan(values)]) + 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_gaps_is_left_as_it_is(fitted, name: str):
    whole = SAMPLE.truth[:100]
    np.testing.assert_array_equal(fitted(name).fill(table(whole)).filled.values, whole)

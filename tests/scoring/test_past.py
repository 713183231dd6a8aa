"""Backtests: scores of what is filled from the past alone, beside the last observation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.causal.past import last_reading
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.past import evaluate_past
from latentfill.scoring.scores import of_all_cells
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

N = 500
CONFIG = Config(causal=True, intervals=0.9)
SPEC = ScoringSpec(strategies=("auto", "locf"), patterns=("point",))


def frame() -> pd.DataFrame:
    """A daily wave and a related one, whose first readings are missing."""
    rng, hours = np.random.default_rng(0), np.arange(N)
    wave = np.sin(2 * np.pi * hours / 24) + 0.1 * rng.normal(size=N)
    table = pd.DataFrame({"wave": wave, "other": 2 * wave + 0.3 * rng.normal(size=N)})
    table.iloc[:5, 0] = np.nan
    table.iloc[300:310, 1] = np.nan
    table.index = pd.date_range("2023-01-01", periods=N, freq="h", name="time")
    return table


def series() -> Series:
    return read_table(frame(), TableOptions()).series


def test_the_past_is_scored_beside_the_last_observation():
    (run,) = evaluate_past(series(), CONFIG, SPEC)
    values = series().values
    last = last_reading(np.where(run.hidden, np.nan, values))
    error = ((last - values) / np.nanstd(values, axis=0))[run.hidden]
    auto, locf = of_all_cells(run.scores)
    assert (auto.strategy, locf.strategy) == ("auto", "locf")
    assert locf.mse == pytest.approx(np.mean(error**2))
    assert (locf.ratio_to_locf, locf.ratio_to_linear, locf.coverage) == (1.0, None, None)
    assert auto.ratio_to_locf == pytest.approx(auto.mse / locf.mse)
    assert auto.ratio_to_locf < 0.8
    assert auto.cells == run.hidden.sum()


def test_intervals_hold_about_as_often_as_asked_for():
    spec = replace(SPEC, seeds=(0, 1, 2))
    coverage = [of_all_cells(run.scores)[0].coverage for run in evaluate_past(series(), CONFIG, spec)]
    assert 0.8 < np.mean(coverage) < 0.98


def test_nothing_is_hidden_before_the_first_reading_that_is_left():
    spec = replace(SPEC, rates=(0.6,))
    (run,) = evaluate_past(series(), CONFIG, spec)
    visible = np.where(run.hidden, np.nan, series().values)
    assert not np.isnan(last_reading(visible)[run.hidden]).any()
    assert all(np.isfinite(score.mse) for score in run.scores)


def test_no_score_knows_the_future():
    """The same cells are hidden; readings after the last of them may be anything."""
    spec, first = replace(SPEC, patterns=("block",)), series()
    (run,) = evaluate_past(first, CONFIG, spec)
    stop = int(np.nonzero(run.hidden)[0].max()) + 1
    changed = first.values.copy()
    changed[stop:] = 1 - changed[stop:]  # the spread is nearly the same
    assert stop < N
    (other,) = evaluate_past(replace(first, values=changed), CONFIG, spec)
    np.testing.assert_array_equal(run.hidden, other.hidden)
    spreads = (np.nanstd(each, axis=0) for each in (first.values, changed))
    scales = dict(zip(first.columns, np.divide(*spreads) ** 2, strict=True))
    for before, after in zip(run.scores, other.scores, strict=True):
        if before.column in scales:
            assert after.mse == pytest.approx(before.mse * scales[before.column], rel=1e-9)


@pytest.mark.parametrize(
    ("spec", "settings", "words"),
    [
        ({"strategies": ("auto", "kriging")}, {}, "auto beside locf.*kriging cannot be compared"),
        ({"encoders": ("builtin",)}, {}, "builtin cannot be compared"),
        ({}, {"strategy": "kriging"}, "'kriging' looks ahead"),
    ],
)
def test_what_looks_ahead_is_not_scored(spec: dict[str, object], settings: dict[str, object], words: str):
    table = read_table(frame(), TableOptions())
    with pytest.raises(InputError, match=words):
        list(evaluate(table, CONFIG.replace(**settings), replace(SPEC, **spec)))


def test_the_command_prints_and_writes_the_ratio_to_the_last_observation(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    frame().to_csv(tmp_path / "a.csv")
    outputs = ("-o", tmp_path / "a.json", "--csv", tmp_path / "scores.csv")
    given = ("--causal", "--patterns", "point", "--intervals", 0.9, "--fail-if", "ratio_to_locf>1")
    assert run_cli("evaluate", tmp_path / "a.csv", *given, *outputs) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "filled from earlier steps alone" in printed
    assert "to locf" in printed
    scores = json.loads((tmp_path / "a.json").read_text())["scores"]
    assert {score["strategy"] for score in scores} == {"auto", "locf"}
    assert run_cli("evaluate", "--compare", tmp_path / "a.json", tmp_path / "a.json") == 0


def test_series_of_a_stacked_table_are_scored_together(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    both = pd.concat([frame().assign(name=name, wave=frame()["wave"] * size) for name, size in (("a", 1), ("b", 3))])
    both.to_csv(tmp_path / "both.csv")
    given = ("--causal", "--by", "name", "--patterns", "point", "-o", tmp_path / "both.json")
    assert run_cli("evaluate", tmp_path / "both.csv", *given) == 0
    record = json.loads((tmp_path / "both.json").read_text())
    locf = [score for score in record["scores"] if score["strategy"] == "locf"]
    assert {score["ratio_to_locf"] for score in locf} == {1.0}
    assert set(record["series"]) == {"a", "b"}


def test_the_report_names_the_last_observation(run_cli: Callable[..., int], tmp_path: Path):
    pytest.importorskip("altair")
    frame().to_csv(tmp_path / "a.csv")
    given = ("--causal", "--patterns", "like-gaps", "--intervals", 0.9, "--report", tmp_path / "a.html")
    assert run_cli("evaluate", tmp_path / "a.csv", *given) == 0
    assert "over that of the last observation" in (tmp_path / "a.html").read_text()

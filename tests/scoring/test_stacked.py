"""Scores of stacked series: of each by itself, and over the hidden cells of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.scores import ALL, Score
from latentfill.scoring.spec import ScoringSpec
from latentfill.scoring.stacked import evaluate_stacked, pooled
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

SPEC = ScoringSpec(strategies=("mean", "linear"), patterns=("point",), rates=(0.2,), seeds=(0, 1))
CONFIG = Config(intervals=None)


@pytest.fixture
def stations() -> dict[str, pd.DataFrame]:
    """A long series and a short one with other values."""
    rng = np.random.default_rng(0)
    frames = {}
    for name, n in (("North", 80), ("South", 40)):
        time = pd.date_range("2023-03-01", periods=n, freq="h")
        values = rng.normal(0, 1, n).cumsum() * (10 if name == "South" else 1)
        frames[name] = pd.DataFrame({"station": name, "time": time, "x": values.round(3)})
    return frames


def score(**values: Any) -> Score:
    """The score of a strategy on ten cells of all columns."""
    about = {"pattern": "point", "rate": 0.1, "seed": 0, "column": ALL, "gap": ALL}
    return Score(**about, cells=10, realised_rate=0.1, mre=0.2, **values)


def test_each_series_is_scored_as_if_it_were_alone(stations: dict[str, pd.DataFrame]):
    grouped = read_groups(pd.concat(stations.values(), ignore_index=True), TableOptions(by=("station",)))
    result = evaluate_stacked(grouped, CONFIG, SPEC)
    assert list(result.by_series) == ["North", "South"]
    for name, frame in stations.items():
        table = read_table(frame, TableOptions(leave=("station",)))
        alone = [score for run in evaluate(table, CONFIG, SPEC) for score in run.scores]
        assert result.by_series[name] == alone


def test_joint_errors_are_means_over_all_hidden_cells():
    base = score(strategy="a", mse=1.0, mae=0.5, ratio_to_linear=0.5)
    linear = replace(base, strategy="linear", mse=2.0, ratio_to_linear=1.0)
    small = replace(base, cells=30, realised_rate=0.3, mse=3.0, mae=0.9, coverage=0.8)
    small_linear = replace(linear, cells=30, realised_rate=0.3, mse=4.0)
    joint = {score.strategy: score for score in pooled([[base, linear], [small, small_linear]])}
    a = joint["a"]
    assert (a.cells, a.mse, a.mae, a.coverage) == (40, 2.5, pytest.approx(0.8), 0.8)
    assert a.realised_rate == pytest.approx(40 / 200)  # 10 of 100 observed cells, and 30 of 100
    assert a.ratio_to_linear == pytest.approx(2.5 / 3.5)
    assert joint["linear"].ratio_to_linear == 1


def test_gaps_of_all_series_are_counted_where_each_has_a_count():
    linear = score(strategy="linear", mse=2.0, mae=1.0, gaps=3)
    assert pooled([[linear], [replace(linear, gaps=4)]])[0].gaps == 7
    assert pooled([[linear], [replace(linear, gaps=None)]])[0].gaps is None


def test_a_strategy_that_one_series_lacks_is_compared_with_linear_on_the_cells_that_it_has():
    linear = score(strategy="linear", mse=2.0, mae=1.0, ratio_to_linear=1.0)
    joint = pooled([[linear, replace(linear, strategy="a", mse=1.0)], [replace(linear, mse=100.0)]])
    a = next(score for score in joint if score.strategy == "a")
    assert (a.cells, a.ratio_to_linear) == (10, 0.5)


def test_evaluate_by_prints_and_writes_a_line_for_each_series_and_names_those_that_fail(
    run_cli: Callable[..., int],
    stations: dict[str, pd.DataFrame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    lone = pd.DataFrame({"station": ["West"], "time": [pd.Timestamp("2023-03-01")], "x": [1.0]})
    pd.concat([*stations.values(), lone]).to_csv(tmp_path / "t.csv", index=False)
    flags = ["--by", "station", "--strategies", "linear", "--patterns", "point", "-o", tmp_path / "scores.json"]
    assert run_cli("evaluate", tmp_path / "t.csv", *flags) == 0
    printed = capsys.readouterr()
    assert "1 of 3 series are not scored ('West': The table has 1 row." in printed.err
    rows = [line.split("│")[1].strip() for line in printed.out.splitlines() if line.startswith("│")]
    assert rows == ["linear", "North", "South"]
    record = json.loads((tmp_path / "scores.json").read_text())
    cells = {name: [score["cells"] for score in scores] for name, scores in record["series"].items()}
    assert list(cells) == ["North", "South"]
    joint = [score["cells"] for score in record["scores"] if score["column"] == ALL and score["gap"] == ALL]
    assert joint == [cells["North"][0] + cells["South"][0]]


def test_no_series_that_can_be_scored_is_an_error(stations: dict[str, pd.DataFrame]):
    grouped = read_groups(pd.concat(stations.values(), ignore_index=True), TableOptions(by=("station",)))
    with pytest.raises(InputError, match=r"No series can be scored\. a donor table"):
        evaluate_stacked(grouped, CONFIG.replace(donor_table="other.csv"), SPEC)


@pytest.mark.parametrize("command", ["fit", "apply", "embed", "distil", "pack"])
def test_commands_for_one_series_refuse_by_and_say_what_to_do(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
):
    more = {"fit": ["-m", "m"], "apply": ["-m", "m", "-o", "o.csv"], "distil": ["-m", "m"]}.get(command, ["-o", "o"])
    assert run_cli(command, tmp_path / "t.csv", *more, "--by", "station") == 2
    error = capsys.readouterr().err
    assert f"`latentfill {command}` works on one series" in error
    assert "`latentfill evaluate IN --by station`" in error

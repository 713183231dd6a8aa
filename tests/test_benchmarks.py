"""The parts of the benchmarks: simple methods, what counts as worse, the spread over seeds, hints for the peers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from latentfill.windows.windows import ScaledSeries, Windows

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
NAN = np.nan

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Imports a module of the benchmarks; all of them are forgotten afterwards."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def clock_of(first: int, n_steps: int, day: int) -> np.ndarray:
    """Sine and cosine of the phase in the day, (n_steps, 2)."""
    angle = 2 * np.pi * (first + np.arange(n_steps)) / day
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def daily(first: int, n_steps: int, day: int) -> np.ndarray:
    """A column with a sharp daily course: 1 in the third quarter of the day, else 0."""
    return (((first + np.arange(n_steps)) % day) * 4 // day == 2).astype(float)[:, None]


def test_profile_fills_a_window_of_one_day_where_seasonal_is_linear(load: Load):
    simple, day = load("simple"), 96
    train = ScaledSeries(daily(0, 20 * day, day), clock_of(0, 20 * day, day))
    gappy, clock = daily(30, day, day), clock_of(30, day, day)  # the window starts at some time of the day
    truth = gappy.copy()
    gappy[5:60] = NAN
    filled = {name: simple.new_simple(name).fit(train).fill(gappy, clock) for name in ("linear", "seasonal", "profile")}
    np.testing.assert_allclose(filled["seasonal"], filled["linear"], atol=1e-12)
    np.testing.assert_allclose(filled["profile"], truth, atol=1e-9)


def test_profile_without_a_clock_is_linear(load: Load):
    simple = load("simple")
    train = ScaledSeries(daily(0, 400, 20), np.zeros((400, 0)))
    gappy = daily(0, 60, 20)
    gappy[7:30] = NAN
    fill = {name: simple.new_simple(name).fit(train).fill(gappy, np.zeros((60, 0))) for name in ("linear", "profile")}
    np.testing.assert_allclose(fill["profile"], fill["linear"], atol=1e-12)


def test_ridge_reads_a_column_from_the_others(load: Load):
    simple, rng = load("simple"), np.random.default_rng(0)
    other = rng.normal(size=(4000, 1))
    values = np.concatenate([other, -other], axis=1)  # white noise: linear interpolation knows nothing
    ridge = simple.new_simple("ridge").fit(ScaledSeries(values, np.zeros((4000, 0))))
    gappy = values[:96].copy()
    gappy[40:50, 0] = NAN
    filled = ridge.fill(gappy, np.zeros((96, 0)))
    error = np.mean((filled - values[:96])[40:50, 0] ** 2)
    assert error < 0.1  # of a variance of 1; the coefficient is shrunk, as the other column is hidden at times
    np.testing.assert_array_equal(filled[:40], gappy[:40])


def test_ridge_of_a_short_series_is_linear(load: Load):
    simple = load("simple")
    values = np.arange(20.0).reshape(10, 2)
    gappy = values.copy()
    gappy[4, 0] = NAN
    ridge = simple.new_simple("ridge").fit(ScaledSeries(values, np.zeros((10, 0))))
    np.testing.assert_allclose(ridge.fill(gappy, np.zeros((10, 0))), values)


def group(seed: int, cells: int, ours: float, linear: float) -> dict[str, Any]:
    about = {"data": "air", "seed": seed, "column": "CO", "gap": "1", "cells": cells}
    return about | {"mse": {"latentfill": ours, "linear": linear}, "spread": 1.0}


def test_groups_are_counted_in_each_run_by_itself(load: Load):
    worse = load("protocol_r").worse_than_linear
    groups = [group(0, 40, 1.5, 1.0), group(1, 400, 0.5, 1.0)]  # pooled, 440 cells would be .59 of linear
    assert worse(groups, 1.02, 30) == groups[:1]
    assert worse(groups, 1.1, 100) == []


def test_few_cells_and_small_losses_do_not_count_as_worse(load: Load):
    worse = load("protocol_r").worse_than_linear
    assert worse([group(0, 29, 9.0, 1.0), group(0, 30, 1.02, 1.0)], 1.02, 30) == []
    assert len(worse([group(0, 30, 1e-9, 0.0)], 1.02, 30)) == 1  # linear interpolation is exact


def test_the_table_of_whole_files_names_the_hidden_share_and_the_bad_groups(load: Load):
    run = {"data": "air", "hidden_share": 0.041, "fit_seconds": 2.0, "peak_megabytes": 9, "ratio: latentfill": 0.5}
    record = {
        "data": "air",
        "files": [run, run | {"seed": 1}],
        "groups": [group(0, 200, 1.3, 1.0), group(1, 200, 0.5, 1.0)],
        "commit": "abc",
        "machine": {"cores": 2, "cpu": "x"},
    }
    text = load("protocol_r").table([record])
    assert "| air | 2 | 4.1 % | 0.500 | 1 of 2 | 1 of 2 |" in text
    assert "- air, seed 0, CO, gaps of 1: 1.30 x (200 cells)" in text


def test_no_hidden_cell_of_a_whole_file_reaches_the_fill(load: Load):
    import pandas as pd

    from latentfill import Imputer
    from latentfill.core.config import Config
    from latentfill.tables.options import TableOptions
    from latentfill.tables.read import read_table

    values = np.arange(60.0).reshape(30, 2) % 7
    table = read_table(pd.DataFrame(values, columns=["a", "b"]), TableOptions())
    hidden = np.zeros(values.shape, dtype=bool)
    hidden[10:14, 0] = True
    gappy = load("protocol_r").without(table, hidden)
    other = pd.DataFrame(np.where(hidden, -1.0, values), columns=["a", "b"])  # the same but for the hidden cells
    gappy_other = load("protocol_r").without(read_table(other, TableOptions()), hidden)
    fills = [Imputer(Config(strategy="linear")).fit(each).fill(each).filled.values for each in (gappy, gappy_other)]
    np.testing.assert_array_equal(*fills)
    assert (fills[0][hidden] != values[hidden]).any()


def row(method: str, seed: int, mse: float, **about: object) -> dict[str, Any]:
    errors = {"mse": mse, "mae": mse, "hidden_share": 0.25, "scored_cells": 100, "train_seconds": 1.0}
    return {"data": "ETTh1", "pattern": "25 %", "kind": "ours", "method": method, "seed": seed, **errors, **about}


def table_of(load: Load, rows: list[dict[str, Any]], published: list[dict[str, Any]]) -> str:
    about = {"data": "ETTh1", "commit": "abc", "machine": {"cores": 2, "cpu": "x"}}
    return str(load("windowed").table([about | {"rows": rows}], published))


def test_tables_show_mean_and_spread_over_the_seeds(load: Load):
    text = table_of(load, [row("auto", seed, mse) for seed, mse in enumerate((0.1, 0.2, 0.3))], [])
    assert "| auto | 0.2000 ± 0.1000 / 0.2000 ± 0.1000 |" in text
    assert "| share of hidden cells | 25.0 % |" in text


def test_a_method_with_one_seed_stands_beside_ours_with_that_seed(load: Load):
    rows = [row("auto", 0, 0.1), row("auto", 1, 0.3), row("SAITS", 0, 0.4, kind="peer")]
    text = table_of(load, rows, [])
    assert "| auto | 0.2000 ± 0.1414 /" in text
    assert "| auto, seed 0 | 0.1000 / 0.1000 |" in text
    assert "| SAITS, seed 0 | 0.4000 / 0.4000 |" in text


def test_the_share_of_windows_is_that_of_the_same_pattern(load: Load):
    more = [row("auto", 0, 0.1, pattern="70 %", scored_cells=300)]
    rows = [row("auto", 0, 0.1), *more, row("kriging", 0, 0.2), row("knn", 0, 0.3, scored_cells=25)]
    text = table_of(load, rows, [])
    assert "| kriging | " in text
    assert "| knn (25 % of the windows) | " in text


def test_errors_from_memory_are_marked_wherever_they_are_shown(load: Load):
    published = load("published")
    text = table_of(load, [row("auto", 0, 0.1)], [r for r in published.PROTOCOL_T if r["data"] == "ETTh1"])
    assert "| ModernTCN, published, quoted from memory |" in text
    assert "| GPT4TS, published |" in text
    best = published.best_published(published.PROTOCOL_T, "ETTh1", "mean 12.5-50 %", "mse")
    assert best == "0.050 (ModernTCN, from memory), 0.069 (GPT4TS)"
    assert published.best_published(published.PROTOCOL_T, "ETTh1", "24 steps", "mse") == "-"


def test_masks_of_the_first_seed_are_the_published_ones_and_others_differ(load: Load):
    torch = pytest.importorskip("torch")
    windows = Windows(np.zeros((3, 96, 2)), np.zeros((3, 96, 2)), np.arange(3), 98)
    points, blackout = load("protocol_t").points, load("protocol_l").blackout
    kept = torch.rand((3, 96, 2), generator=torch.Generator().manual_seed(0)) > 0.25
    np.testing.assert_array_equal(points(windows, 0.25), ~kept.numpy())
    for mask in (lambda seed: points(windows, 0.25, seed), lambda seed: blackout(windows, 24, seed)):
        assert (mask(0) == mask(0)).all()
        assert (mask(0) != mask(1)).any()


def test_peers_learn_from_blackouts_too_but_always_see_the_clock(load: Load):
    peers, rng = load("peers"), np.random.default_rng(0)
    windows = Windows(rng.normal(size=(200, 48, 3)), np.ones((200, 48, 4)), np.arange(200), 247)
    inputs = peers.with_clock(windows)
    assert inputs.shape == (200, 48, 7)
    hidden = np.isnan(peers.without(rng, inputs, 3))
    assert not hidden[..., 3:].any()
    whole_steps = hidden[..., :3].all(axis=2).mean(axis=1)
    assert (whole_steps > 0.3).any()  # a blackout of 15 steps or more; scattered cells hide hardly any whole step
    assert (hidden[..., :3].any(axis=(1, 2)) & (whole_steps < 0.01)).any()


def test_the_learning_rate_of_peers_falls_to_a_fiftieth(load: Load):
    rate = load("peers").learning_rate
    rates = [rate(share) for share in (0.0, 0.3, 0.6, 1.0)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(2e-5)


def test_choices_name_constants_that_exist_and_compare_the_value_in_use_with_others(load: Load):
    choices = load("choices")
    for name, choice in choices.CHOICES.items():
        assert bool(choice.constants) != bool(choice.setting), name
        assert choice.on in ("windows", "files"), name
        in_use = choices.shown(choice.in_use)
        assert in_use not in map(choices.shown, map(choices.type_like, [choice.in_use] * 9, choice.others)), name
        for value in choice.others:
            with choices.chosen(choice, value):
                if choice.constants:
                    assert choices.shown(choice.in_use) != in_use, name
        assert choices.shown(choice.in_use) == in_use, name


def test_a_choice_changes_the_fill_while_it_is_tried(load: Load):
    choices, whole_tables = load("choices"), load("whole_tables")
    from latentfill.core.config import Config
    from latentfill.core.series import Series

    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(400, 2)), axis=0)
    values[rng.random(values.shape) < 0.1] = NAN
    series = Series(values=values, columns=("a", "b"), time=None, rows=np.arange(400))
    choice = choices.CHOICES["kriging, steps of expectation maximisation"]

    def fill(value: object) -> np.ndarray:
        with choices.chosen(choice, value):
            return np.asarray(whole_tables.fill(series, "kriging", Config()))

    assert (fill(choices.IN_USE) != fill(1)).any()
    np.testing.assert_array_equal(fill(choices.IN_USE), fill(choice.in_use))


def test_choices_are_made_on_validation_rows_that_no_test_window_reaches(load: Load, tmp_path: Path):
    ett = load("ett")
    path = tmp_path / "ETT" / "ETTh1.csv"
    path.parent.mkdir()
    rows = ett.TRAIN + ett.VAL + ett.TEST
    time = np.datetime64("2016-07-01T00") + np.arange(rows)
    numbers = np.arange(rows, dtype=float)
    lines = [f"{str(stamp).replace('T', ' ')}:00,{number}" for stamp, number in zip(time, numbers, strict=True)]
    path.write_text("\n".join(["date,OT", *lines]) + "\n")
    train, validation = ett.load("ETTh1", tmp_path, rows="validation")
    _, test = ett.load("ETTh1", tmp_path)
    assert train.n_steps == ett.TRAIN
    first_test = ett.TRAIN + ett.VAL - ett.LENGTH
    assert (validation.starts[0], validation.starts[-1] + ett.LENGTH) == (ett.TRAIN, first_test)
    assert (test.starts[0], test.starts[-1] + ett.LENGTH) == (first_test, rows)
    assert len(test) == ett.TEST + 1

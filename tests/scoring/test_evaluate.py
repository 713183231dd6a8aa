"""Honest scores: nothing that is fitted sees a hidden cell, and every strategy is scored on the same ones."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill.scoring.evaluate as evaluating
from latentfill import Imputer, TableOptions, read_table
from latentfill.core.config import Config
from latentfill.core.errors import InputError, OracleEmbeddingError
from latentfill.embeddings import registry
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.saving.model_weights import model_id
from latentfill.scoring.demo_table import make_sample
from latentfill.scoring.evaluate import Run, evaluate
from latentfill.scoring.scores import ALL, Score
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.table import Table
from latentfill.windows.patterns import PATTERNS

SAMPLE = make_sample(seed=3, days=21)
COLUMNS = list(SAMPLE.columns)


@pytest.fixture(scope="module")
def table() -> Table:
    frame = pd.DataFrame(SAMPLE.values, columns=COLUMNS).assign(time=SAMPLE.time)
    return read_table(frame, TableOptions())


def runs(
    table: Table, quick: dict[str, object], *, settings: dict[str, object] | None = None, **spec: object
) -> list[Run]:
    return list(evaluate(table, Config(**(quick | (settings or {}))), ScoringSpec(**spec)))


def overall(scores: list[Score]) -> dict[str, Score]:
    return {score.strategy: score for score in scores if score.column == ALL and score.gap == ALL}


def test_hidden_cells_cannot_reach_anything_that_is_fitted(table: Table, quick: dict[str, object], monkeypatch):
    """Huge values in the hidden cells change the scores and nothing else."""
    fitted: list[Fitted] = []
    fit = evaluating.fit_best
    monkeypatch.setattr(evaluating, "fit_best", lambda *a, **k: fitted.append(fit(*a, **k)) or fitted[-1])
    spec = {"strategies": ("auto", "neighbours", "latent", "iterative"), "patterns": ("point",)}
    (plain,) = runs(table, quick, settings={"intervals": 0.9, "latent_steps": 10}, **spec)
    values = np.where(plain.hidden, 1e6, table.series.values)
    marked = replace(table, series=replace(table.series, values=values))
    monkeypatch.setitem(PATTERNS, "point", lambda *_: plain.hidden)
    (changed,) = runs(marked, quick, settings={"intervals": 0.9, "latent_steps": 10}, **spec)
    assert model_id(fitted[0]) == model_id(fitted[1])
    for name, validated in fitted[0].builtin.compared.items():
        other = fitted[1].builtin.compared[name]
        np.testing.assert_array_equal(validated.ensemble.weight, other.ensemble.weight)
        np.testing.assert_array_equal(validated.calibration.quantiles, other.calibration.quantiles)
    assert overall(changed.scores)["auto"].mae != overall(plain.scores)["auto"].mae


def test_every_strategy_is_scored_on_the_same_cells_beside_linear_interpolation(table: Table, quick: dict[str, object]):
    (run,) = runs(table, quick, strategies=("kriging", "mean"), patterns=("block",), rates=(0.2,))
    scores = overall(run.scores)
    assert list(scores) == ["kriging", "mean", "linear"]
    assert {score.cells for score in scores.values()} == {int(run.hidden.sum())}
    assert scores["linear"].ratio_to_linear == pytest.approx(1)
    assert scores["kriging"].ratio_to_linear == pytest.approx(scores["kriging"].mse / scores["linear"].mse)
    assert scores["mean"].realised_rate == pytest.approx(run.hidden.sum() / (~np.isnan(table.series.values)).sum())


def test_linear_scores_are_those_of_linear_interpolation(table: Table, quick: dict[str, object]):
    (run,) = runs(table, quick, strategies=("linear",), patterns=("point",), settings={"margin": None})
    truth = table.series.values
    gappy = pd.DataFrame(np.where(run.hidden, np.nan, truth))
    line = gappy.interpolate(limit_direction="both").to_numpy()
    error = ((line - truth) / np.nanstd(truth, axis=0))[run.hidden]
    assert overall(run.scores)["linear"].mse == pytest.approx(np.mean(error**2))
    by_gap = [score for score in run.scores if score.column == ALL and score.gap != ALL]
    assert sum(score.cells for score in by_gap) == run.hidden.sum()
    assert sum(score.cells * score.mse for score in by_gap) / run.hidden.sum() == pytest.approx(np.mean(error**2))


def test_there_is_a_run_for_every_seed_pattern_and_rate(table: Table, quick: dict[str, object]):
    messages: list[str] = []
    spec = ScoringSpec(strategies=("linear",), patterns=("point", "blackout"), rates=(0.1, 0.3), seeds=(0, 5))
    all_runs = list(evaluate(table, Config(**quick), spec, on_progress=messages.append))
    assert len(all_runs) == len(messages) == 8
    keys = [(run.scores[0].seed, run.scores[0].pattern, run.scores[0].rate) for run in all_runs]
    assert len(set(keys)) == 8
    assert (all_runs[0].hidden != all_runs[4].hidden).any()


def test_intervals_are_scored_if_the_settings_ask_for_them(table: Table, quick: dict[str, object]):
    (run,) = runs(table, quick, strategies=("kriging",), patterns=("point",), settings={"intervals": 0.9})
    score = overall(run.scores)["kriging"]
    assert 0.7 < score.coverage < 1
    assert 0 < score.crps < score.mae
    assert score.width > 0
    (run,) = runs(table, quick, strategies=("linear",), patterns=("point",))
    assert overall(run.scores)["linear"].coverage is None


def test_stored_embeddings_are_refused_unless_oracle_scores_are_allowed(table: Table, quick: dict[str, object]):
    with pytest.raises(OracleEmbeddingError, match=r"may contain the hidden values.*--allow-oracle"):
        runs(table, quick, settings={"embeddings": "somewhere"})


def test_a_donor_table_is_refused_as_it_may_hold_the_hidden_cells(table: Table, quick: dict[str, object]):
    with pytest.raises(
        InputError, match=r"a donor table .* may hold the hidden cells, so scores with it would be too good"
    ):
        runs(table, quick, settings={"bank": "other.csv"})


def test_strategies_that_the_time_budget_leaves_out_are_named_in_a_note_and_not_scored(
    table: Table, quick: dict[str, object]
):
    settings = {"time_budget": 60.0, "decoder_steps": 10**6, "candidates": "linear,kriging,denoise"}
    (run,) = runs(table, quick, strategies=("auto", "latent"), patterns=("point",), settings=settings)
    assert set(overall(run.scores)) == {"auto", "linear"}
    assert any("left no room for" in note for note in run.notes)


def test_strategies_that_do_not_suit_the_table_are_named_in_a_note_with_the_way_out(hourly):
    series = hourly(150, 2, gaps=0.05)
    frame = pd.DataFrame(series.values, columns=["a", "b"]).assign(time=series.time)
    spec = ScoringSpec(strategies=("auto", "kriging"))
    (run,) = evaluate(read_table(frame, TableOptions()), Config(), spec)
    assert set(overall(run.scores)) == {"auto", "linear"}
    (note,) = [note for note in run.notes if "kriging" in note]
    assert "fewer than 500, too few to learn from. Score it by itself (--strategies kriging)." in note
    (alone,) = evaluate(read_table(frame, TableOptions()), Config(), ScoringSpec(strategies=("kriging",)))
    assert "kriging" in overall(alone.scores)


# --- encoders side by side -----------------------------------------------------------------------


class Halves:
    """An embedder that gives the means of two halves of each column, and keeps the largest value it has read."""

    name, settings, weights_digest, saw, length, horizon = "halves", {}, None, "observed", None, 0

    def __init__(self, *, costly: bool = False) -> None:
        self.costly = costly
        self.largest = -np.inf

    def embed(self, raw: RawWindows) -> VectorArray:
        self.largest = max(self.largest, float(np.nanmax(raw.values, initial=-np.inf)))
        known = np.nan_to_num(raw.scaled)
        halves = np.array_split(known, 2, axis=1)
        return np.stack([half.mean(axis=1) for half in halves], axis=2).astype(np.float32)


def side_by_side(table: Table, quick: dict[str, object], embedders: dict[str, Halves], **spec: object) -> Run:
    (run,) = evaluate(
        table, Config(**quick), ScoringSpec(encoders=tuple(embedders), embedders=embedders, patterns=("block",), **spec)
    )
    return run


def by_encoder(scores: list[Score]) -> dict[tuple[str, str | None], Score]:
    return {(score.strategy, score.encoder): score for score in scores if score.column == ALL and score.gap == ALL}


def test_encoders_are_scored_on_the_same_cells_beside_the_observed_cells_alone(table: Table, quick: dict[str, object]):
    names = ("denoise", "neighbours", "kriging")
    run = side_by_side(table, quick, {"mine": Halves(), "dear": Halves(costly=True)}, strategies=names)
    scores = by_encoder(run.scores)
    assert list(scores) == [
        *(("denoise", encoder) for encoder in ("none", "mine", "dear")),
        *(("neighbours", encoder) for encoder in ("mine", "dear")),
        *(("kriging", None), ("linear", None)),  # the same with any encoder
    ]
    assert {score.cells for score in scores.values()} == {int(run.hidden.sum())}
    on_none = scores["denoise", "none"]
    assert (on_none.ratio_to_none, on_none.window_seconds, on_none.window_bytes) == (1, None, None)
    on_mine = scores["denoise", "mine"]
    assert on_mine.ratio_to_none == pytest.approx(on_mine.mse / on_none.mse)
    assert on_mine.ratio_to_linear == pytest.approx(on_mine.mse / scores["linear", None].mse)
    assert on_mine.window_bytes == len(COLUMNS) * 2 * 4
    assert on_mine.window_seconds > 0
    assert scores["neighbours", "mine"].ratio_to_none is None


def test_the_builtin_encoder_scores_the_same_when_compared_with_others(table: Table, quick: dict[str, object]):
    spec = {"strategies": ("auto", "kriging"), "patterns": ("block",)}
    spec |= {"settings": {"candidates": "linear,kriging,denoise"}}
    (alone,) = runs(table, quick, **spec)
    (beside,) = runs(table, quick, encoders=("builtin",), **spec)
    compared, usual = by_encoder(beside.scores), overall(alone.scores)
    assert compared["auto", "builtin"].mse == usual["auto"].mse
    assert compared["kriging", None].mse == usual["kriging"].mse
    assert compared["auto", "none"].mse != usual["auto"].mse
    assert compared["auto", "builtin"].window_bytes == len(COLUMNS) * quick["dim"] * 4


def test_hidden_cells_cannot_reach_an_embedder(table: Table, quick: dict[str, object], monkeypatch):
    """Huge values in the hidden cells never reach the embedder and change nothing that is fitted on it."""
    fitted: list[Fitted] = []
    fit = evaluating.fit_best
    monkeypatch.setattr(evaluating, "fit_best", lambda *a, **k: fitted.append(fit(*a, **k)) or fitted[-1])
    embedders = {"mine": Halves(), "dear": Halves(costly=True)}
    plain = side_by_side(table, quick, embedders, strategies=("denoise", "neighbours"))
    values = np.where(plain.hidden, 1e6, table.series.values)
    marked = replace(table, series=replace(table.series, values=values))
    monkeypatch.setitem(PATTERNS, "block", lambda *_: plain.hidden)
    changed = side_by_side(marked, quick, embedders, strategies=("denoise", "neighbours"))
    assert [model_id(one) for one in fitted[:3]] == [model_id(one) for one in fitted[3:]]
    assert len({model_id(one) for one in fitted}) == 3
    assert all(0 < embedder.largest < 1e5 for embedder in embedders.values())
    assert by_encoder(changed.scores)["denoise", "mine"].mae != by_encoder(plain.scores)["denoise", "mine"].mae


def test_encoders_that_cannot_be_compared_are_refused_before_any_work(
    table: Table, quick: dict[str, object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(evaluating, "fit_best", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match="impossible for stored embeddings: leave out --embeddings or --encoders"):
        runs(table, quick, settings={"embeddings": "x"}, encoders=("builtin",), allow_oracle=True)
    with pytest.raises(InputError, match="none of the strategies linear, kriging works on embeddings"):
        runs(table, quick, strategies=("linear", "kriging"), encoders=("builtin",))


# --- on the command line -------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(SAMPLE.to_csv())
    return path


def test_scores_are_shown_and_written(run_cli, source: Path, tmp_path: Path, capsys):
    out, rows, page = tmp_path / "s.json", tmp_path / "s.csv", tmp_path / "s.html"
    flags = ("--strategies", "linear,mean", "--patterns", "point,block", "--seeds", "0,1", "--intervals", 0.8)
    assert run_cli("evaluate", source, "-o", out, "--csv", rows, "--report", page, *flags) == 0
    shown = capsys.readouterr().out
    assert "mean" in shown
    assert "coverage" in shown
    assert "±" in shown
    assert len(pd.read_csv(rows)) == len(json.loads(out.read_text())["scores"])
    assert page.read_text().count("<section>") == 2


def test_a_report_that_cannot_be_made_is_refused_before_any_work(
    run_cli, source: Path, tmp_path: Path, capsys, monkeypatch
):
    monkeypatch.setattr("latentfill.report.rendering.PACKAGES", ("no_such_package",))
    monkeypatch.setattr(evaluating, "fit_best", lambda *_, **__: pytest.fail("work was done"))
    assert run_cli("evaluate", source, "--report", tmp_path / "s.html") == 2
    assert "pip install 'latentfill[report]'" in capsys.readouterr().err


def test_a_failed_check_ends_with_code_1_and_a_message(run_cli, source: Path, capsys):
    base = ("evaluate", source, "-q", "--strategies", "mean", "--patterns", "point")
    assert run_cli(*base, "--fail-if", "ratio_to_linear>1") == 1
    assert "failed: ratio_to_linear>1: mean, point 0.1" in capsys.readouterr().err
    assert run_cli(*base, "--fail-if", "ratio_to_linear<0.5") == 0
    assert run_cli(*base, "--fail-if", "ratio>1") == 2


@pytest.mark.parametrize(
    ("flags", "check", "expected"),
    [
        ((), "msee>1", "did you mean 'mse'"),
        ((), "kriging.mse>1", "unknown strategy 'kriging' .*known: auto, linear"),
        ((), "coverage<0.9", "no coverage; give --intervals"),
        ((), "ratio_to_none>1", "no ratio_to_none; give --encoders"),
        ((), "ratio_to_locf>1", "no ratio_to_locf; give --causal"),
        (("--causal",), "ratio_to_linear>1", "no ratio_to_linear; leave out --causal"),
    ],
)
def test_a_check_of_what_the_run_does_not_measure_is_refused_before_any_work(
    run_cli, source: Path, capsys, monkeypatch, flags, check: str, expected: str
):
    monkeypatch.setattr(Imputer, "read", lambda *_: pytest.fail("work was done"))
    assert run_cli("evaluate", source, *flags, "--fail-if", check) == 2
    assert re.search(expected, capsys.readouterr().err)


def test_a_check_of_earlier_runs_is_refused(run_cli, tmp_path: Path, capsys):
    assert run_cli("evaluate", "--compare", tmp_path / "a", tmp_path / "b", "--fail-if", "mse>1") == 2
    assert "--compare runs nothing" in capsys.readouterr().err


def test_scores_on_standard_output_are_json_alone(run_cli, source: Path, capsys):
    assert run_cli("evaluate", source, "--strategies", "mean", "--patterns", "point", "-o", "-") == 0
    assert {score["strategy"] for score in json.loads(capsys.readouterr().out)["scores"]} == {"mean", "linear"}


def test_two_runs_are_compared(run_cli, source: Path, tmp_path: Path, capsys):
    for name, strategy in (("a", "linear"), ("b", "linear,mean")):
        run_cli(
            "evaluate", source, "-q", "--strategies", strategy, "--patterns", "point", "-o", tmp_path / f"{name}.json"
        )
    assert run_cli("evaluate", "--compare", tmp_path / "a.json", tmp_path / "b.json") == 0
    shown = capsys.readouterr().out
    assert "linear" in shown
    assert "+0.0000" in shown


def test_evaluate_without_a_table_is_refused_with_what_it_needs(run_cli, capsys):
    assert run_cli("evaluate") == 2
    assert "there is no table to evaluate on" in capsys.readouterr().err


def test_seeds_that_are_no_numbers_are_refused(run_cli, source: Path, capsys):
    assert run_cli("evaluate", source, "--seeds", "a,b") == 2
    assert "--seeds takes whole numbers" in capsys.readouterr().err


@pytest.fixture
def opens_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `make_embedder` open a `Halves` for any name of the kind "halves"."""
    monkeypatch.setattr(registry, "make_embedder", lambda spec, **_: Halves())
    monkeypatch.setattr(registry, "KINDS", {"halves": None})


def test_encoders_are_shown_with_what_they_add_and_cost(
    run_cli, source: Path, tmp_path: Path, quick: dict[str, object], capsys, opens_halves
):
    out, rows, page = tmp_path / "s.json", tmp_path / "s.csv", tmp_path / "s.html"
    settings = [part for name, value in quick.items() for part in ("--set", f"{name}={value}")]
    flags = ("--strategies", "denoise", "--patterns", "point", "--encoders", "none,halves:a/b", *settings)
    assert run_cli("evaluate", source, "-o", out, "--csv", rows, "--report", page, *flags) == 0
    shown = capsys.readouterr()
    assert "hiding point 0.1, seed 0, encoder halves:a/b" in shown.err
    (line,) = [line for line in shown.out.splitlines() if "halves:a/b" in line and "one seed: noise unknown" in line]
    assert "48 B" in line  # six columns, two numbers each
    encoders = {score["encoder"] for score in json.loads(out.read_text())["scores"]}
    assert encoders == {"none", "halves:a/b", None}
    assert set(pd.read_csv(rows, keep_default_na=False)["encoder"]) == {"none", "halves:a/b", ""}
    assert "<td>halves:a/b</td><td>denoise</td>" in page.read_text()


def test_an_unknown_encoder_is_refused_before_any_work(run_cli, source: Path, capsys, monkeypatch, opens_halves):
    monkeypatch.setattr(evaluating, "fit_best", lambda *_, **__: pytest.fail("work was done"))
    assert run_cli("evaluate", source, "--strategies", "denoise", "--encoders", "halves:x,bulitin") == 2
    assert "unknown encoder 'bulitin'" in capsys.readouterr().err


def test_only_scores_with_stored_embeddings_are_labelled_oracle(table: Table, quick: dict[str, object], tmp_path: Path):
    vectors = np.random.default_rng(0).normal(size=(table.series.n_steps - 24 + 1, 1, 4)).astype(np.float32)
    np.save(tmp_path / "z.npy", vectors)
    settings = {"embeddings": str(tmp_path / "z.npy"), "seq_len": 24}
    strategies = ("denoise", "kriging")
    (run,) = runs(table, quick, strategies=strategies, patterns=("point",), settings=settings, allow_oracle=True)
    labels = {name: score.label for name, score in overall(run.scores).items()}
    assert labels == {"denoise": "oracle", "kriging": None, "linear": None}

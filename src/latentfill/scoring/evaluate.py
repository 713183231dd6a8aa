"""Honest scores: hide known cells, then scale, embed, fit and fill, and compare with what was hidden."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentfill.core.config import AUTO, STRATEGY_NAMES, Config
from latentfill.core.errors import InputError, OracleEmbeddingError, did_you_mean
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.protocols.encoder import EncoderFactory
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.pairing import pair_embeddings, planned, train_rows
from latentfill.imputation.fill import estimate_series, fill_from, quantiles_at
from latentfill.imputation.fit import Fitted, fit_series
from latentfill.imputation.intervals import continuous_ranked_probability
from latentfill.imputation.result import Filled
from latentfill.nn.training import ProgressCallback
from latentfill.scoring.encoder_table import NONE
from latentfill.scoring.encoders import (
    cost_of,
    open_encoders,
    settings_on,
    strategies_on,
    trained_on,
    with_ratios,
    works_on_one,
)
from latentfill.scoring.scores import ALL, Score, score_cells
from latentfill.tables.table import Table
from latentfill.windows.cycles import cycle_steps
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.windows.patterns import PATTERNS

log = logging.getLogger(__name__)

KNOWING = (
    "encoder {name!r} was distilled on cells of this very table, so its weights have seen hidden ones, and its scores "
    "are labelled 'oracle'. For honest ones, distil it on another table, or on rows that are not scored."
)
ORACLE = "oracle"  # label of scores with embeddings that may have seen the hidden cells


@dataclass(frozen=True, kw_only=True)
class ScoringPlan:
    """What is hidden, and what is compared."""

    strategies: tuple[str, ...] = (AUTO, "linear")
    patterns: tuple[str, ...] = ("like-gaps",)
    rates: tuple[float, ...] = (0.1,)
    seeds: tuple[int, ...] = (0,)
    encoders: tuple[str, ...] = ()  # put side by side, each asked anew for what is left; none: the built-in one alone
    allow_oracle: bool = False  # score embeddings that may have seen what is hidden, under that label

    def __post_init__(self) -> None:
        known = {"strategies": (AUTO, *STRATEGY_NAMES), "patterns": tuple(PATTERNS)}
        kinds = {"strategies": "strategy", "patterns": "pattern"}
        problems = [
            did_you_mean(kinds[part], name, names)
            for part, names in known.items()
            for name in getattr(self, part)
            if name not in names
        ]
        wrong = [rate for rate in self.rates if not 0 < rate <= 0.9]
        problems += [f"a rate must be above 0 and at most 0.9, got {rate:g}" for rate in wrong]
        problems += [f"a seed must be 0 or more, got {seed}" for seed in self.seeds if seed < 0]
        lists = ("strategies", "patterns", "rates", "seeds")
        problems += [f"name at least one of the {part}" for part in lists if not getattr(self, part)]
        if problems:
            raise InputError("evaluate: " + "; ".join(problems))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A series, and which of its cells are hidden."""

    series: Series
    hidden: BoolArray  # (T, C)
    about: Mapping[str, Any]  # pattern, rate and seed

    @property
    def gappy(self) -> Series:
        """The series as it would have been read with the hidden cells missing."""
        return replace(self.series, values=np.where(self.hidden, np.nan, self.series.values))

    @property
    def text(self) -> str:
        return f"{self.about['pattern']} {self.about['rate']:g}, seed {self.about['seed']}"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One pattern of hidden cells: what was fitted without them, and what it came to."""

    scores: list[Score]
    seconds: float
    hidden: BoolArray  # (T, C)
    notes: list[str]  # warnings


def evaluate(
    table: Table,
    config: Config,
    plan: ScoringPlan,
    *,
    progress: ProgressCallback | None = None,
    on_progress: Callable[[str], None] | None = None,
    embedders: Mapping[str, Embedder] | None = None,
) -> Iterator[Run]:
    """A run for each seed, pattern and rate, on every encoder of the plan; `told` hears what begins.

    Nothing that is fitted sees a hidden cell: it is missing from the series that is scaled, embedded and learnt from.
    Stored embeddings may have seen it: they are refused with an `OracleEmbeddingError` unless the plan allows them.
    `embedders` are your own, by the names that the plan's encoders call them.
    """
    series = table.series
    if config.bank is not None:
        raise InputError("a bank may hold the very cells that are hidden, so it is not scored with: leave it out.")
    encoders = _encoders(plan, config, series, embedders or {})
    vectors = _stored(table, config, plan)
    config = planned(config, (one.provenance for one in vectors.values()))
    strategies = tuple(dict.fromkeys((*plan.strategies, "linear")))
    for seed in plan.seeds:
        for number, pattern in enumerate(plan.patterns):
            for rate in plan.rates:
                rng = SeedStream.SCORING.generator(seed, number, round(1e6 * rate))
                hidden = PATTERNS[pattern](rng, series.values, rate, cycle_steps(series))
                if not hidden.any():
                    raise InputError(f"pattern {pattern!r} at rate {rate:g} finds no cell to hide; raise the rate.")
                task = Task(series, hidden, {"pattern": pattern, "rate": rate, "seed": seed})
                yield _run(task, replace(config, seed=seed), strategies, encoders, vectors, progress, on_progress)


def _stored(table: Table, config: Config, plan: ScoringPlan) -> dict[str, Embeddings]:
    if not config.embeddings:
        return {}
    if not plan.allow_oracle:
        raise OracleEmbeddingError(
            f"the embeddings at {config.embeddings} were made before any cell was hidden, so they may know the hidden "
            "cells, and scores would flatter them. Score with the built-in encoder (leave out --embeddings), or give "
            "--allow-oracle to get these scores under the label 'oracle'."
        )
    return pair_embeddings(config, table.series, table.name)


def _encoders(
    plan: ScoringPlan, config: Config, series: Series, embedders: Mapping[str, Embedder]
) -> dict[str, EncoderFactory | None]:
    """What makes each encoder; without any to put side by side the built-in one alone, which then has no name."""
    if not plan.encoders:
        return {"": None}
    if config.embeddings:
        raise InputError(
            "encoders are put side by side on windows that are embedded anew, and stored embeddings cannot be: leave "
            "out --embeddings or --encoders."
        )
    if not any(works_on_one(name, config) for name in plan.strategies):
        raise InputError(
            f"none of the strategies {', '.join(plan.strategies)} works on embeddings, so encoders make no difference "
            "to them. Add denoise, neighbours, latent or auto (--strategies), or leave out --encoders."
        )
    return open_encoders(plan.encoders, config, series, embedders)


def _run(
    task: Task,
    config: Config,
    strategies: Sequence[str],
    encoders: Mapping[str, EncoderFactory | None],
    vectors: Mapping[str, Embeddings],
    progress: ProgressCallback | None,
    on_progress: Callable[[str], None] | None,
) -> Run:
    """Every strategy on every encoder, all on the same hidden cells."""
    began, scores, notes = time.monotonic(), list[Score](), list[str]()
    for name, make in encoders.items():
        if on_progress:
            on_progress(f"{task.text}, encoder {name}" if name else task.text)
        names = strategies_on(name, strategies, config)
        settings = replace(settings_on(name, config), strategy=names[0])
        rows = train_rows(config, task.series.n_steps)
        fitted = fit_series(
            task.gappy,
            settings,
            embeddings=vectors,
            train_rows=rows,
            compare_with=names,
            encoder=make,
            progress=progress,
        )
        notes += fitted.notes
        of_encoder = cost_of(fitted, task.gappy) if name else {}
        if trained_on(fitted.encoder, task.series):
            of_encoder["label"] = ORACLE
            notes.append(KNOWING.format(name=name))
        for score in _scores(task, fitted, names, vectors):
            if name and works_on_one(score.strategy, config):
                scores.append(replace(score, encoder=name, **of_encoder))
            elif name in ("", NONE):
                scores.append(score)
    scores.sort(key=lambda score: strategies.index(score.strategy))
    notes = list(dict.fromkeys(notes))
    for note in notes:
        log.warning("%s", note)
    return Run(with_ratios(scores), time.monotonic() - began, task.hidden, notes)


def _scores(
    task: Task, fitted: Fitted, strategies: Sequence[str], vectors: Mapping[str, Embeddings]
) -> Iterator[Score]:
    """What each of the strategies comes to that were fitted within the time budget."""
    series, gappy, hidden = task.series, task.gappy, task.hidden
    said = estimate_series(fitted, gappy, vectors)
    tracks = (fitted.builtin, *fitted.stored.values())
    fits = [name for name in strategies if all(name in track.others for track in tracks)]
    filled = {name: fill_from(fitted.using(name), gappy, said) for name in fits}
    of_linear, spread = filled["linear"].values, _spread(series)
    realised = float(hidden.sum() / series.observed.sum())
    labels: dict[str, Any] = {"label": ORACLE if vectors else None, "realised_rate": realised, **task.about}
    for name, one in filled.items():
        ranked = None
        if fitted.config.intervals is not None:
            quantiles = quantiles_at(fitted.using(name), gappy, said, one, hidden)
            ranked = np.full(hidden.shape, np.nan)
            ranked[hidden] = continuous_ranked_probability(quantiles, series.values[hidden])
        for group, cells in _groups(series, gappy, hidden):
            found = _metrics(one, ranked, of_linear, spread, series.values, cells)
            yield Score(strategy=name, **labels, **group, **found)


def _groups(series: Series, gappy: Series, hidden: BoolArray) -> Iterator[tuple[dict[str, Any], BoolArray]]:
    """All hidden cells, those of each column, of each gap length, and of each of both; empty ones are left out."""
    bucket = bucket_of(np.maximum(gap_lengths(gappy.observed), 1))
    for column in (ALL, *series.columns):
        in_column = np.ones(len(series.columns), dtype=bool) if column == ALL else np.array(series.columns) == column
        for b, gap in [(-1, ALL), *enumerate(BUCKET_NAMES)]:
            cells = hidden & in_column & ((bucket == b) | (b < 0))
            if cells.any():
                yield {"column": column, "gap": gap, "cells": int(cells.sum())}, cells


def _metrics(
    filled: Filled,
    ranked: FloatArray | None,
    linear: FloatArray,
    spread: FloatArray,
    truth: FloatArray,
    cells: BoolArray,
) -> dict[str, Any]:
    """The metrics of one strategy on some cells; NaN where it left some of them empty."""
    column = np.nonzero(cells)[1]
    known, of_column = truth[cells], spread[column]
    found: dict[str, Any] = score_cells(filled.values[cells], known, of_column, linear[cells])
    found["mre"] = _relative(filled.values[cells], known, column)
    if ranked is not None and filled.lower is not None and filled.upper is not None:
        lower, upper = filled.lower[cells], filled.upper[cells]
        found["coverage"] = float(np.mean((lower <= known) & (known <= upper)))
        found["width"] = float(np.mean((upper - lower) / of_column))
        found["crps"] = float(np.mean(ranked[cells] / of_column))
    return found


def _relative(estimate: FloatArray, truth: FloatArray, column: IntArray) -> float:
    """Sum of absolute errors over sum of absolute values, mean over the columns that are not all zeros."""
    shares = []
    for c in np.unique(column):
        of_column = column == c
        total = np.abs(truth[of_column]).sum()
        if total > 0:
            shares.append(np.abs(estimate[of_column] - truth[of_column]).sum() / total)
    return float(np.mean(shares)) if shares else float("nan")


def _spread(series: Series) -> FloatArray:
    """Standard deviation of each column's observed cells, (C,); 1 for a constant one."""
    spread = np.array([np.nanstd(v) if (~np.isnan(v)).any() else 1.0 for v in series.values.T])
    return np.where(spread > 0, spread, 1.0)

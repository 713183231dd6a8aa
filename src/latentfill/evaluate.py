"""Honest scores: hide known cells, then scale, embed, fit and fill, and compare with what was hidden."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentfill.clock import cycle_steps
from latentfill.config import AUTO, STRATEGY_NAMES, Config
from latentfill.embeddings.base import Embeddings
from latentfill.embeddings.pairing import pair_embeddings, planned, train_rows
from latentfill.errors import InputError, OracleEmbeddingError, did_you_mean
from latentfill.filling import estimate_series, fill_from, quantiles_at
from latentfill.fitting import fit_series
from latentfill.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.intervals import continuous_ranked_probability
from latentfill.nn.training import ProgressCallback
from latentfill.patterns import PATTERNS
from latentfill.result import Filled
from latentfill.scores import ALL, Score, score_cells
from latentfill.series import BoolArray, FloatArray, IntArray, Series
from latentfill.tables import Table

log = logging.getLogger(__name__)

ORACLE = "oracle"  # label of scores with embeddings that may have seen the hidden cells


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is hidden, and what is compared."""

    strategies: tuple[str, ...] = (AUTO, "linear")
    patterns: tuple[str, ...] = ("like-gaps",)
    rates: tuple[float, ...] = (0.1,)
    seeds: tuple[int, ...] = (0,)
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
class Run:
    """One pattern of hidden cells: what was fitted without them, and what it came to."""

    scores: list[Score]
    seconds: float
    hidden: BoolArray  # (T, C)


def evaluate(
    table: Table,
    config: Config,
    plan: Plan,
    *,
    progress: ProgressCallback | None = None,
    told: Callable[[str], None] | None = None,
) -> Iterator[Run]:
    """A run for each seed, pattern and rate; `told` hears what begins.

    Nothing that is fitted sees a hidden cell: it is missing from the series that is scaled, embedded and learnt from.
    Stored embeddings may have seen it: they are refused with an `OracleEmbeddingError` unless the plan allows them.
    """
    series = table.series
    if config.bank is not None:
        raise InputError("a bank may hold the very cells that are hidden, so it is not scored with: leave it out.")
    config = planned(config)
    vectors = _stored(table, config, plan)
    strategies = tuple(dict.fromkeys((*plan.strategies, "linear")))
    for seed in plan.seeds:
        for number, pattern in enumerate(plan.patterns):
            for rate in plan.rates:
                if told:
                    told(f"{pattern} {rate:g}, seed {seed}")
                rng = np.random.default_rng([seed, number, round(1e6 * rate)])
                hidden = PATTERNS[pattern](rng, series.values, rate, cycle_steps(series))
                if not hidden.any():
                    raise InputError(f"pattern {pattern!r} at rate {rate:g} finds no cell to hide; raise the rate.")
                asked = replace(config, seed=seed, strategy=strategies[0])
                about = {"pattern": pattern, "rate": rate, "seed": seed}
                yield _run(series, hidden, asked, strategies, about, vectors, progress)


def hide(series: Series, hidden: BoolArray) -> Series:
    """The series as it would have been read with the hidden cells missing."""
    return replace(series, values=np.where(hidden, np.nan, series.values))


def _stored(table: Table, config: Config, plan: Plan) -> dict[str, Embeddings]:
    if not config.embeddings:
        return {}
    if not plan.allow_oracle:
        raise OracleEmbeddingError(
            f"the embeddings at {config.embeddings} were made before any cell was hidden, so they may know the hidden "
            "cells, and scores would flatter them. Score with the built-in encoder (leave out --embeddings), or give "
            "--allow-oracle to get these scores under the label 'oracle'."
        )
    return pair_embeddings(config, table.series, table.name)


def _run(
    series: Series,
    hidden: BoolArray,
    config: Config,
    strategies: Sequence[str],
    about: Mapping[str, object],
    vectors: Mapping[str, Embeddings],
    progress: ProgressCallback | None,
) -> Run:
    began = time.monotonic()
    gappy = hide(series, hidden)
    rows = train_rows(config, series.n_steps)
    fitted = fit_series(gappy, config, embeddings=vectors, train_rows=rows, also=strategies, progress=progress)
    for note in fitted.notes:
        log.warning("%s", note)
    said = estimate_series(fitted, gappy, vectors)
    tracks = (fitted.builtin, *fitted.stored.values())
    fits = [name for name in strategies if all(name in track.others for track in tracks)]  # in the time budget
    filled = {name: fill_from(fitted.using(name), gappy, said) for name in fits}
    of_linear, spread = filled["linear"].values, _spread(series)
    realised = float(hidden.sum() / series.observed.sum())
    labels: dict[str, Any] = {"label": ORACLE if vectors else None, "realised_rate": realised, **about}
    scores = []
    for name, one in filled.items():
        ranked = None
        if config.intervals is not None:
            quantiles = quantiles_at(fitted.using(name), gappy, said, one, hidden)
            ranked = np.full(hidden.shape, np.nan)
            ranked[hidden] = continuous_ranked_probability(quantiles, series.values[hidden])
        for group, cells in _groups(series, gappy, hidden):
            found = _metrics(one, ranked, of_linear, spread, series.values, cells)
            scores.append(Score(strategy=name, **labels, **group, **found))
    return Run(scores, time.monotonic() - began, hidden)


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

"""Scoring strategies on stretches of a long series, which share a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from latentfill.core.column_order import column_order
from latentfill.core.config import Config
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.stretches import fit_stretches
from latentfill.nn.progress import ProgressCallback
from latentfill.scoring.cell_metrics import cell_groups
from latentfill.scoring.encoders import with_ratios
from latentfill.scoring.evaluate import FilledWithAll, fill_with_all, not_scored, score_filled
from latentfill.scoring.masked_series import MaskedSeries, masked_series
from latentfill.scoring.run import Run
from latentfill.scoring.scores import Score
from latentfill.scoring.spec import ScoringSpec


def evaluate_stretches(
    stretches: Sequence[Series],
    config: Config,
    spec: ScoringSpec,
    *,
    progress: ProgressCallback | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Iterator[Run]:
    """Yield a run for each seed, pattern and rate, as `evaluate` does; cells are hidden in all stretches together."""
    strategies = tuple(dict.fromkeys((*spec.strategies, "linear")))
    for masked in masked_series(_joined(stretches), spec):
        began = time.monotonic()
        if on_progress:
            on_progress(masked.title)
        parts = list(_parts(masked, [each.n_steps for each in stretches]))
        own = replace(config, strategy=strategies[0], seed=masked.seed)
        fitted = fit_stretches([part.visible for part in parts], own, progress, strategies)
        scores = with_ratios(list(_scores(masked, parts, fitted, strategies)))
        notes = [
            f"The table is long: cells are hidden, learnt from and scored in {len(stretches)} stretches of it.",
            *fitted.notes,
            *not_scored(fitted, strategies),
        ]
        yield Run(scores, time.monotonic() - began, masked.hidden, notes)


def _joined(stretches: Sequence[Series]) -> Series:
    """The stretches one below the other."""
    first = stretches[0]
    values, rows = (np.concatenate([getattr(each, name) for each in stretches]) for name in ("values", "rows"))
    time = None if first.time is None else np.concatenate([each.time for each in stretches if each.time is not None])
    places = [each.position for each in stretches if each.position is not None]
    return replace(first, values=values, rows=rows, time=time, position=np.concatenate(places) if places else None)


def _parts(masked: MaskedSeries, lengths: Sequence[int]) -> Iterator[MaskedSeries]:
    """The stretches that were joined, with their part of the mask."""
    first = 0
    for n_steps in lengths:
        steps = slice(first, first + n_steps)
        yield replace(masked, series=masked.series.part(steps), hidden=masked.hidden[steps])
        first += n_steps


def _scores(
    masked: MaskedSeries, parts: Sequence[MaskedSeries], fitted: Fitted, strategies: Sequence[str]
) -> Iterator[Score]:
    """The scores over the hidden cells of all stretches."""
    order = column_order(fitted.columns, masked.series.columns)
    groups = [replace(group, cells=group.cells[:, order]) for group in cell_groups(masked)]
    filled = [fill_with_all(part.in_order(fitted.columns), fitted, strategies, {}) for part in parts]
    yield from score_filled(masked.in_order(fitted.columns), fitted, _join_filled(filled), groups)


def _join_filled(parts: Sequence[FilledWithAll]) -> FilledWithAll:
    """What was filled in stretches one below the other."""
    first = parts[0]
    return FilledWithAll(
        {name: _one_below_the_other([part.filled[name] for part in parts]) for name in first.filled},
        {name: np.concatenate([part.quantiles[name] for part in parts]) for name in first.quantiles},
    )


def _one_below_the_other(parts: Sequence[Filled]) -> Filled:
    """The values, codes, expected errors and bounds of several records."""

    def of(name: str) -> FloatArray | None:
        arrays = [getattr(part, name) for part in parts]
        return None if arrays[0] is None else np.concatenate(arrays)

    codes, values, expected = (np.concatenate([getattr(p, n) for p in parts]) for n in ("codes", "values", "expected"))
    return Filled(values, codes, expected, lower=of("lower"), upper=of("upper"))

"""Scoring what is filled from the past alone, beside the last observation carried forward: a backtest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from latentfill.core.column_order import column_order
from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.past import last_reading
from latentfill.imputation.causal.refusals import refuse_looking_ahead
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled
from latentfill.scoring.cell_metrics import Reference, cell_groups, measure
from latentfill.scoring.masked_series import MaskedSeries, masked_series
from latentfill.scoring.run import Run
from latentfill.scoring.scores import PAST_YARDSTICK, Score
from latentfill.scoring.spec import ScoringSpec


def evaluate_past(
    series: Series,
    config: Config,
    spec: ScoringSpec,
    *,
    with_covariates: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Iterator[Run]:
    """Yield a run for each seed, pattern and rate; hidden cells are filled from earlier steps alone.

    Cells before the first reading of their column are not hidden, as nothing is known of them.
    """
    refuse_looking_ahead(config, with_covariates=with_covariates)
    _refuse_others(spec)
    for masked in masked_series(series, spec):
        if on_progress:
            on_progress(masked.title)
        began, scored = time.monotonic(), _after_a_reading(masked)
        scores = list(_scores(scored, config.replace(seed=masked.seed)))
        yield Run(scores, time.monotonic() - began, scored.hidden, [])


def _refuse_others(spec: ScoringSpec) -> None:
    """Raise an `InputError` for strategies and encoders that cannot be scored from the past alone."""
    others = [name for name in spec.strategies if name not in (AUTO, PAST_YARDSTICK)]
    if others or spec.encoders:
        raise InputError(
            f"causal (--causal) scores {AUTO} beside {PAST_YARDSTICK}, the last observation carried forward, and "
            f"{', '.join([*others, *spec.encoders])} cannot be compared with them. Leave out --strategies and "
            "--encoders, or --causal."
        )


def _after_a_reading(masked: MaskedSeries) -> MaskedSeries:
    """The same, with only those cells hidden that have an earlier reading; raises an `InputError` if none is left."""
    hidden = masked.hidden & ~np.isnan(last_reading(masked.visible.values))
    if not hidden.any():
        raise InputError(
            f"pattern {quoted(masked.pattern)} at rate {masked.rate:g} hides no cell after a reading of its column; "
            "raise "
            "the rate."
        )
    return replace(masked, hidden=hidden)


def _scores(masked: MaskedSeries, config: Config) -> Iterator[Score]:
    """The scores of both strategies, for each group of hidden cells."""
    models = PastModels.fit(masked.visible, config)
    groups, order = list(cell_groups(masked)), column_order(models.columns, masked.series.columns)
    masked = masked.in_order(models.columns)
    last = last_reading(masked.visible.values)
    reference = Reference.of(masked.series, last, models.last.kinds)
    for name, filled in {AUTO: models.fill_own(masked.visible), PAST_YARDSTICK: _of_values(last)}.items():
        for group in groups:
            metrics = measure(filled, None, reference, group.cells[:, order])
            score = Score(
                strategy=name,
                pattern=masked.pattern,
                rate=masked.rate,
                seed=masked.seed,
                column=group.column,
                gap=group.gap,
                cells=int(group.cells.sum()),
                gaps=group.gaps,
                nominal=config.output.intervals,
                realised_rate=masked.realised_rate,
                **metrics,
            )
            yield replace(score, ratio_to_linear=None, ratio_to_locf=score.ratio_to_linear)


def _of_values(values: FloatArray) -> Filled:
    """A series that is filled with values (T, C), without intervals."""
    codes = np.full(values.shape, Code.LOCF, dtype=np.int8)
    return Filled(values, codes, expected=np.full(values.shape, np.nan), lower=None, upper=None, samples=None)

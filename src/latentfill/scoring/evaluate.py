"""Scoring strategies: hide known cells, fit and fill without them, and compare estimates with the true values."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.column_order import column_order, in_order
from latentfill.core.config import Config
from latentfill.core.errors import InputError, OracleEmbeddingError
from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.pairing import pair_embeddings
from latentfill.embeddings.protocols.encoder import EncoderFactory
from latentfill.embeddings.protocols.record import Embeddings, Pairing
from latentfill.embeddings.stored.split_windows import train_rows
from latentfill.imputation.filling.fill import error_quantiles_at, estimate_series, fill_from
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.best_fit import fit_best, refuse_beside_covariates
from latentfill.imputation.fitting.fit import FitInputs
from latentfill.imputation.fitting.fitted import OUT_OF_TIME, Fitted
from latentfill.imputation.fitting.with_covariates import with_covariates
from latentfill.imputation.validation.quantiles import continuous_ranked_probability
from latentfill.nn.progress import ProgressCallback
from latentfill.scoring.cell_metrics import CellGroup, Reference, cell_groups, measure
from latentfill.scoring.encoder_table import NONE
from latentfill.scoring.encoders import (
    WindowCost,
    cost_of,
    open_encoders,
    settings_on,
    strategies_on,
    trained_on,
    uses_encoder,
    with_ratios,
)
from latentfill.scoring.masked_series import MaskedSeries, masked_series
from latentfill.scoring.past import evaluate_past
from latentfill.scoring.run import Run
from latentfill.scoring.scores import ORACLE, Score
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.covariates import Covariates
from latentfill.tables.table import Table

TRAINED_ON_THIS_TABLE = (
    "encoder {name!r} was distilled on cells of this very table, so it may know the hidden ones: its scores are "
    "labelled 'oracle'. For scores without that label, distil it on another table, or on rows that are not scored."
)


def evaluate(
    table: Table,
    config: Config,
    spec: ScoringSpec,
    covariates: Covariates | None = None,
    *,
    progress: ProgressCallback | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Iterator[Run]:
    """Yield a run for each seed, pattern and rate, with every strategy on every encoder.

    Hidden cells are made missing before the series is scaled, embedded and fitted, so they cannot influence the
    estimates. Stored embeddings may have been made from them: they raise an `OracleEmbeddingError` unless `spec` allows
    them. `covariates` are columns at the steps of the table to predict it from. `progress` is called during training;
    `on_progress` is called with a line of text before each fit. From the past alone (`config.causal`), see
    `evaluate_past`.
    """
    series = table.series
    if config.causal:
        yield from evaluate_past(series, config, spec, with_covariates=covariates is not None, on_progress=on_progress)
        return
    if covariates:
        refuse_beside_covariates(config, encoders=bool(spec.encoders))
    if config.neighbours.donor_table is not None:
        raise InputError(
            "a donor table (--donor-table) may hold the hidden cells, so scores with it would be too good: leave it "
            "out."
        )
    encoders = _encoders(spec, config, series)
    paired = _stored(table, config, spec)
    evaluator = Evaluator(
        config=config.with_plan(paired.plan),
        strategies=tuple(dict.fromkeys((*spec.strategies, "linear"))),
        encoders=encoders,
        embeddings=paired.splits,
        covariates=covariates,
        progress=progress,
        on_progress=on_progress,
    )
    for masked in masked_series(series, spec):
        yield evaluator.run(masked)


def _stored(table: Table, config: Config, spec: ScoringSpec) -> Pairing:
    """The stored embeddings, none without the setting; raises an error unless `spec` allows them."""
    if not config.stored.embeddings:
        return Pairing(config.stored.plan)
    if not spec.allow_oracle:
        raise OracleEmbeddingError(
            f"the embeddings at {config.stored.embeddings} were made before any cell was hidden, so they may "
            "contain the hidden values and their scores would be too good. Score with the built-in encoder (leave out "
            "--embeddings), or give --allow-oracle to get these scores with the label 'oracle'."
        )
    return pair_embeddings(config, table.series, table.name)


def _encoders(spec: ScoringSpec, config: Config, series: Series) -> dict[str, EncoderFactory | None]:
    """A factory for each encoder to compare, by name; without any, the builtin encoder alone under the name ""."""
    if not spec.encoders:
        return {"": None}
    if config.stored.embeddings:
        raise InputError(
            "--encoders embeds all windows again without the hidden cells, which is impossible for stored embeddings: "
            "leave out --embeddings or --encoders."
        )
    if not any(uses_encoder(name, config) for name in spec.strategies):
        raise InputError(
            f"none of the strategies {', '.join(spec.strategies)} works on embeddings, so there are no encoders to "
            "compare. Add denoise, neighbours or latent (--strategies), let auto train networks (--effort thorough), "
            "or leave out --encoders."
        )
    return open_encoders(spec.encoders, config, series, spec.embedders, trust_code=spec.trust_code)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluator:
    """Fits and scores all strategies on all encoders, one masked series at a time."""

    config: Config
    strategies: Sequence[str]
    encoders: Mapping[str, EncoderFactory | None]
    embeddings: Mapping[str, Embeddings]  # stored embeddings by split
    covariates: Covariates | None
    progress: ProgressCallback | None
    on_progress: Callable[[str], None] | None

    def run(self, masked: MaskedSeries) -> Run:
        """Fit every encoder's strategies without the hidden cells, and score them on the hidden cells."""
        began, scores, notes = time.monotonic(), list[Score](), list[str]()
        for encoder in self.encoders:
            if self.on_progress:
                self.on_progress(f"{masked.title}, encoder {encoder}" if encoder else masked.title)
            fitted = self._fit(masked, encoder)
            notes += [*fitted.notes, *not_scored(fitted, strategies_on(encoder, self.strategies, self.config))]
            is_oracle = trained_on(fitted.encoder, masked.series)
            if is_oracle:
                notes.append(TRAINED_ON_THIS_TABLE.format(name=encoder))
            scores += self._scores(masked, fitted, encoder, ORACLE if is_oracle else None)
        scores.sort(key=lambda score: self.strategies.index(score.strategy))
        return Run(with_ratios(scores), time.monotonic() - began, masked.hidden, list(dict.fromkeys(notes)))

    def _fit(self, masked: MaskedSeries, encoder: str) -> Fitted:
        """A model with all strategies to compare on this encoder, fitted without the hidden cells."""
        names = strategies_on(encoder, self.strategies, self.config)
        return fit_best(
            masked.visible,
            replace(settings_on(encoder, self.config), strategy=names[0], seed=masked.seed),
            FitInputs(
                embeddings=self.embeddings,
                encoder=self.encoders[encoder],
                any_order=encoder == NONE,
                covariates=self.covariates,
                train_rows=train_rows(self.config.stored.plan, masked.series.n_steps),
                compare_with=names,
                progress=self.progress,
            ),
        )

    def _scores(self, masked: MaskedSeries, fitted: Fitted, encoder: str, label: str | None) -> Iterator[Score]:
        """The scores of all strategies on this encoder; strategies without one are scored only with the first."""
        cost = cost_of(fitted, in_order(masked.visible, fitted.columns)) if encoder else WindowCost()
        names = strategies_on(encoder, self.strategies, self.config)
        for score in scores_of(masked, fitted, names, self.embeddings, self.covariates):
            if encoder and uses_encoder(score.strategy, self.config):
                yield replace(score, encoder=encoder, label=label or score.label, **cost)
            elif encoder in ("", NONE):
                yield score


def not_scored(fitted: Fitted, strategies: Sequence[str]) -> Iterator[str]:
    """Notes on strategies that do not suit the table; those without time are in the notes on the fit."""
    skipped = fitted.builtin.skipped
    for name in strategies:
        if name in skipped and skipped[name] != OUT_OF_TIME:
            way_out = f"Score it by itself (--strategies {name})."
            yield f"{name} is not scored beside the others: {skipped[name]}. {way_out}"


def scores_of(
    masked: MaskedSeries,
    fitted: Fitted,
    strategies: Sequence[str],
    embeddings: Mapping[str, Embeddings],
    covariates: Covariates | None = None,
) -> Iterator[Score]:
    """The scores of all strategies that the time budget allowed, for each group of hidden cells."""
    order = column_order(fitted.columns, masked.series.columns)
    groups = [replace(group, cells=group.cells[:, order]) for group in cell_groups(masked)]
    masked = masked.in_order(fitted.columns)
    filled = fill_with_all(masked, fitted, strategies, embeddings, covariates)
    yield from score_filled(masked, fitted, filled, groups, with_embeddings=bool(embeddings))


@dataclass(frozen=True, slots=True, eq=False)
class FilledWithAll:
    """A masked series as each strategy fills it."""

    filled: Mapping[str, Filled]  # by strategy
    quantiles: Mapping[str, FloatArray]  # (M, len(LEVELS)) of the errors of the M hidden cells; empty without intervals


def fill_with_all(
    masked: MaskedSeries,
    fitted: Fitted,
    strategies: Sequence[str],
    embeddings: Mapping[str, Embeddings],
    covariates: Covariates | None = None,
) -> FilledWithAll:
    """A masked series, whose columns are in the order of the model, as the strategies fill it that time allowed."""
    series = with_covariates(masked.visible, covariates, fitted.covariates)
    estimated = estimate_series(fitted, series, embeddings)
    names = [name for name in strategies if all(name in path.compared for path in fitted.paths.values())]
    filled = {name: fill_from(fitted.using(name), estimated) for name in names}
    if fitted.config.output.intervals is None:
        return FilledWithAll(filled, {})
    hidden = np.pad(masked.hidden, ((0, 0), (0, len(fitted.covariates))))
    return FilledWithAll(
        filled, {name: error_quantiles_at(fitted.using(name), estimated, each, hidden) for name, each in filled.items()}
    )


def score_filled(
    masked: MaskedSeries,
    fitted: Fitted,
    found: FilledWithAll,
    groups: Sequence[CellGroup],
    *,
    with_embeddings: bool = False,
) -> Iterator[Score]:
    """The scores of what all strategies have filled, for each group of hidden cells."""
    reference = Reference.of(masked.series, found.filled["linear"].values, fitted.kinds)
    for name, filled in found.filled.items():
        crps = None
        if name in found.quantiles:
            crps = np.full(masked.hidden.shape, np.nan)
            error = reference.errors(filled.values)[masked.hidden]
            crps[masked.hidden] = continuous_ranked_probability(found.quantiles[name], error)
        for group in groups:
            yield Score(
                strategy=name,
                pattern=masked.pattern,
                rate=masked.rate,
                seed=masked.seed,
                column=group.column,
                gap=group.gap,
                cells=int(group.cells.sum()),
                gaps=group.gaps,
                nominal=fitted.config.output.intervals,
                realised_rate=masked.realised_rate,
                label=ORACLE if with_embeddings and uses_encoder(name, fitted.config) else None,
                **measure(filled, crps, reference, group.cells),
            )

"""`latentfill.evaluate`: the scores of strategies on cells that are hidden in a table, as a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Unpack

import numpy as np

from latentfill.api.arrays import open_frame
from latentfill.api.containers.opening import open_covariates
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.core.config import AUTO
from latentfill.core.errors import InputError
from latentfill.core.fill_warning import tell_user
from latentfill.imputation.imputer import Imputer
from latentfill.scoring.evaluate import evaluate as evaluate_table
from latentfill.scoring.scores import ALL, PAST_YARDSTICK, YARDSTICK, Score
from latentfill.scoring.spec import ScoringSpec
from latentfill.scoring.stacked import evaluate_stacked
from latentfill.tables.backends.frames import frame_like
from latentfill.tables.backends.native import NativeFrame


def evaluate(
    data: object,
    *,
    strategies: Sequence[str] | None = None,
    patterns: Sequence[str] = ("like-gaps",),
    rates: Sequence[float] = (0.1,),
    seeds: Sequence[int] = (0,),
    encoders: Sequence[str] = (),
    allow_oracle: bool = False,
    trust_code: bool = False,
    covariates: object = None,
    **settings: Unpack[ImputerSettings],
) -> NativeFrame:
    """Hide observed cells, fill them with several strategies, and score these: one row for each strategy, column, gap.

    Parameters
    ----------
    data
        One series, or several with ``by``, of any kind that `latentfill.impute` takes. The scores are a frame of the
        same library: of pandas for a `DataArray` and a `TimeSeries`, a pyarrow table for a path or an array.
    strategies
        Strategies to compare; `auto` and linear interpolation if not given, with ``causal`` the last observation.
    patterns, rates, seeds
        How cells are hidden, what share of the observed cells, and with which random numbers; every combination.
    encoders
        Encoders to compare, see `latentfill evaluate --help`.
    allow_oracle
        Score stored embeddings, with the label `oracle`, though they may have seen the hidden cells.
    trust_code
        Allow encoders that run code of a module or a file.
    covariates, **settings
        As for `latentfill.Imputer`. With ``by``, the rows with ``series="all"`` are over the hidden cells of all
        series.

    Returns
    -------
    The fields of `latentfill.scoring.scores.Score` as columns; errors are in standard deviations of each column, and
    `all` stands for all columns, gaps or series.

    Raises
    ------
    InputError
        If the data cannot be read, or too few cells can be hidden.

    Examples
    --------
    >>> df = pd.DataFrame({"a": np.sin(np.arange(300) / 5), "b": np.cos(np.arange(300) / 5)})
    >>> scores = latentfill.evaluate(df, strategies=["spline", "linear"], patterns=["point"])
    >>> overall = scores[(scores["column"] == "all") & (scores["gap"] == "all")].set_index("strategy")
    >>> bool(overall.loc["spline", "mse"] < overall.loc["linear", "mse"])
    True
    """
    imputer = Imputer(covariates=covariates, **settings)
    imputer.covariates = open_covariates(imputer.covariates)
    opened = open_frame(data, imputer.options)
    data, imputer = opened.content, imputer.with_options(opened.options)
    spec = ScoringSpec(
        strategies=tuple(strategies or (AUTO, PAST_YARDSTICK if imputer.config.causal else YARDSTICK)),
        patterns=tuple(patterns),
        rates=tuple(rates),
        seeds=tuple(seeds),
        encoders=tuple(encoders),
        allow_oracle=allow_oracle,
        trust_code=trust_code,
    )
    if imputer.options.by:
        return _as_frame(data, _of_series(data, imputer, spec), stacked=True)
    table = imputer.read(data)
    tell_user(table.notes)
    runs = list(evaluate_table(table, imputer.config, spec, imputer.align(table)))
    tell_user(note for run in runs for note in run.notes)
    return _as_frame(data, {ALL: [score for run in runs for score in run.scores]}, stacked=False)


def _of_series(data: object, imputer: Imputer, spec: ScoringSpec) -> dict[str, list[Score]]:
    """The scores of all series of a stacked table together, and of each."""
    if imputer.covariates:
        raise InputError("covariates are not scored on stacked series: leave them out, or score each series by itself.")
    grouped = imputer.read_groups(data)
    tell_user(grouped.notes)
    result = evaluate_stacked(grouped, imputer.config, spec)
    return {ALL: result.joint, **result.by_series}


def _as_frame(data: object, scores: Mapping[str, Iterable[Score]], *, stacked: bool) -> NativeFrame:
    """One row for each score, and a column for each field; of a stacked table also the series."""
    rows = [(series, score) for series, of_series in scores.items() for score in of_series]
    of_fields = {
        each.name: np.array([getattr(score, each.name) for _, score in rows], dtype=object) for each in fields(Score)
    }
    of_series = {"series": np.array([series for series, _ in rows], dtype=object)} if stacked else {}
    return frame_like(data, {**of_series, **of_fields})

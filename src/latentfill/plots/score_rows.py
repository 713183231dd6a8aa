"""Scores as the rows of figures: means of a metric over the seeds, with the number of cells and gaps behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypedDict, cast

from latentfill.core.errors import InputError
from latentfill.core.messages import counted
from latentfill.scoring.coverage import Coverage
from latentfill.scoring.encoder_table import NONE
from latentfill.scoring.scores import ALL, PAST_YARDSTICK, YARDSTICK, Score, key_of, over_seeds, yardstick_of

if TYPE_CHECKING:
    from latentfill.plots.theme import Part

YARDSTICK_NAMES = {YARDSTICK: "linear interpolation", PAST_YARDSTICK: "the last observation"}
MOST_COLUMNS = 60  # most columns in a figure; more do not fit on a page


class ScoreRow(TypedDict):
    """Mean over the seeds of one metric, for one strategy, column and gap length."""

    strategy: str
    column: str  # or ALL
    gap: str  # or ALL
    value: float
    cells: int  # hidden, over all seeds
    gaps: int | None  # that they lie in; None if it is not known
    counts: str  # both, as text


def score_rows(scores: Sequence[Score], metric: str) -> list[ScoreRow]:
    """The rows of a metric; groups in which it was not measured are left out."""
    counts = _counts(scores)
    return [
        {
            "strategy": key.name,
            "column": key.column,
            "gap": key.gap,
            "value": means[metric].mean,
            "cells": counts[key][0],
            "gaps": counts[key][1],
            "counts": count_text(*counts[key]),
        }
        for key, means in over_seeds(scores).items()
        if metric in means
    ]


def count_text(cells: int, gaps: int | None) -> str:
    """Such as `120 cells in 17 gaps`."""
    return counted(cells, "cell") + (f" in {counted(gaps, 'gap')}" if gaps is not None else "")


def gap_text(gap: str) -> str:
    """The name of a group of gap lengths, such as `gaps of 2-3 steps`."""
    return f"gaps of {gap} {'step' if gap == '1' else 'steps'}"


def _counts(scores: Sequence[Score]) -> dict[tuple[object, ...], tuple[int, int | None]]:
    """Cells and gaps by key, over all seeds."""
    counts: dict[tuple[object, ...], tuple[int, int | None]] = {}
    for score in scores:
        cells, gaps = counts.get(key_of(score), (0, 0))
        known = gaps is not None and score.gaps is not None
        counts[key_of(score)] = (cells + score.cells, (gaps or 0) + (score.gaps or 0) if known else None)
    return counts


def ratio_metric(scores: Sequence[Score]) -> str:
    """The metric that compares the squared error with that of the yardstick."""
    return f"ratio_to_{yardstick_of(scores)}"


def strategies_of(scores: Sequence[Score]) -> list[str]:
    """The strategies with their encoders, in the order of the scores."""
    return list(dict.fromkeys(key_of(score).name for score in scores))


def columns_of(scores: Sequence[Score]) -> list[str]:
    """The columns, in the order of the scores."""
    return list(dict.fromkeys(score.column for score in scores if score.column != ALL))


def first_strategy(scores: Sequence[Score]) -> str:
    """The first strategy, with the first encoder that tells something."""
    return next((key_of(score).name for score in scores if score.encoder != NONE), key_of(scores[0]).name)


def coverage_of(row: ScoreRow, nominal: float) -> Coverage:
    """The coverage of a row of that metric; without a number of gaps, each cell counts as one."""
    return Coverage(row["value"], nominal, row["gaps"] or row["cells"])


def nominal_of(scores: Sequence[Score]) -> float:
    """The coverage that the intervals are made for; raises an `InputError` without any."""
    nominal = next((score.nominal for score in scores if score.nominal is not None), None)
    if nominal is None:
        raise InputError("these scores have no coverage: evaluate with intervals, such as --intervals 0.9.")
    return nominal


def as_scores(scores: object) -> list[Score]:
    """The scores that `latentfill.evaluate` gives as a frame; of a stacked table those over all series.

    A list of `Score` is returned as it is. Raises an `InputError` for anything else.
    """
    if isinstance(scores, Sequence) and all(isinstance(score, Score) for score in scores):
        rows = list(cast("Sequence[Score]", scores))
    else:
        rows = [_score(row) for row in _frame_rows(scores) if row.get("series", ALL) == ALL]
    if not rows:
        raise InputError("there are no scores to draw; give what latentfill.evaluate returned.")
    return rows


def _frame_rows(frame: object) -> Iterator[Mapping[str, Any]]:
    import narwhals as nw

    try:
        return cast("Iterator[Mapping[str, Any]]", nw.from_native(frame, eager_only=True).iter_rows(named=True))  # type: ignore[call-overload]
    except TypeError as error:
        raise InputError(
            f"scores are the frame that latentfill.evaluate returned, got {type(frame).__name__}."
        ) from error


def _score(row: Mapping[str, Any]) -> Score:
    known = {each.name: _known(row[each.name]) for each in fields(Score) if each.name in row}
    try:
        return Score(**known)
    except TypeError as error:
        raise InputError(f"the frame is not one that latentfill.evaluate returned: {error}.") from error


def _known(value: Any) -> Any:
    """The value; None for the NaN that a frame has in its place."""
    return None if isinstance(value, float) and math.isnan(value) else value


def for_each_run(scores: Sequence[Score], figure: Callable[[Sequence[Score]], Part]) -> Part:
    """The figure of each pattern and rate, one below the other; that of the only one if there are no others."""
    import altair as alt

    runs = list(dict.fromkeys((score.pattern, score.rate) for score in scores))
    if len(runs) == 1:
        return figure(scores)
    parts = []
    for pattern, rate in runs:
        part = figure([score for score in scores if (score.pattern, score.rate) == (pattern, rate)])
        parts.append(alt.vconcat(part, title=f"{pattern}, {100 * rate:g} % hidden"))
    return alt.vconcat(*parts)

"""The scores of a run in a few sentences: what is best, by how much, and where it is not."""

from __future__ import annotations

from collections.abc import Sequence

from latentfill.core.messages import counted
from latentfill.plots.score_rows import YARDSTICK_NAMES, ScoreRow, coverage_of, gap_text, ratio_metric, score_rows
from latentfill.scoring.scores import ALL, Score, yardstick_of

SHOWN = 4  # gap lengths and columns that a sentence names


def verdict(scores: Sequence[Score]) -> list[str]:
    """Sentences about the scores of one pattern and rate, the most important one first."""
    rows = [row for row in score_rows(scores, ratio_metric(scores)) if row["strategy"] != yardstick_of(scores)]
    overall = sorted((row for row in rows if _is_overall(row)), key=lambda row: row["value"])
    if not overall:
        return ["Nothing can be compared: no other strategy was run, or the one to compare with made no error."]
    best, yardstick = overall[0], YARDSTICK_NAMES[yardstick_of(scores)]
    return [_first_sentence(overall, yardstick), _where_worse([row for row in rows if _same(row, best)], yardstick)]


def coverage_verdict(scores: Sequence[Score], strategy: str, nominal: float) -> str:
    """How often the intervals of a strategy hold the truth, and in how many groups that is clearly off."""
    rows = [row for row in score_rows(scores, "coverage") if row["strategy"] == strategy]
    overall = next(row for row in rows if _is_overall(row))
    groups = [row for row in rows if ALL not in (row["column"], row["gap"])]
    faults = [coverage_of(row, nominal).fault for row in groups]
    texts = [f"{fault} in {n} of {len(groups)}" for fault in ("too low", "too high") if (n := faults.count(fault))]
    off = f"Clearly {' and '.join(texts)} groups" if texts else "Clearly off in no group"
    return (
        f"{100 * overall['value']:.1f} % of the cells are inside their {100 * nominal:g} % interval. {off} of column "
        "and gap length."
    )


def _first_sentence(overall: Sequence[ScoreRow], yardstick: str) -> str:
    """What is best and by how much; `overall` is sorted."""
    best, value = overall[0]["strategy"], overall[0]["value"]
    follows = f", ahead of {overall[1]['strategy']} ({overall[1]['value']:.2f})" if len(overall) > 1 else ""
    if value < 1:
        return (
            f"{best} is best: {value:.2f} times the squared error of {yardstick}{follows}, measured on "
            f"{overall[0]['counts']}."
        )
    return (
        f"Nothing is better than {yardstick}: {best} has {value:.2f} times its squared error{follows}, measured on "
        f"{overall[0]['counts']}."
    )


def _where_worse(rows: Sequence[ScoreRow], yardstick: str) -> str:
    """The gap lengths and the columns in which the strategy is worse than the yardstick, the worst first."""
    groups = [row for row in rows if (row["column"] == ALL) != (row["gap"] == ALL)]
    worse = sorted((row for row in groups if row["value"] > 1), key=lambda row: -row["value"])
    strategy = rows[0]["strategy"]
    if not worse:
        return f"{strategy} is worse than {yardstick} for no gap length and in no column."
    more = f", and {len(worse) - SHOWN} more" if len(worse) > SHOWN else ""
    return f"{strategy} is worse than {yardstick} {', '.join(map(_group, worse[:SHOWN]))}{more}."


def _group(row: ScoreRow) -> str:
    where = f"in {row['column']}" if row["gap"] == ALL else f"in {gap_text(row['gap'])}"
    gaps = "" if row["gaps"] is None else f", {counted(row['gaps'], 'gap')}"
    return f"{where} ({row['value']:.2f} times{gaps})"


def _is_overall(row: ScoreRow) -> bool:
    return row["column"] == ALL and row["gap"] == ALL


def _same(row: ScoreRow, other: ScoreRow) -> bool:
    return row["strategy"] == other["strategy"]

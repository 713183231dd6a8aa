"""Tables of scores: by strategy, by gap length and by column, with what is best and what is off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from latentfill.plots.score_rows import (
    ScoreRow,
    columns_of,
    coverage_of,
    first_strategy,
    ratio_metric,
    score_rows,
    strategies_of,
)
from latentfill.scoring.scores import ALL, METRICS, Mean, Score, key_of, of_all_cells, over_seeds, yardstick_of
from latentfill.windows.gaps import BUCKET_NAMES

HEADINGS = {  # the ratios first, because they can be compared between tables
    "ratio_to_linear": "ratio to linear",
    "ratio_to_locf": "ratio to locf",
    "mse": "MSE",
    "mae": "MAE",
    "mre": "MRE",
    "crps": "CRPS",
    "coverage": "coverage",
    "width": "width",
}
assert set(HEADINGS) == set(METRICS)
NOT_RANKED = ("coverage", "width")  # metrics that are not better if they are smaller


class TableCell(NamedTuple):
    """One cell: its text, and how it is marked."""

    text: str
    mark: str = ""  # "best", "off"
    why: str = ""  # on hover


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """A table with a name in the first column of each row."""

    headings: list[str]
    rows: list[tuple[str, list[TableCell]]]


def by_strategy(scores: Sequence[Score]) -> ScoreTable:
    """All metrics of each strategy, over all hidden cells; the smallest error is the best."""
    means = {key.name: metrics for key, metrics in over_seeds(of_all_cells(scores)).items()}
    shown = [metric for metric in HEADINGS if any(metric in of_strategy for of_strategy in means.values())]
    best = {metric: _best(means, metric) for metric in shown if metric not in NOT_RANKED}
    oracle = {key_of(score).name for score in scores if score.label}
    rows = [
        (
            f"{name} (oracle)" if name in oracle else name,
            [_mean_cell(of_strategy.get(metric), best.get(metric) == name) for metric in shown],
        )
        for name, of_strategy in means.items()
    ]
    return ScoreTable(["strategy", *(HEADINGS[metric] for metric in shown)], rows)


def by_gap_length(scores: Sequence[Score]) -> ScoreTable:
    """Counts, ratios of all strategies, and the coverage of the first one, by gap length over all columns."""
    of_groups = [score for score in scores if score.column == ALL and score.gap != ALL]
    return _by_group(of_groups, "gap", BUCKET_NAMES, "length of the gap, steps")


def by_column(scores: Sequence[Score]) -> ScoreTable:
    """The same by column, over all gap lengths."""
    of_groups = [score for score in scores if score.column != ALL and score.gap == ALL]
    return _by_group(of_groups, "column", columns_of(scores), "column")


def _by_group(scores: Sequence[Score], field: str, groups: Iterable[str], heading: str) -> ScoreTable:
    """A row for each of the groups, which the `field` of a score names, that has scores."""
    names = [name for name in strategies_of(scores) if name != yardstick_of(scores)]
    ratios = {(str(row[field]), row["strategy"]): row for row in score_rows(scores, ratio_metric(scores))}  # type: ignore[literal-required]
    counts = {str(row[field]): row for row in score_rows(scores, "mse")}  # type: ignore[literal-required]
    covered = _coverage_cells(scores, field)
    rows = [
        (
            group,
            [
                TableCell(str(counts[group]["cells"])),
                TableCell("" if counts[group]["gaps"] is None else str(counts[group]["gaps"])),
                *(_ratio_cell(ratios.get((group, name))) for name in names),
                *([covered.get(group, TableCell(""))] if covered else []),
            ],
        )
        for group in groups
        if group in counts
    ]
    coverage = [f"coverage, {first_strategy(scores)}"] if covered else []
    return ScoreTable([heading, "cells", "gaps", *names, *coverage], rows)


def _coverage_cells(scores: Sequence[Score], field: str) -> dict[str, TableCell]:
    """The coverage of the first strategy by group; empty without intervals."""
    nominal = next((score.nominal for score in scores if score.nominal is not None), None)
    if nominal is None:
        return {}
    first = first_strategy(scores)
    rows = (row for row in score_rows(scores, "coverage") if row["strategy"] == first)
    return {str(row[field]): _coverage_cell(row, nominal) for row in rows}  # type: ignore[literal-required]


def _coverage_cell(row: ScoreRow, nominal: float) -> TableCell:
    coverage = coverage_of(row, nominal)
    low, high = coverage.likely
    why = f"likely {low:.0%} to {high:.0%}"
    mark = f" {coverage.fault}" if coverage.fault else ""
    return TableCell(f"{coverage.measured:.0%}{mark}", "off" if mark else "", why)


def _ratio_cell(row: ScoreRow | None) -> TableCell:
    if row is None:
        return TableCell("")
    return TableCell(f"{row['value']:.2f}", "off" if row["value"] > 1 else "", row["counts"])


def _mean_cell(mean: Mean | None, is_best: bool) -> TableCell:
    """The mean and spread, which stay together where the line between them breaks."""
    return TableCell(mean.text().replace("± ", "±\N{NO-BREAK SPACE}") if mean else "", "best" if is_best else "")


def _best(means: Mapping[str, Mapping[str, Mean]], metric: str) -> str:
    """The strategy with the smallest mean of a metric."""
    known = {name: metrics[metric].mean for name, metrics in means.items() if metric in metrics}
    return min(known, key=lambda name: known[name])

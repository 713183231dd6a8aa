"""Prints the results of commands as tables and lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.console import Console
from rich.table import Table as Grid

from latentfill.cli.console import plain, plain_name, show_notes
from latentfill.cli.wide_tables import show_grid
from latentfill.core.messages import printable
from latentfill.imputation.summary.headlines import error_text, headlines, most_filled
from latentfill.scoring.encoder_table import HEADINGS, encoder_rows
from latentfill.scoring.scores import METRICS, PAST_YARDSTICK, key_of, of_all_cells, over_seeds, yardstick_of

if TYPE_CHECKING:
    from latentfill.embeddings.timekd.distil import Distilled
    from latentfill.scoring.demo import Outcome
    from latentfill.scoring.differences import Difference
    from latentfill.scoring.scores import Score


JsonRecord: TypeAlias = Mapping[str, Any]  # a summary, a score or an inspection as JSON values
TOTALS = ("sum", "sum_lower", "sum_upper", "mean", "mean_lower", "mean_upper")
MOST_COLUMNS = 12  # that a summary shows, so that it fits the screen
LONG = 60  # characters; a list with a longer item is printed with one item per line


def show_forecasts(console: Console, distilled: Distilled) -> None:
    """Print the forecast errors of the student, and of the student without a teacher if there is one."""
    for name, outcome in (("student", distilled.outcome), ("without a teacher", distilled.without_teacher)):
        if outcome is not None:
            errors = outcome.errors["test"]
            text = f"{name}: forecast MSE {errors.mse:.4f}, MAE {errors.mae:.4f} on {errors.windows} test windows"
            if not errors.windows:
                text = f"{name}: the table is too short for test windows, so its forecasts have no test error"
            console.print(text, highlight=False, soft_wrap=True)


def show_summary(console: Console, summary: JsonRecord, skipped_notes: int = 0, *, everything: bool = False) -> None:
    """Print the headlines, then counts and expected errors per column, cell codes, held-out errors, and notes.

    The first `skipped_notes` notes are left out, and without `everything` the columns after the first `MOST_COLUMNS`.
    """
    console.print(_headline_grid(summary))
    kept = ("suspected",) if any(counts["suspected"] for counts in summary["columns"].values()) else ()
    grid = Grid("column", "kind", "observed", *kept, "filled", "left empty", "expected error", title="Filled cells")
    for column in grid.columns[2:]:
        column.justify = "right"
    columns = summary["columns"]
    shown = most_filled(columns, len(columns) if everything else MOST_COLUMNS)
    for name, counts in shown:
        filled = counts["missing"] - counts["left_empty"]
        error = _mean_expected(counts["by_gap_length"], counts["kind"])
        numbers = (counts["observed"], *(counts[key] or "" for key in kept), filled, counts["left_empty"] or "")
        grid.add_row(plain_name(name), counts["kind"], *map(str, numbers), error)
    show_grid(console, grid)
    if len(columns) > len(shown):
        console.print(f"and {len(columns) - len(shown)} more columns, which --verbose shows", highlight=False)
    cells = ", ".join(f"{name} {count}" for name, count in summary["cells"].items() if name != "observed")
    console.print(f"Cells by how they were filled: {cells or 'none, nothing was missing'}", highlight=False)
    if summary.get("filled_from"):
        shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in _largest_first(summary["filled_from"]))
        console.print(f"Mean weight of each strategy: {shares}", highlight=False)
    for path, score in summary["held_out_error"].items():
        if score.get("linear_mse"):
            console.print(_score_line(path, score), highlight=False)
            if len(score["weights"]) and len(score["candidates"]) > 1:
                show_grid(console, _weight_grid(path, score))
    if "embeddings" in summary:
        for line in _embedding_lines(summary["embeddings"]):
            console.print(line, highlight=False)
    if everything:
        _show_record(console, {key: summary[key] for key in ("left_out", "training", "seconds") if summary.get(key)})
    show_notes(summary["notes"][skipped_notes:], console=console)


def _headline_grid(summary: JsonRecord) -> Grid:
    """The headlines with their subjects in front, lines that are too long continued below their text."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    for subject, text in headlines(summary):
        grid.add_row(subject, plain(text))
    return grid


def show_scores(console: Console, scores: Sequence[Score]) -> None:
    """Print a table for each pattern and rate: the metrics of each strategy, as mean and spread over the seeds.

    If encoders were compared, a second table has their gain over the observed cells alone, and their cost.
    """
    overall = of_all_cells(scores)
    metrics_by_key = over_seeds(overall)
    shown = [metric for metric in METRICS if any(metric in metrics for metrics in metrics_by_key.values())]
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in overall):
        pattern_scores = [score for score in overall if (score.pattern, score.rate) == (pattern, rate)]
        oracle = {key_of(score) for score in pattern_scores if score.label}
        realised = sum(score.realised_rate for score in pattern_scores) / len(pattern_scores)
        title = f"{pattern}, {100 * realised:.1f} % of the observed cells hidden; errors of scaled columns"
        if yardstick_of(pattern_scores) == PAST_YARDSTICK:
            title += "; filled from earlier steps alone, beside the last observation carried forward (locf)"
        grid = Grid("strategy", *(metric.replace("_", " ") for metric in shown), "seeds", title=title)
        for column in grid.columns[1:]:
            column.justify = "right"
        for key, metrics in metrics_by_key.items():
            if (key.pattern, key.rate) == (pattern, rate):
                label = " (oracle)" if key in oracle else ""
                seeds = max(mean.seeds for mean in metrics.values())
                texts = (metrics[metric].text() if metric in metrics else "" for metric in shown)
                grid.add_row(plain_name(key.name + label), *texts, str(seeds))
        show_grid(console, grid)
        _show_encoders(console, pattern_scores)


def show_series_scores(console: Console, by_series: Mapping[str, Sequence[Score]]) -> None:
    """Print a table for each pattern and rate with a line for each series: its hidden cells, and the squared errors."""
    overall = {name: of_all_cells(scores) for name, scores in by_series.items()}
    every = [score for scores in overall.values() for score in scores]
    strategies = list(dict.fromkeys(key_of(score).name for score in every))
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in every):
        title = f"{pattern} {rate:g}, squared error of scaled columns in each series"
        grid = Grid("series", "hidden cells", *map(plain_name, strategies), title=title)
        for column in grid.columns[1:]:
            column.justify = "right"
        for name, scores in overall.items():
            own = [score for score in scores if (score.pattern, score.rate) == (pattern, rate)]
            cells = {score.seed: score.cells for score in own}
            errors = {key.name: metrics["mse"].text() for key, metrics in over_seeds(own).items() if "mse" in metrics}
            grid.add_row(plain_name(name), str(sum(cells.values())), *(errors.get(each, "") for each in strategies))
        show_grid(console, grid)


def _show_encoders(console: Console, scores: Sequence[Score]) -> None:
    """Print a table with a row for each encoder and strategy; nothing if no encoders were compared.

    `scores` are those of one pattern and rate.
    """
    rows = encoder_rows(scores)
    if not rows:
        return
    grid = Grid(*HEADINGS, title="Encoders compared with the observed cells alone (none): gain and cost")
    for column in grid.columns[2:-1]:
        column.justify = "right"
    for row in rows:
        grid.add_row(*map(plain, row.texts))
    show_grid(console, grid)


def show_totals(console: Console, columns: Mapping[str, Any], coverage: float) -> None:
    """Print a line for each column and period."""
    title = f"Totals, and the {100 * coverage:g} % intervals that their filled cells leave open"
    headings = ("column", "period", "values", "uncertain", "left empty", "sum", "interval", "mean", "interval")
    grid = Grid(*headings, title=title)
    for column in grid.columns[2:]:
        column.justify = "right"
    names = ("column", "period", "cells", "uncertain", "missing", *TOTALS)
    for name, period, cells, uncertain, missing, *numbers in zip(*(columns[key] for key in names), strict=True):
        texts = ("" if math.isnan(number) else f"{number:.6g}" for number in numbers)
        total, low, high, mean, mean_low, mean_high = texts
        intervals = (f"{low} to {high}" if low else "", f"{mean_low} to {mean_high}" if mean_low else "")
        counts = (str(cells), str(uncertain or ""), str(missing or ""))
        grid.add_row(plain_name(str(name)), str(period), *counts, total, intervals[0], mean, intervals[1])
    show_grid(console, grid)


def show_differences(console: Console, differences: Sequence[Difference]) -> None:
    """Print how squared errors changed between two runs, and whether the change is larger than noise."""
    grid = Grid("strategy", "pattern", "rate", "before", "after", "change", "noise", "verdict", title="Squared error")
    for column in grid.columns[2:]:
        column.justify = "right"
    for each in differences:
        noise = "one seed" if each.noise is None else f"± {each.noise:.4f}"
        verdict = ("better" if each.change < 0 else "worse") if each.beyond_noise else "within noise"
        errors = (f"{each.before:.4f}", f"{each.after:.4f}", f"{each.change:+.4f}")
        grid.add_row(plain_name(each.key.name), each.key.pattern, f"{each.key.rate:g}", *errors, noise, verdict)
    if differences:
        show_grid(console, grid)
    else:
        console.print("The two runs have no strategy, pattern, rate and seed in common.")


def show_demo(console: Console, outcome: Outcome) -> None:
    """Print the errors of latentfill and of linear interpolation by gap length, and the paths of the files."""
    title = "Squared error on the sample's hidden cells, in squared standard deviations"
    grid = Grid("gap length", "cells", "latentfill", "linear", "ratio", title=title)
    for column in grid.columns[1:]:
        column.justify = "right"
    for error in outcome.errors:
        ratio = error.mse / error.linear_mse
        grid.add_row(error.group, str(error.cells), f"{error.mse:.4f}", f"{error.linear_mse:.4f}", f"{ratio:.2f}")
    show_grid(console, grid)
    for name, path in (("sample with gaps", outcome.source), ("truth", outcome.truth), ("filled", outcome.filled)):
        console.print(f"{name}: {path}", highlight=False, soft_wrap=True, markup=False)


def show_inspection(console: Console, inspection: JsonRecord) -> None:
    """Print the description of a path: names and values, and for a table also its columns."""
    separate = ("columns", "notes") if inspection["kind"] == "table" else ("notes", "checks", "problems")
    _show_record(console, {key: value for key, value in inspection.items() if key not in separate})
    for check, verdicts in inspection.get("checks", {}).items():
        if not verdicts:  # such as a comparison of splits where there is one split
            continue
        console.print(f"{check}:", highlight=False, markup=False)
        for verdict in verdicts.values():
            console.print(f"- {verdict['says']}", highlight=False, markup=False, soft_wrap=True)
    if problems := inspection.get("problems"):
        console.print("problems:", style="red", highlight=False)
        for problem in problems:
            console.print(f"- {problem}", highlight=False, markup=False, soft_wrap=True)
    if inspection["kind"] == "table":
        show_grid(console, _column_grid(inspection["columns"]))
    show_notes(inspection.get("notes", []), console=console)


def _column_grid(columns: JsonRecord) -> Grid:
    buckets = " / ".join(next(iter(columns.values()))["gaps"])
    grid = Grid("column", "kind", "observed", "missing", "min", "mean", "max", f"gaps of {buckets} steps", "longest")
    for grid_column in grid.columns[2:]:
        grid_column.justify = "right"
    for name, column in columns.items():
        numbers = ("" if column[key] is None else f"{column[key]:.5g}" for key in ("min", "mean", "max"))
        gaps = " / ".join(map(str, column["gaps"].values())) if column["missing"] else ""
        counts = (str(column["observed"]), str(column["missing"]))
        grid.add_row(plain_name(name), column["kind"], *counts, *numbers, gaps, str(column["longest_gap"] or ""))
    return grid


def _show_record(console: Console, record: JsonRecord, indent: str = "") -> None:
    for key, value in record.items():
        if isinstance(value, Mapping) and value:
            console.print(f"{indent}{key}:", highlight=False, markup=False)
            _show_record(console, value, indent + "  ")
        elif isinstance(value, list) and any(len(str(item)) > LONG for item in value):
            console.print(f"{indent}{key}:", highlight=False, markup=False)
            for item in value:
                console.print(printable(f"{indent}- {item}"), highlight=False, markup=False)
        elif value is not None and value not in ({}, []):
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            console.print(printable(f"{indent}{key}: {text}"), highlight=False, markup=False)


def _largest_first(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Names with their shares of one percent or more."""
    return sorted(((name, share) for name, share in shares.items() if share >= 0.01), key=lambda item: -item[1])


def _score_line(path: str, score: JsonRecord) -> str:
    label = " (oracle: the stored embeddings may have seen these cells)" if "label" in score else ""
    between = score.get("mse_ratio_90_percent")
    likely = f" (likely between {between[0]:.2f} and {between[1]:.2f})" if between else " (a guess, from few gaps)"
    ratio = f"{score['mse'] / score['linear_mse']:.2f}"
    return (
        f"Held-out error, {path}: {ratio} x linear interpolation's squared error{likely}, mean "
        f"absolute error {score['mae']:.3f} standard deviations, on {score['cells']} held-out cells{label}"
    )


def _weight_grid(path: str, score: JsonRecord) -> Grid:
    """A table with the held-out squared error of each candidate, and its weight by gap length."""
    title = f"Weights of the candidates by gap length, {path}"
    grid = Grid("candidate", "held-out error", *score["weights"], title=title)
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, error in score["candidates"].items():
        shares = [weights[name] for weights in score["weights"].values()]
        grid.add_row(name, f"{error['mse']:.4f}", *(f"{share:.2f}" if share >= 0.005 else "" for share in shares))
    return grid


def _embedding_lines(coverage: JsonRecord) -> Iterator[str]:
    for split, covered in coverage["splits"].items():
        first, last = covered["rows"]
        windows = f"{split} ({covered['windows']} windows)"
        yield f"Rows {first + 1}-{last + 1} were filled from the stored embeddings of {windows}"
    ranges = ", ".join(f"{first + 1}-{last + 1}" for first, last in coverage["rows_without_embeddings"])
    yield f"Rows without a stored embedding, filled by the built-in encoder: {ranges or 'none'}"


def _mean_expected(by_length: JsonRecord, kind: str) -> str:
    """Expected absolute error of a column's filled cells, or their share that is wrong; "" if it is unknown."""
    errors = [(counts["cells"], counts["expected_absolute_error"]) for counts in by_length.values()]
    errors = [(cells, error) for cells, error in errors if error is not None]
    total = sum(cells for cells, _ in errors)
    oracle = " oracle" if any("label" in counts for counts in by_length.values()) else ""
    if not total:
        return ""
    mean = sum(cells * error for cells, error in errors) / total
    return error_text(mean, kind) + oracle

"""Tables and lines that commands show of their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from latentfill.cli.console import show_notes
from latentfill.scoring.encoder_table import HEADINGS, encoder_rows
from latentfill.scoring.scores import ALL, METRICS, key_of, over_seeds

if TYPE_CHECKING:
    from latentfill.embeddings.timekd.distil import Distilled
    from latentfill.scoring.demo import Outcome
    from latentfill.scoring.differences import Difference
    from latentfill.scoring.scores import Score


JsonRecord: TypeAlias = Mapping[str, Any]  # what a summary, a score or an inspection says, as JSON values
LONG = 60  # characters of an item from which on each item of a list gets a line


def show_forecasts(console: Console, found: Distilled) -> None:
    """How well a student forecasts, beside one without a teacher."""
    for name, outcome in (("student", found.outcome), ("without a teacher", found.alone)):
        if outcome is not None:
            errors = outcome.errors["test"]
            text = f"{name}: forecast MSE {errors.mse:.4f}, MAE {errors.mae:.4f} on {errors.windows} test windows"
            if not errors.windows:
                text = f"{name}: the table is too short for windows to test its forecasts on"
            console.print(text, highlight=False, soft_wrap=True)


def show_summary(console: Console, summary: JsonRecord, known: int = 0) -> None:
    """Counts per column, the error to expect, and what the user should know, but for the first `known` notes."""
    grid = Grid("column", "observed", "filled", "left empty", "expected error", title="Filled cells")
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, counts in summary["columns"].items():
        filled = counts["missing"] - counts["left_empty"]
        error = _mean_expected(counts["by_gap_length"])
        grid.add_row(escape(name), str(counts["observed"]), str(filled), str(counts["left_empty"] or ""), error)
    console.print(grid)
    cells = ", ".join(f"{name} {count}" for name, count in summary["cells"].items() if name != "observed")
    console.print(f"Cells by how they were filled: {cells or 'none, nothing was missing'}", highlight=False)
    for track, score in summary["held_out_error"].items():
        if score.get("linear_mse"):
            console.print(_score_line(track, score), highlight=False)
            if len(score["weights"]) and len(score["candidates"]) > 1:
                console.print(_choice_grid(track, score))
    if "embeddings" in summary:
        for line in _embedding_lines(summary["embeddings"]):
            console.print(line, highlight=False)
    show_notes(summary["notes"][known:], console=console)


def show_scores(console: Console, scores: Sequence[Score]) -> None:
    """A table for each pattern and rate: a row per strategy, means over the seeds with their spread.

    Where encoders are put side by side, one more: what each adds over the observed cells alone, and what it costs.
    """
    overall = [score for score in scores if score.column == ALL and score.gap == ALL]
    found = over_seeds(overall)
    shown = [metric for metric in METRICS if any(metric in metrics for metrics in found.values())]
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in overall):
        of_pattern = [score for score in overall if (score.pattern, score.rate) == (pattern, rate)]
        oracle = {key_of(score) for score in of_pattern if score.label}
        realised = sum(score.realised_rate for score in of_pattern) / len(of_pattern)
        title = f"{pattern}, {100 * realised:.1f} % of the observed cells hidden; errors in standard deviations"
        grid = Grid("strategy", *(metric.replace("_", " ") for metric in shown), "seeds", title=title)
        grid.columns[0].overflow = "fold"  # what tells two encoders apart may stand at the end
        for column in grid.columns[1:]:
            column.justify = "right"
        for key, metrics in found.items():
            if (key.pattern, key.rate) == (pattern, rate):
                label = " (oracle)" if key in oracle else ""
                seeds = max(mean.seeds for mean in metrics.values())
                texts = (metrics[metric].text() if metric in metrics else "" for metric in shown)
                grid.add_row(escape(key.name + label), *texts, str(seeds))
        console.print(grid)
        _show_encoders(console, of_pattern)


def _show_encoders(console: Console, scores: Sequence[Score]) -> None:
    """A row per encoder and strategy that works on one, of scores of one pattern and rate."""
    rows = encoder_rows(scores)
    if not rows:
        return
    grid = Grid(*HEADINGS, title="What encoders add over the observed cells alone (none), and what they cost")
    grid.columns[0].overflow = "fold"
    for column in grid.columns[2:-1]:
        column.justify = "right"
    for row in rows:
        grid.add_row(*map(escape, row.texts))
    console.print(grid)


def show_differences(console: Console, found: Sequence[Difference]) -> None:
    """How squared errors changed from one run to another, and whether that is more than noise."""
    grid = Grid("strategy", "pattern", "rate", "before", "after", "change", "noise", "", title="Squared error")
    for column in grid.columns[2:]:
        column.justify = "right"
    for one in found:
        noise = "one seed" if one.noise is None else f"± {one.noise:.4f}"
        verdict = ("better" if one.change < 0 else "worse") if one.beyond_noise else ""
        errors = (f"{one.before:.4f}", f"{one.after:.4f}", f"{one.change:+.4f}")
        grid.add_row(escape(one.key.name), one.key.pattern, f"{one.key.rate:g}", *errors, noise, verdict)
    console.print(grid if found else "The two runs have no strategy, pattern, rate and seed in common.")


def show_demo(console: Console, outcome: Outcome) -> None:
    """Errors against the truth, beside linear interpolation's, and where the files are."""
    title = "Squared error on the sample's hidden cells, in standard deviations"
    grid = Grid("gap length", "cells", "latentfill", "linear", "ratio", title=title)
    for column in grid.columns[1:]:
        column.justify = "right"
    for error in outcome.errors:
        ratio = error.mse / error.linear_mse
        grid.add_row(error.group, str(error.cells), f"{error.mse:.4f}", f"{error.linear_mse:.4f}", f"{ratio:.2f}")
    console.print(grid)
    for name, path in (("sample with gaps", outcome.source), ("truth", outcome.truth), ("filled", outcome.filled)):
        console.print(f"{name}: {path}", highlight=False, soft_wrap=True, markup=False)


def show_inspection(console: Console, found: JsonRecord) -> None:
    """A description of a path: a table of columns for tables, names and values for everything else."""
    rest = {key: value for key, value in found.items() if key not in ("columns", "notes")}
    if found["kind"] != "table":
        rest = {key: value for key, value in found.items() if key not in ("notes", "checks")}
    _show_record(console, rest)
    for check, of_check in found.get("checks", {}).items():
        if not of_check:  # of a single split
            continue
        console.print(f"{check}:", highlight=False, markup=False)
        for one in of_check.values():
            console.print(f"- {one['says']}", highlight=False, markup=False, soft_wrap=True)
    if found["kind"] == "table":
        console.print(_column_grid(found["columns"]))
    show_notes(found.get("notes", []), console=console)


def _column_grid(columns: JsonRecord) -> Grid:
    buckets = " / ".join(next(iter(columns.values()))["gaps"])
    grid = Grid("column", "observed", "missing", "min", "mean", "max", f"gaps of {buckets} steps", "longest")
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, c in columns.items():
        numbers = ("" if c[key] is None else f"{c[key]:.5g}" for key in ("min", "mean", "max"))
        gaps = " / ".join(map(str, c["gaps"].values())) if c["missing"] else ""
        grid.add_row(escape(name), str(c["observed"]), str(c["missing"]), *numbers, gaps, str(c["longest_gap"] or ""))
    return grid


def _show_record(console: Console, record: JsonRecord, indent: str = "") -> None:
    for key, value in record.items():
        if isinstance(value, Mapping) and value:
            console.print(f"{indent}{key}:", highlight=False, markup=False)
            _show_record(console, value, indent + "  ")
        elif isinstance(value, list) and any(len(str(item)) > LONG for item in value):
            console.print(f"{indent}{key}:", highlight=False, markup=False)
            for item in value:
                console.print(f"{indent}- {item}", highlight=False, markup=False)
        elif value is not None and value not in ({}, []):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            console.print(f"{indent}{key}: {shown}", highlight=False, markup=False)


def _score_line(track: str, score: JsonRecord) -> str:
    label = " (oracle: the stored embeddings may have seen these cells)" if "label" in score else ""
    return (
        f"Held-out error, {track}: {score['mse'] / score['linear_mse']:.2f} x linear interpolation's squared error, "
        f"mean absolute error {score['mae']:.3f} standard deviations, on {score['cells']} hidden cells{label}"
    )


def _choice_grid(track: str, score: JsonRecord) -> Grid:
    """How much each candidate counts by gap length, and why: its squared error on held-out cells."""
    title = f"What fills the gaps, {track}: weight of each candidate by gap length"
    grid = Grid("candidate", "held-out error", *score["weights"], title=title)
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, error in score["candidates"].items():
        shares = [weights[name] for weights in score["weights"].values()]
        grid.add_row(name, f"{error['mse']:.4f}", *(f"{share:.2f}" if share >= 0.005 else "" for share in shares))
    return grid


def _embedding_lines(coverage: JsonRecord) -> Iterator[str]:
    for split, of_split in coverage["splits"].items():
        first, last = of_split["rows"]
        yield f"Rows {first}-{last} were filled from the stored embeddings of {split} ({of_split['windows']} windows)"
    ranges = ", ".join(f"{first}-{last}" for first, last in coverage["rows_without_embeddings"])
    yield f"Rows without a stored embedding, filled by the built-in encoder: {ranges or 'none'}"


def _mean_expected(by_length: JsonRecord) -> str:
    known = [(v["cells"], v["expected_absolute_error"]) for v in by_length.values()]
    known = [(cells, error) for cells, error in known if error is not None]
    total = sum(cells for cells, _ in known)
    oracle = " oracle" if any("label" in v for v in by_length.values()) else ""
    return f"±{sum(cells * error for cells, error in known) / total:.3g}{oracle}" if total else ""

"""What to know first of a filled table: how much was filled, how far to trust it, and what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from latentfill.core.messages import counted, name_columns, quoted
from latentfill.imputation.summary.weak_groups import CLASSES, groups

Summary: TypeAlias = Mapping[str, Any]  # JSON values
SHOWN = 3  # weak groups, gaps and columns that a line names


def headlines(summary: Summary) -> Iterator[tuple[str, str]]:
    """The lines to print first, each with its subject."""
    yield "Filled", filled_text(summary)
    if is_filled(summary):
        yield "Trust", trust_text(summary)
        yield "Weak", _weak_text(summary)
    if look := list(_look_at(summary)):
        yield "Look at", "; ".join(look)


def in_one_line(summary: Summary) -> str:
    """How much was filled, and how far to trust it."""
    trust = f"; {trust_text(summary)}" if is_filled(summary) else ""
    return f"{filled_text(summary)}{trust}"


def filled_text(summary: Summary) -> str:
    """How many cells were filled in how many columns, and what was left empty."""
    columns = summary["columns"]
    filled = {name: n for name, counts in columns.items() if (n := n_filled(counts))}
    empty = {name: counts["left_empty"] for name, counts in columns.items() if counts["left_empty"]}
    if not filled and not empty:
        return "nothing, as nothing was missing"
    left = f"{counted(sum(empty.values()), 'cell')} left empty ({name_columns(list(empty))})" if empty else ""
    return (
        f"{counted(sum(filled.values()), 'cell')} in {len(filled)} of {counted(len(columns), 'column')}; "
        f"{left or 'nothing was left empty'}"
    )


class Trust(NamedTuple):
    """The error on held-out cells."""

    ratio: float  # squared error over that of linear interpolation
    between: tuple[float, float] | None  # where the ratio lies with 90 %; None where it is unknown
    cells: int  # held out
    models: int
    oracle: bool  # whether the stored embeddings may have seen the cells

    @classmethod
    def of(cls, summary: Summary) -> Trust | None:
        """What the summary of a filled table tells; None if no cells could be held out."""
        scores = [*summary["held_out_error"].values(), *_scores_of_series(summary)]
        known = [score for score in scores if score.get("linear_mse")]
        if not known:
            return None
        cells = sum(score["cells"] for score in known)
        mse, linear = (sum(score["cells"] * score[key] for score in known) / cells for key in ("mse", "linear_mse"))
        between = known[0].get("mse_ratio_90_percent") if len(known) == 1 else None
        oracle = any("label" in score for score in known)
        models = sum(score.get("models", 1) for score in known)
        return cls(mse / linear, tuple(between) if between else None, cells, models, oracle)


def trust_text(summary: Summary) -> str:
    """The squared error on held-out cells, beside that of linear interpolation."""
    trust = Trust.of(summary)
    if trust is None:
        return "error unknown, as no cells could be held out to measure it"
    guess = " (a guess: few gaps)" * (trust.models == 1)
    likely = f" (likely {trust.between[0]:.2f} to {trust.between[1]:.2f})" if trust.between else guess
    oracle = "; oracle: the stored embeddings may have seen them" * trust.oracle
    return (
        f"{trust.ratio:.2f} x the squared error of linear interpolation{likely}, on "
        f"{counted(trust.cells, 'held-out cell')}{oracle}"
    )


def most_filled(columns: Summary, most: int) -> list[tuple[str, Summary]]:
    """Names and counts of the `most` columns with the most filled cells; of all, in their order, if there are fewer."""
    by_filled = sorted(columns.items(), key=lambda item: -n_filled(item[1]))
    return by_filled[:most] if len(columns) > most else list(columns.items())


def error_text(error: float, kind: str) -> str:
    """An expected absolute error, or the probability that a value is wrong."""
    return f"{100 * error:.0f} % wrong" if kind in CLASSES else f"±{error:.3g}"


def n_filled(counts: Summary) -> int:
    return int(counts["missing"] - counts["left_empty"])


def is_filled(summary: Summary) -> bool:
    """Whether any cell was filled."""
    return any(n_filled(counts) for counts in summary["columns"].values())


def _scores_of_series(summary: Summary) -> Iterator[Summary]:
    """Held-out errors of the series of a stacked table that have a model each."""
    if summary.get("model") == "own":
        for series in summary.get("series", {}).values():
            yield from series.get("held_out_error", {}).values()
        if "held_out_of_series" in summary:  # of a data set, whose series are not in the summary
            yield summary["held_out_of_series"]


def _weak_text(summary: Summary) -> str:
    """The columns and gap lengths whose estimates are hardly better than a guess."""
    weak = sorted(_weak_groups(summary), reverse=True)
    if not weak:
        return "no column or gap length"
    more = f" and {len(weak) - SHOWN} more" if len(weak) > SHOWN else ""
    return f"more than half of the error of a guess: {', '.join(text for _, text in weak[:SHOWN])}{more}"


def _weak_groups(summary: Summary) -> Iterator[tuple[float, str]]:
    """Weak groups of cells, each with its expected error as a share of that of a guess."""
    tables = {name: series["columns"] for name, series in summary.get("series", {}).items()}
    for table, columns in (tables or {"": summary["columns"]}).items():
        for group in filter(attrgetter("is_weak"), groups(columns)):
            of = f" of {table}" if table else ""
            steps = "1 step" if group.gap_length == "1" else f"{group.gap_length} steps"
            error = error_text(group.error, group.kind)
            yield group.share or 0.0, f"{quoted(group.column)}{of} in gaps of {steps} ({error})"


def _look_at(summary: Summary) -> Iterator[str]:
    """What may need the eye of the user: long gaps, doubtful readings, and notes."""
    gaps = ((counts.get("longest_gap"), name) for name, counts in summary["columns"].items())
    longest = sorted(((gap, name) for gap, name in gaps if gap and gap["steps"] > 1), key=lambda gap: -gap[0]["steps"])
    if longest:
        texts = (f"{gap['steps']} from {gap['from']} ({quoted(name)})" for gap, name in longest[:SHOWN])
        yield f"the longest gaps, in steps: {', '.join(texts)}"
    doubtful = {name: n for name, reasons in summary.get("doubtful", {}).items() if (n := sum(reasons.values()))}
    if doubtful:
        yield f"{counted(sum(doubtful.values()), 'doubtful reading')} ({name_columns(list(doubtful))})"
    if suspected := sum(counts["suspected"] for counts in summary["columns"].values()):
        yield f"{counted(suspected, 'cell')} that may be missing-value markers"
    if summary["notes"]:
        yield counted(len(summary["notes"]), "note")

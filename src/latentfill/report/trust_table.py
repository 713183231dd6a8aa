"""How far to trust the fills of each column and gap length, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from latentfill.imputation.fitting.fitted import BUILTIN
from latentfill.imputation.summary.headlines import error_text
from latentfill.imputation.summary.weak_groups import Group, groups
from latentfill.windows.gaps import BUCKET_NAMES

GOOD = 0.25  # of the error of a guess: less is called good
FEWEST_GAPS = 20  # held out, below which an error says little


@dataclass(frozen=True, slots=True)
class TrustCell:
    """The fills of a column in gaps of one length."""

    text: str  # expected error
    level: str  # good, fair or weak; unknown where there is no guess to compare with
    about: str  # cells, share of the error of a guess, error of the held-out cells


@dataclass(frozen=True, slots=True)
class TrustRow:
    """The fills of a column."""

    column: str
    cells: tuple[TrustCell | None, ...]  # by gap length, as `lengths`


@dataclass(frozen=True, slots=True)
class LengthRow:
    """Held-out readings in gaps of one length, all columns together."""

    length: str  # steps
    cells: int
    gaps: int
    ratio: float | None  # squared error over that of linear interpolation; None where that makes none
    few: bool  # too few gaps to rely on it


def trust_rows(summary: Mapping[str, Any]) -> tuple[list[str], list[TrustRow]]:
    """The gap lengths that occur, and a row for each column with filled cells."""
    known = list(groups(summary["columns"]))
    lengths = [name for name in BUCKET_NAMES if any(group.gap_length == name for group in known)]
    by_cell = {(group.column, group.gap_length): group for group in known}
    tested = _held_out(summary)
    return lengths, [
        TrustRow(column, tuple(_cell(by_cell.get((column, length)), tested) for length in lengths))
        for column in dict.fromkeys(group.column for group in known)
    ]


def _cell(group: Group | None, tested: Mapping[str, Any]) -> TrustCell | None:
    """One cell of the table; None where nothing was filled."""
    if group is None:
        return None
    about = [f"{group.cells} cells filled"]
    if group.share is not None:
        about.append(f"{group.share:.0%} of the error of a guess")
    held_out = tested.get(group.column, {}).get(group.gap_length)
    if held_out is None:
        about.append("no gap of this length was held out")
    elif held_out["linear_mse"] > 0:
        ratio = held_out["mse"] / held_out["linear_mse"]
        about.append(f"{ratio:.2f} of linear interpolation's squared error in {held_out['gaps']} held-out gaps")
    return TrustCell(error_text(group.error, group.kind), _level(group), "; ".join(about))


def _level(group: Group) -> str:
    if group.share is None:
        return "unknown"
    return "weak" if group.is_weak else "good" if group.share <= GOOD else "fair"


def length_rows(summary: Mapping[str, Any]) -> Iterator[LengthRow]:
    """The held-out errors by gap length."""
    by_column = _held_out(summary).values()
    for name in BUCKET_NAMES:
        of_length = [lengths[name] for lengths in by_column if name in lengths]
        if of_length:
            cells, gaps = (sum(each[key] for each in of_length) for key in ("cells", "gaps"))
            ours, linear = (sum(each["cells"] * each[key] for each in of_length) for key in ("mse", "linear_mse"))
            yield LengthRow(name, cells, gaps, ours / linear if linear > 0 else None, gaps < FEWEST_GAPS)


def _held_out(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The held-out errors by column and gap length; those of the last path if there are several."""
    scores = summary["held_out_error"]
    of_path: Mapping[str, Any] = scores.get(BUILTIN) or next(iter(scores.values()), {})
    by_column: Mapping[str, Any] = of_path.get("by_column", {})
    return by_column

"""Decisions of a person on fills: those that are refused are left empty.

The report of a filled table saves them as JSON::

    {"format": 1, "table": "station", "refused": [
        {"column": "CO", "from": "2004-10-13 11:00", "to": "2004-10-20 15:00"}
    ]}

`from` and `to` are the time stamps of the first and the last refused cell, in a table without time stamps their steps,
counted from 0.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.inputs import refuse_special
from latentfill.core.json_text import parse_json
from latentfill.core.messages import counted
from latentfill.core.series import BoolArray, Series
from latentfill.imputation.filling.filled import Filled
from latentfill.tables.table import Table

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RefusedGap:
    """Cells of a column that are left empty."""

    column: str
    start: str | int  # time stamp of the first cell, or its step
    stop: str | int  # the same of the last cell

    @classmethod
    def parse(cls, entry: object) -> RefusedGap:
        """One entry of the file; raises an `InputError` that shows it."""
        if isinstance(entry, Mapping):
            column, ends = entry.get("column"), (entry.get("from"), entry.get("to"))
            for kind in (str, int):
                if isinstance(column, str) and all(type(end) is kind for end in ends):
                    return cls(column, *ends)  # type: ignore[arg-type]
        raise InputError(
            "a refused fill needs a column and `from` and `to`, both time stamps or both steps, got "
            f"{str(entry)[:200]}."
        )

    def cells(self, series: Series) -> slice:
        """The steps between both ends; an `InputError` if there is no such column or time."""
        if self.column not in series.columns:
            raise InputError(f"decisions: {did_you_mean('column', self.column, series.columns)}.")
        if isinstance(self.start, int) and isinstance(self.stop, int):
            return self._between(self.start, self.stop, series)
        if series.time is None:
            raise InputError(
                f"decisions: the fill of {self.column!r} is named by time stamps ({self.start!r}), and the table has "
                "none; name it by its steps, counted from 0."
            )
        first, last = (_stamp(str(end)) for end in (self.start, self.stop))
        start, stop = np.searchsorted(series.time, first, "left"), np.searchsorted(series.time, last, "right")
        return self._between(int(start), int(stop) - 1, series)

    def _between(self, first: int, last: int, series: Series) -> slice:
        if not 0 <= first <= last < series.n_steps:
            raise InputError(
                f"decisions: the table has no cells of {self.column!r} from {self.start!r} to {self.stop!r}. Use the "
                "decisions that were made on this table."
            )
        return slice(first, last + 1)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The fills that a person refuses."""

    refused: tuple[RefusedGap, ...]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Decisions:
        """The decisions in a file; raises an `InputError` if it has none."""
        refuse_special(path)
        try:
            content = parse_json(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"the decisions {path} cannot be read: {error.strerror or error}.") from error
        except ValueError as error:
            raise InputError(f"{path} is no file of decisions: it must be JSON, as the report saves it.") from error
        return cls.parse(content, path)

    @classmethod
    def parse(cls, content: Any, path: object) -> Decisions:
        """The decisions in the content of a file."""
        if not isinstance(content, Mapping) or not isinstance(content.get("refused"), list):
            raise InputError(f'{path} is no file of decisions: it needs a list "refused", as the report saves it.')
        if content.get("format") != FORMAT:
            raise InputError(
                f"{path} has decisions of format {str(content.get('format'))[:20]}, and this version reads {FORMAT}."
            )
        return cls(tuple(RefusedGap.parse(entry) for entry in content["refused"]))


@dataclass(frozen=True, slots=True)
class Refused:
    """What became of the refused fills."""

    by_column: Mapping[str, int]  # cells that are left empty
    without_effect: int  # refused fills in which no cell is missing

    def added_to(self, summary: Mapping[str, Any]) -> dict[str, object]:
        """A summary with the number of refused cells by column, and notes."""
        if not self.by_column and not self.without_effect:
            return dict(summary)
        notes = [*summary["notes"]]
        if self.by_column:
            notes.append(f"{counted(sum(self.by_column.values()), 'cell')} left empty, as the decisions refuse them.")
        if self.without_effect:
            which = counted(self.without_effect, "fill")
            notes.append(f"Nothing is missing in {which} that the decisions refuse; the readings stay.")
        return {**summary, "refused": dict(self.by_column), "notes": notes}


def refuse(filled: Filled, table: Table, decisions: Decisions | None) -> tuple[Filled, Refused]:
    """The table as it was `filled`, with refused cells left empty; cells with a value as read stay as they are."""
    series, missing = table.series, np.isnan(table.as_read)
    cells, without_effect = np.zeros(missing.shape, dtype=bool), 0
    for gap in () if decisions is None else decisions.refused:
        at = (gap.cells(series), series.columns.index(gap.column))
        cells[at] |= missing[at]
        without_effect += not missing[at].any()
    return filled.without(cells), Refused(_count(cells, series), without_effect)


def _count(cells: BoolArray, series: Series) -> dict[str, int]:
    """The number of chosen cells (T, C) of each column that has any."""
    return {name: int(n) for name, n in zip(series.columns, cells.sum(axis=0), strict=True) if n}


def _stamp(text: str) -> np.datetime64:
    """A time stamp of a file; an `InputError` shows a text that is none."""
    try:
        return np.datetime64(text, "ns")
    except ValueError as error:
        raise InputError(f"decisions: {text[:50]!r} is no time stamp, such as 2024-03-10T18:00.") from error

"""Recognises a long table, with one reading in each row, and the flags that read it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.cell_kinds import column_kinds
from latentfill.tables.backends.column import Column
from latentfill.tables.time.names import has_word

_SAMPLE = 10_000  # rows, of the stamps that occur most often
_MOST_BY = 2  # columns that tell series apart
_NEARLY_ALL = 0.9  # share of rows that are told apart; the others are repeated by mistake
_PARAMETERS = (  # words in names of the column that says what is measured, the clearest first
    *("parameter", "parameters", "param", "parametro", "paramètre", "variable", "var", "pollutant", "element"),
    *("datatype", "analyte", "species", "quantity", "property", "attribute", "metric", "indicator", "measure"),
    *("component", "characteristic", "measurement", "field", "tag", "item", "channel", "sensor", "kind", "type"),
)
_VALUES = (
    *("value", "values", "val", "valor", "wert", "valeur", "reading", "result", "concentration", "amount"),
    *("observation", "obs", "measurement"),
)
_PLACES = (
    *("station", "stn", "site", "location", "loc", "place", "city", "country", "region", "county", "plot"),
    *("well", "buoy", "gauge", "device", "node", "platform", "id", "code", "lat", "lon", "latitude", "longitude"),
    *("elevation", "altitude", "depth", "height"),
)
_ABOUT_READINGS = ("unit", "units", "uom", "quality", "qc", "qf", "flag", "flags", "status", "method", "source", "note")


@dataclass(frozen=True, slots=True)
class LongTable:
    """The columns of a long table."""

    parameter: str  # says what each row is a reading of
    value: str
    by: tuple[str, ...]  # tell its series apart
    is_clear: bool  # whether the names of the columns say so too

    @property
    def flags(self) -> str:
        """The flags that read it."""
        by = f"{by_flag(self.by)} " if self.by else ""
        return f"`{by}--pivot {shlex.quote(f'{self.parameter}={self.value}')}`"


def by_flag(names: Sequence[str]) -> str:
    """The flag for the columns that tell series apart."""
    return f"--by {shlex.quote(','.join(names))}"


def find_long_table(columns: Sequence[Column], time: TimeArray, known: Collection[str]) -> LongTable | None:
    """The columns of a long table: one of numbers, and words that tell rows with the same stamp apart; None if not.

    `time` (rows,) are the stamps; columns whose names are `known` are not looked at.
    """
    rows = _most_repeated(time)
    usable = [column.take(rows) for column in columns if column.name not in known and column.kind != "other"]
    kinds = {column.name: column_kinds([[label] for label in column.labels()])[0] for column in usable}
    value = _find_value([column for column in usable if kinds[column.name] == "number"])
    if value is None:
        return None
    labels = [
        column.name
        for column in usable
        if column.name != value and (kinds[column.name] == "text" or has_word(column.name, (*_PARAMETERS, *_PLACES)))
    ]
    codes = {column.name: _numbered(column.labels()) for column in usable if column.name in labels}
    repeated = [name for name in labels if 2 * len(np.unique(codes[name])) <= len(rows)]
    stamps = _numbered(time[rows])
    for parameter in sorted(repeated, key=lambda name: (_parameter_rank(name), -labels.index(name))):
        others = sorted((name for name in repeated if name != parameter), key=lambda name: not has_word(name, _PLACES))
        for size in range(_MOST_BY + 1):
            for by in combinations(others, size):
                if _are_different([stamps, codes[parameter], *(codes[name] for name in by)]):
                    is_clear = has_word(parameter, _PARAMETERS) or (
                        has_word(value, _VALUES) and not has_word(parameter, _PLACES)
                    )
                    return LongTable(parameter, value, by, is_clear)
    return None


def _most_repeated(time: TimeArray) -> IntArray:
    """The rows of the stamps that occur most often, at most about `_SAMPLE`, and no stamp that occurs once."""
    _, stamps, counts = np.unique(time, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    is_chosen = (counts[order] > 1) & (np.cumsum(counts[order]) <= max(_SAMPLE, counts.max()))
    return np.flatnonzero(np.isin(stamps, order[is_chosen]))


def _find_value(numbers: Sequence[Column]) -> str | None:
    """The column of values: the one with such a name, or else the only one that is nothing else."""
    named = [column.name for column in numbers if has_word(column.name, _VALUES)]
    other_words = (*_PLACES, *_ABOUT_READINGS, *_PARAMETERS)
    plain = [column.name for column in numbers if not has_word(column.name, other_words)]
    if named:
        return named[0]
    return plain[0] if len(plain) == 1 else None


def _parameter_rank(name: str) -> tuple[int, bool, bool]:
    """Sorts names of columns, the most likely one for parameters first."""
    ranks = [rank for rank, word in enumerate(_PARAMETERS) if has_word(name, (word,))]
    return min(ranks, default=len(_PARAMETERS)), has_word(name, _PLACES), has_word(name, _ABOUT_READINGS)


def _numbered(cells: Sequence[str] | TimeArray) -> IntArray:
    """The same number for equal cells."""
    return np.asarray(np.unique(np.asarray(cells), return_inverse=True)[1])


def _are_different(keys: Sequence[IntArray]) -> bool:
    """Whether nearly all rows have different keys, each (rows,)."""
    return len(np.unique(np.column_stack(keys), axis=0)) >= _NEARLY_ALL * len(keys[0])

"""Splits a table that stacks several series into one table for each, and puts their edits together again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from latentfill.core.errors import InputError, RepeatedTimeError, UnknownColumnError, did_you_mean
from latentfill.core.files import stem
from latentfill.core.messages import name_columns, quoted
from latentfill.core.series import IntArray
from latentfill.tables.backends.arrow import text_array
from latentfill.tables.backends.edits import Edits, Extra, Fill, StampCells
from latentfill.tables.backends.numbers import NumberStyle
from latentfill.tables.backends.row_names import RowNames
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.table_files import read_source
from latentfill.tables.number_style import find_number_style
from latentfill.tables.options import DecimalMark, TableOptions
from latentfill.tables.pivot import find_parameters, of_series
from latentfill.tables.read import check_names, read_from, read_time
from latentfill.tables.table import Table

MOST_TRIED = 10  # of the longest series, to find the columns that all have
_SHOWN_NOTES = 5  # about single series


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One series of a stacked table."""

    labels: tuple[str, ...]  # its cells in the columns that tell the series apart
    rows: IntArray  # its rows in the stacked table, in their order
    table: Table | None  # None if it cannot be filled
    problem: str = ""  # why it cannot be filled

    @property
    def name(self) -> str:
        """Its labels as one text, with quotes around those that hold a comma."""
        return name_of(self.labels)


def name_of(labels: Sequence[str]) -> str:
    """The name of the series with these labels."""
    return ", ".join(f'"{label}"' if "," in label and len(labels) > 1 else label for label in labels)


@dataclass(frozen=True, slots=True, eq=False)
class GroupedTable:
    """A table that stacks several series, one after the other or in turns."""

    source: Source
    by: tuple[int, ...]  # positions of the columns that tell the series apart
    groups: tuple[Group, ...]  # in the order in which they first occur
    notes: tuple[str, ...]  # on how the table was read, each once
    shared: TableOptions  # how each series was read: the columns and the style of numbers that all have
    left_alone: Mapping[str, str]  # columns that are not filled, each with the reason

    def merged(self, edits: Mapping[int, Edits]) -> Edits:
        """The edits of the whole table from those of its groups, by number; other groups stay as they are."""
        parts = [edits.get(number) or _no_edits(group) for number, group in enumerate(self.groups)]
        return _merged(self, parts)

    def order(self, edits: Mapping[int, Edits]) -> IntArray:
        """For each row of the whole output its place when the outputs of all groups stand one below the other."""
        parts = [edits.get(number) or _no_edits(group) for number, group in enumerate(self.groups)]
        return _order(self, parts)


def read_groups(data: object, options: TableOptions, shared: TableOptions | None = None) -> GroupedTable:
    """Read a table whose series differ in the columns `options.by`, each series with a time axis and grid of its own.

    `shared` is that of a `GroupedTable` of which this one is a part, which may have no series that can be filled.

    Raises
    ------
    InputError
        If a column of `options.by` does not exist or differs in all rows, if a series has two rows with one time
        stamp, or if no series can be filled.
    """
    source = read_source(data, options.layout).without_empty_end().with_columns_read()
    by = positions_of(source, options.by)
    if options.pivot:
        columns = source.columns()
        check_names(columns, source.index, options, find_parameters(columns, options.pivot))
    labels, rows = rows_by_label(source, by)
    if shared is None and len(labels) == source.n_rows:
        raise InputError(
            f"by: {name_columns(options.by)} is different in each of the {source.n_rows} rows, so that every row would "
            "be a series. Name columns that are the same in all rows of a series."
        )
    name = stem(data) if isinstance(data, str | os.PathLike) else None
    if shared is not None:  # a part of a file, whose lines have other numbers
        source = source.with_row_names(_counted_in_series(rows))
    own = replace(options, by=(), leave=options.leave if options.pivot else (*options.leave, *options.by))
    reading, left_alone = (shared, {}) if shared else _shared_options(source, labels, rows, own, name)
    groups = [_group(source, label, of_group, reading, name) for label, of_group in zip(labels, rows, strict=True)]
    if shared is None and all(group.table is None for group in groups):
        raise InputError(f"None of the {len(groups)} series can be filled. {groups[0].problem}")
    not_by = {name: reason for name, reason in left_alone.items() if name not in options.by}
    return GroupedTable(source, by, tuple(groups), _joined_notes(groups, is_part=shared is not None), reading, not_by)


def positions_of(source: Source, names: Sequence[str]) -> tuple[int, ...]:
    """Positions of the columns with these names."""
    known = {name: position for position, name in enumerate(source.names)}
    for name in names:
        if name not in known:
            raise UnknownColumnError(f"by: {did_you_mean('column', name, filter(None, known))}.")
    return tuple(known[name] for name in names)


def rows_by_label(source: Source, by: Sequence[int]) -> tuple[list[tuple[str, ...]], list[IntArray]]:
    """The labels of all series in the order in which they first occur, and the rows of each."""
    columns = source.columns()
    for position in by:
        if columns[position].kind in ("other", "boolean"):
            raise InputError(
                f"by: the values of column {quoted(columns[position].name)} are neither texts, numbers nor times, so "
                "they "
                "name no series. Turn them into texts."
            )
    keys = [columns[position].labels() for position in by]
    numbers: dict[tuple[str, ...], int] = {}
    group_of = np.array([numbers.setdefault(key, len(numbers)) for key in zip(*keys, strict=True)])
    order = np.argsort(group_of, kind="stable")
    starts = np.searchsorted(group_of[order], np.arange(1, len(numbers)))
    return list(numbers), np.split(order, starts)


def _counted_in_series(rows: Sequence[IntArray]) -> RowNames:
    """Names of the rows of a stacked table that count them in each series."""
    numbers = np.zeros(sum(map(len, rows)), dtype=np.int64)
    for own in rows:
        numbers[own] = np.arange(1, len(own) + 1)
    return RowNames(numbers=numbers)


def _shared_options(
    source: Source, labels: Sequence[tuple[str, ...]], rows: Sequence[IntArray], options: TableOptions, name: str | None
) -> tuple[TableOptions, Mapping[str, str]]:
    """The options with the time and value columns that were detected in the longest series, the same for all.

    With the columns that are not filled, each with the reason.
    """
    longest = sorted(range(len(rows)), key=lambda group: -len(rows[group]))[:MOST_TRIED]
    if options.pivot:
        return _shared_options_of_long(source, rows[longest[0]], options), {}
    table = _first_readable(source, [(labels[group], rows[group]) for group in longest], options, name)
    return shared_options(source, table, options), table.left_alone


def shared_options(source: Source, table: Table, options: TableOptions) -> TableOptions:
    """Options that read other series as this `table` was read: with its time and value columns, and its numbers.

    `source` has all cells to find out from how numbers are written.
    """
    index_is_time = table.axis is not None and not table.axis.columns
    time = options.time if index_is_time else table.time_columns
    style = find_number_style(source.columns(), table.axis, options).style
    return _with_style(replace(options, time=time, columns=table.series.columns, leave=()), style)


def _first_readable(
    source: Source, series: Sequence[tuple[tuple[str, ...], IntArray]], options: TableOptions, name: str | None
) -> Table:
    """The table of the first of some series that can be read; raises the error of the first if none can."""
    errors = []
    for labels, rows in series:
        try:
            return _read_one(source, labels, rows, options, name)
        except (RepeatedTimeError, UnknownColumnError):
            raise
        except InputError as error:
            errors.append(error)
    raise errors[0]


def _shared_options_of_long(source: Source, rows: IntArray, options: TableOptions) -> TableOptions:
    """The same for a long table, whose series have parameters of their own; `rows` are those of one series."""
    plain = replace(options, columns=None, missing=(), leave=tuple(filter(source.names.__contains__, options.leave)))
    time = read_time(source.take(rows), plain).time_columns or options.time
    values = [column for column in source.columns() if column.name == options.pivot[1]]
    return _with_style(replace(options, time=time), find_number_style(values, None, plain).style)


def _with_style(options: TableOptions, style: NumberStyle) -> TableOptions:
    """The options with numbers written in this style."""
    return replace(
        options,
        decimal=cast(DecimalMark, style.decimal),
        thousands=style.thousands or None,
        flags=style.flags or None,
    )


def _group(source: Source, labels: tuple[str, ...], rows: IntArray, options: TableOptions, name: str | None) -> Group:
    """One series, with the reason if it cannot be read."""
    try:
        return Group(labels, rows, _read_one(source, labels, rows, options, name))
    except RepeatedTimeError:
        raise
    except InputError as error:
        return Group(labels, rows, None, str(error))


def _read_one(
    source: Source, labels: tuple[str, ...], rows: IntArray, options: TableOptions, name: str | None
) -> Table:
    """The table of one series; a `RepeatedTimeError` names the series, in which its rows are counted."""
    own = source.take(rows)
    try:
        return read_from(own, of_series(options, own.columns()) if options.pivot else options, name)
    except RepeatedTimeError as error:
        raise RepeatedTimeError(f"Series {quoted(name_of(labels))}: {error}") from error


def _joined_notes(groups: Sequence[Group], *, is_part: bool) -> tuple[str, ...]:
    """The notes on the series, each once; one that not all have begins with the name of the first that has it.

    So does one on the only series of a part of the table.
    """
    counts: dict[str, list[str]] = {}
    for group in groups:
        for note in group.table.notes if group.table else ():
            counts.setdefault(note, []).append(group.name)
    n_all = len(groups) + 1 if is_part and len(groups) == 1 else len(groups)
    usual = [note for note, names in counts.items() if len(names) == n_all]
    others = [f"{names[0]}: {note}" for note, names in counts.items() if len(names) < n_all]
    shown = others[:_SHOWN_NOTES]
    more = (
        [f"{len(others) - len(shown)} more notes on single series are in the summary."]
        if len(others) > len(shown)
        else []
    )
    return (*usual, *shown, *more)


# --- edits --------------------------------------------------------------------------------------------------


def _no_edits(group: Group) -> Edits:
    return Edits(np.arange(len(group.rows)), {})


def _merged(grouped: GroupedTable, parts: Sequence[Edits]) -> Edits:
    """The edits of all groups; an added row stands below the row before it in its series."""
    rows = np.concatenate([_whole_rows(group, part) for group, part in zip(grouped.groups, parts, strict=True)])
    order = _order(grouped, parts)
    positions = dict.fromkeys(position for part in parts for position in part.fills)
    names = dict.fromkeys(extra.name for part in parts for extra in part.extras)
    return Edits(
        order=rows[order],
        fills={position: _merged_fill(parts, position, order) for position in positions},
        stamps=_merged_stamps(grouped, parts, order, rows),
        extras=[_merged_extra(parts, name, order) for name in names],
    )


def _order(grouped: GroupedTable, parts: Sequence[Edits]) -> IntArray:
    anchors = np.concatenate([_anchors(group, part) for group, part in zip(grouped.groups, parts, strict=True)])
    return np.argsort(anchors, kind="stable")


def _whole_rows(group: Group, edits: Edits) -> IntArray:
    """The row of the stacked table for each row of a group's output, -1 for added rows."""
    return np.where(edits.order >= 0, group.rows[np.maximum(edits.order, 0)], -1)


def _anchors(group: Group, edits: Edits) -> IntArray:
    """For each row of a group's output the row of the stacked table, for an added row that of the row before it."""
    before = np.maximum.accumulate(np.where(edits.order >= 0, np.arange(len(edits.order)), 0))
    return _whole_rows(group, edits)[before]


def _merged_fill(parts: Sequence[Edits], position: int, order: IntArray) -> Fill:
    fills = [part.fills.get(position) for part in parts]
    lengths = [len(part.order) for part in parts]
    values = [np.full(n, np.nan) if fill is None else fill.values for n, fill in zip(lengths, fills, strict=True)]
    cells = [np.zeros(n, dtype=bool) if fill is None else fill.cells for n, fill in zip(lengths, fills, strict=True)]
    all_cells = np.concatenate(cells)
    texts = None
    if any(fill is not None and fill.texts is not None for fill in fills):
        whole = np.full(len(order), "", dtype=object)
        whole[all_cells] = [text for fill in fills if fill is not None for text in fill.texts or ()]
        texts = whole[order][all_cells[order]].tolist()
    is_labels = any(fill is not None and fill.is_labels for fill in fills)
    return Fill(np.concatenate(values)[order], all_cells[order], texts, is_labels)


def _merged_extra(parts: Sequence[Edits], name: str, order: IntArray) -> Extra:
    found = [next((extra for extra in part.extras if extra.name == name), None) for part in parts]
    lengths = [len(part.order) for part in parts]
    values = [np.full(n, np.nan) if extra is None else extra.values for n, extra in zip(lengths, found, strict=True)]
    texts = None
    if any(extra is not None and extra.texts is not None for extra in found):
        whole = [
            text
            for n, extra in zip(lengths, found, strict=True)
            for text in ([""] * n if extra is None or extra.texts is None else extra.texts.to_pylist())
        ]
        texts = text_array([whole[row] for row in order.tolist()])
    return Extra(name, np.concatenate(values)[order], texts)


def _merged_stamps(
    grouped: GroupedTable, parts: Sequence[Edits], order: IntArray, rows: IntArray
) -> dict[int, StampCells]:
    """The cells of added rows in the time columns, and their labels in the columns that tell the series apart."""
    if (rows >= 0).all():
        return {}
    added = order[rows[order] < 0]
    positions = dict.fromkeys(position for part in parts for position in part.stamps)
    cells: dict[int, list[object]] = {position: [] for position in (*positions, *grouped.by)}
    for group, part in zip(grouped.groups, parts, strict=True):
        for position, column in cells.items():
            own = np.full(len(part.order), None, dtype=object)
            if position in part.stamps:
                own[part.added] = list(part.stamps[position])
            elif position in grouped.by:
                own[part.added] = group.labels[grouped.by.index(position)]
            column.extend(own.tolist())
    return {position: _as_stamps([column[row] for row in added.tolist()]) for position, column in cells.items()}


def _as_stamps(cells: Sequence[object]) -> StampCells:
    """Moments as an array, texts as a list."""
    if all(isinstance(cell, str) for cell in cells):
        return [str(cell) for cell in cells]
    return np.array(cells, dtype="datetime64[ns]")

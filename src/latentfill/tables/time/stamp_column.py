"""Reads time stamps from one column of texts, or from the joined texts of several columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.arrow import text_array, text_scalar, to_mask
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import StampCells
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.row_names import COUNTED, RowNames
from latentfill.tables.time.axis import TimeAxis, refuse_empty, whole_times
from latentfill.tables.time.formats import readable
from latentfill.tables.time.layouts import Stamps, read_stamps, trimmed


def stamp_axis(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """The time axis of the columns at the positions `chosen`; several texts are joined with one space."""
    import pyarrow.compute as pc

    parts = [whole_texts(columns[position]) for position in chosen]
    short = [part for part in range(1, len(parts)) if _are_short_clocks(parts[part])]
    parts = [pc.utf8_lpad(part, 4, "0") if number in short else part for number, part in enumerate(parts)]
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, text_scalar(" "))
    name = " + ".join(columns[position].name for position in chosen)
    stamps = parse_stamps(joined, format, column=name, rows=columns[chosen[0]].rows)
    spaces = [part[0].as_py().count(" ") for part in parts]

    def write(time: TimeArray, like: IntArray) -> dict[int, StampCells]:
        texts = stamps.texts_for(time, like)
        if len(chosen) == 1:
            return {chosen[0]: texts}
        pieces = [_split_at(text, spaces) for text in texts]
        return {
            position: [(row[part].lstrip("0") or "0") if part in short else row[part] for row in pieces]
            for part, position in enumerate(chosen)
        }

    zones = () if stamps.zones is None else tuple(sorted(set(stamps.zones.tolist())))
    return TimeAxis(tuple(chosen), stamps.time, write, stamps.notes, readable(stamps.format), zones)


def _are_short_clocks(texts: TextArray) -> bool:
    """Whether times of day are numbers without leading zeros, such as 30 and 1230."""
    import pyarrow.compute as pc

    lengths = pc.min_max(pc.utf8_length(texts)).as_py()
    are_digits = pc.all(pc.match_substring_regex(texts, r"^\d{1,4}$")).as_py()
    return bool(are_digits and lengths["min"] < 4 and lengths["max"] > 2)


def _split_at(text: str, spaces: Sequence[int]) -> list[str]:
    """Split a joined text into parts; `spaces` has the number of spaces inside each part."""
    words = text.split(" ")
    ends = np.cumsum([0, *(count + 1 for count in spaces)]).tolist()
    return [" ".join(words[start:end]) for start, end in pairwise(ends)]


def whole_texts(column: Column) -> TextArray:
    """The trimmed texts of a column; an `InputError` if a row is empty.

    Numbers and moments become texts: whole numbers without decimals, and dates without a time of day if all are
    midnight.
    """
    import pyarrow.compute as pc

    if column.texts is not None:
        texts = trimmed(column.texts)
        refuse_empty(np.flatnonzero(to_mask(pc.equal(texts, text_scalar("")))), column)
        return texts
    if column.whole is not None:
        texts = text_array(column.labels())
        refuse_empty(np.flatnonzero(to_mask(pc.equal(texts, text_scalar("")))), column)
        return texts
    if column.numbers is not None:
        values = column.numbers.values.tolist()
        return text_array(f"{value:.0f}" if value % 1 == 0 else repr(value) for value in values)
    if column.kind == "time":
        time = whole_times(column)
        days = time.astype("datetime64[D]")
        return text_array(np.datetime_as_string(days if (days == time).all() else time).tolist())
    raise InputError(f"Time column {quoted(column.name)} holds neither time stamps nor text. Name another column.")


def parse_stamps(
    texts: TextArray | Sequence[str | None],
    format: str | None = None,
    *,
    column: str = "time",
    rows: RowNames = COUNTED,
) -> Stamps:
    """Read texts as stamps, like `read_stamps`; an `InputError` if a text is not a stamp."""
    texts = trimmed(texts)
    stamps = read_stamps(texts, format, column=column)
    bad = np.flatnonzero(np.isnat(stamps.time))
    if len(bad):
        shown = rows.with_cells({row: quoted(texts[row].as_py()) for row in bad[:SHOWN].tolist()})
        layout = format or stamps.format
        raise InputError(
            f"Time column {quoted(column)}: {len(bad)} of {len(texts)} time stamps cannot be read"
            f"{f' as {layout}' if layout else ''} ({shown}). "
            "Give their format, for example `--time-format '%d.%m.%Y %H:%M'`, or correct these rows."
        )
    return stamps

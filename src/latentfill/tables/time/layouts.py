"""Reads texts of time stamps in any layout as moments, and writes new stamps in the same layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.arrow import in_one_piece, number_array, text_array, text_scalar
from latentfill.tables.backends.native import TextArray
from latentfill.tables.time.formats import format_problems, infer_format
from latentfill.tables.time.parsing import parse
from latentfill.tables.time.rendering import as_written, render
from latentfill.tables.time.zones import ZoneArray

SAMPLE = 50  # cells that are tested to see whether a column has stamps

_MAX_LAYOUTS = 4  # number of formats that one column may mix, such as midnight without a time of day


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Parsed stamps, with the format and the zones to write new stamps in the same way."""

    time: TimeArray  # (T,) in UTC if the texts have zones; NaT where a text is not a stamp
    format: str  # format of most rows, as `as_written` returns it
    zones: ZoneArray | None = None  # (T,) None if no text has a zone
    notes: tuple[str, ...] = ()  # for the user

    @property
    def n_failed(self) -> int:
        """Number of texts that are not stamps."""
        return int(np.isnat(self.time).sum())

    def texts_for(self, time: TimeArray, like: IntArray) -> list[str]:
        """New stamps as texts, each in the zone of the row that `like` gives for it."""
        zones = [""] * len(time) if self.zones is None else self.zones[like].tolist()
        return render(time, self.format, zones)


def read_stamps(texts: TextArray | Sequence[str | None], format: str | None = None, *, column: str = "time") -> Stamps:
    """Read texts as stamps, with NaT for a text that is not a stamp.

    `format` is the strptime format if the user gives it; otherwise it is detected. If the texts do not decide whether
    the day or the month comes first, the order with the more regular stamps is taken, and a note about `column` says
    so.
    """
    texts = trimmed(texts)
    if format is not None:
        if problems := format_problems(format):
            raise InputError(f"--time-format {quoted(format)} cannot be used: {'; '.join(problems)}.")
        time, zones = parse(texts, format)
        return Stamps(time, as_written(texts, format), zones)
    readings = _readings(texts)
    if not readings:
        return Stamps(np.full(len(texts), np.datetime64("NaT", "ns")), "")
    best = readings[0]
    if len(readings) > 1:
        best = min(readings, key=lambda reading: (reading.n_failed, *_irregularity(reading.time)))
    notes = _ambiguity_note(best, readings, texts, column)
    return replace(best, format=as_written(texts, best.format), notes=notes)


def trimmed(texts: TextArray | Sequence[str | None]) -> TextArray:
    """Texts as one pyarrow array, without spaces around them; "" for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else text_array(texts)
    return in_one_piece(pc.fill_null(pc.utf8_trim_whitespace(array), text_scalar("")))


def _readings(texts: TextArray) -> list[Stamps]:
    """The possible readings of a column, one for each order of day, month and year that its texts allow."""
    readings: list[Stamps] = []
    for order in ("dmy", "mdy", "ymd"):
        reading = _read_in_order(texts, order)
        if reading is not None:
            readings.append(reading)
        if reading is None or (not reading.n_failed and _is_settled(reading.format)):
            break
    return readings


def _is_settled(format: str) -> bool:
    """Whether a format shows without doubt which number is the day, the month and the year."""
    return format.startswith(("%Y", "%a")) or "%b" in format


def _read_in_order(texts: TextArray, order: str) -> Stamps | None:
    """Read texts of up to `_MAX_LAYOUTS` formats with one order of day, month and year; None if no text is a stamp."""
    time = np.full(len(texts), np.datetime64("NaT", "ns"))
    zones = np.full(len(texts), "", dtype=object)
    counts: dict[str, int] = {}
    unread = np.arange(len(texts))
    for _ in range(_MAX_LAYOUTS):
        format = _first_format(texts, unread, order)
        if format is None or format in counts:
            break
        time[unread], new_zones = parse(texts.take(number_array(unread)), format)
        if new_zones is not None:
            zones[unread] = new_zones
        still_unread = unread[np.isnat(time[unread])]
        counts[format] = len(unread) - len(still_unread)
        unread = still_unread
    if not counts:
        return None
    return Stamps(time, max(counts, key=counts.__getitem__), zones if zones.any() else None)


def _first_format(texts: TextArray, rows: IntArray, order: str) -> str | None:
    """The format of the first stamp among the first `SAMPLE` of these rows; None if there is not a stamp."""
    formats = (infer_format(texts[row].as_py(), order) for row in rows[:SAMPLE].tolist())
    return next((format for format in formats if format is not None), None)


def _irregularity(time: TimeArray) -> tuple[int, int]:
    """Number of different distances between stamps, and number of stamps that are earlier than the one before."""
    steps = np.diff(time[~np.isnat(time)]).astype(np.int64)
    return len(np.unique(np.diff(np.unique(time)))), int((steps < 0).sum())


def _ambiguity_note(best: Stamps, readings: Sequence[Stamps], texts: TextArray, column: str) -> tuple[str, ...]:
    """A note if other readings give other times and read as many texts as the best reading."""
    others = [
        other
        for other in readings
        if other.n_failed == best.n_failed and not np.array_equal(other.time, best.time, equal_nan=True)
    ]
    if not others:
        return ()
    names = " or as ".join(other.format for other in others)
    is_more_regular = all(_irregularity(other.time) > _irregularity(best.time) for other in others)
    reason = ", which gives more regular time stamps" if is_more_regular else ""
    return (
        f"Time column {quoted(column)} can be read as {best.format} or as {names} (first value "
        f"{quoted(texts[0].as_py())}). "
        f"It is read as {best.format}{reason}; give --time-format to choose.",
    )

"""Texts of stamps in any layout, read as moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.native import TextArray
from latentfill.tables.time.formats import format_problems, infer_format
from latentfill.tables.time.parsing import parse
from latentfill.tables.time.rendering import as_written, render
from latentfill.tables.time.zones import ZoneArray

SAMPLE = 50  # cells looked at to see whether a column holds stamps

_MAX_LAYOUTS = 4  # ways of writing that one column may mix, e.g. midnight without its time


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Parsed stamps, and what is needed to write more of them in the same way."""

    time: TimeArray  # (T,) in UTC where the texts name a zone, NaT where a text is no stamp
    format: str  # of most rows; `%-d` where leading zeros are left out
    zones: ZoneArray | None = None  # (T,)
    notes: tuple[str, ...] = ()

    @property
    def n_failed(self) -> int:
        """How many texts are no stamp."""
        return int(np.isnat(self.time).sum())

    def texts_for(self, time: TimeArray, like: IntArray) -> list[str]:
        """New stamps as text; each is written in the zone of the row in `like`."""
        zones = [""] * len(time) if self.zones is None else self.zones[like].tolist()
        return render(time, self.format, zones)


def read_stamps(texts: TextArray | Sequence[str | None], format: str | None = None, *, column: str = "time") -> Stamps:
    """Read texts as stamps, NaT where a text is none; `format` is their strptime format where the user gives it.

    The values show whether the day or the month comes first. Where both readings are possible, the one with more
    regular stamps is taken, and a note that names `column` says so.
    """
    texts = trimmed(texts)
    if format is not None:
        if problems := format_problems(format):
            raise InputError(f"--time-format {format!r} cannot be used: {'; '.join(problems)}.")
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
    """Texts as one pyarrow array without spaces around them, empty where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.string())
    array = pc.fill_null(pc.utf8_trim_whitespace(array), "")
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _readings(texts: TextArray) -> list[Stamps]:
    """The ways in which a column can be read, one for each order of day, month and year it leaves open."""
    readings: list[Stamps] = []
    for order in ("dmy", "mdy", "ymd"):
        reading = _read_in_order(texts, order)
        if reading is not None:
            readings.append(reading)
        if reading is None or (not reading.n_failed and _is_settled(reading.format)):
            break
    return readings


def _is_settled(format: str) -> bool:
    """Whether a format leaves no doubt about which number is the day, the month and the year."""
    return format.startswith(("%Y", "%a")) or "%b" in format


def _read_in_order(texts: TextArray, order: str) -> Stamps | None:
    """Read texts of up to a few layouts under one order of day, month and year."""
    import pyarrow as pa

    time = np.full(len(texts), np.datetime64("NaT", "ns"))
    zones = np.full(len(texts), "", dtype=object)
    counts: dict[str, int] = {}
    unread = np.arange(len(texts))
    for _ in range(_MAX_LAYOUTS):
        format = _first_format(texts, unread, order)
        if format is None or format in counts:
            break
        time[unread], new_zones = parse(texts.take(pa.array(unread)), format)
        if new_zones is not None:
            zones[unread] = new_zones
        still_unread = unread[np.isnat(time[unread])]
        counts[format] = len(unread) - len(still_unread)
        unread = still_unread
    if not counts:
        return None
    return Stamps(time, max(counts, key=counts.__getitem__), zones if zones.any() else None)


def _first_format(texts: TextArray, rows: IntArray, order: str) -> str | None:
    formats = (infer_format(texts[row].as_py(), order) for row in rows[:SAMPLE].tolist())
    return next((format for format in formats if format is not None), None)


def _irregularity(time: TimeArray) -> tuple[int, int]:
    """How many different distances there are between stamps, then how often they go back."""
    steps = np.diff(time[~np.isnat(time)]).astype(np.int64)
    return len(np.unique(np.diff(np.unique(time)))), int((steps < 0).sum())


def _ambiguity_note(best: Stamps, readings: Sequence[Stamps], texts: TextArray, column: str) -> tuple[str, ...]:
    others = [
        other
        for other in readings
        if other.n_failed == best.n_failed and not np.array_equal(other.time, best.time, equal_nan=True)
    ]
    if not others:
        return ()
    names = " or as ".join(other.format for other in others)
    better = all(_irregularity(other.time) > _irregularity(best.time) for other in others)
    return (
        f"Time column {column!r} can be read as {best.format} or as {names} (first value {texts[0].as_py()!r}). "
        f"{best.format} {'gives more regular stamps and ' if better else ''}was taken; "
        "give --time-format to settle it.",
    )

"""A column of time stamps in any layout, read as moments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, counted, name_rows
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.time.formats import format_problems, infer_format
from latentfill.tables.time.parsing import ZoneArray, as_written, parse, render

SAMPLE = 50  # cells looked at to see whether a column holds stamps

_MAX_LAYOUTS = 4  # ways of writing that one column may mix, e.g. midnight without its time


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Parsed stamps, and what is needed to write more of them in the same way."""

    time: TimeArray  # (T,), UTC where the texts name a zone, NaT where a text is no stamp
    format: str  # of most rows; `%-d` where leading zeros are left out
    zones: ZoneArray | None = None  # (T,) zone texts
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """How many texts are no stamp."""
        return int(np.isnat(self.time).sum())

    def texts_for(self, time: TimeArray, like: IntArray) -> list[str]:
        """New stamps as text; their zone is that of the rows `like`."""
        zones = [""] * len(time) if self.zones is None else self.zones[like].tolist()
        return render(time, self.format, zones)


def parse_stamps(texts: Any, format: str | None = None, *, column: str = "time") -> Stamps:
    """Parse a column of stamps, its `time` as datetime64[ns]; every text must be one.

    Day-first or month-first is settled by the values; where both readings are possible, the one with more
    regular stamps is taken and a note says so. `format` is a strptime format for texts not understood.
    """
    texts = trimmed(texts)
    refuse_empty_texts(texts, column)
    stamps = read_stamps(texts, format, column=column)
    bad = np.flatnonzero(np.isnat(stamps.time))
    if len(bad):
        raise _unparsed(texts, bad, format or stamps.format, column)
    return stamps


def read_stamps(texts: Any, format: str | None = None, *, column: str = "time") -> Stamps:
    """Like `parse_stamps`, but texts that are no stamp become NaT."""
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
        best = min(readings, key=lambda reading: (reading.failed, *_irregularity(reading.time)))
    notes = _ambiguity_note(best, readings, texts, column)
    return replace(best, format=as_written(texts, best.format), notes=notes)


def trimmed(texts: Any) -> Any:
    """Texts as one pyarrow array, empty where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.string())
    array = pc.fill_null(pc.utf8_trim_whitespace(array), "")
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


# --- the layouts of a column --------------------------------------------------------------------------------


def _readings(texts: Any) -> list[Stamps]:
    """The ways in which a column can be read, one for each order of day, month and year it leaves open."""
    readings: list[Stamps] = []
    for order in ("dmy", "mdy", "ymd"):
        reading = _read_all(texts, order)
        if reading is not None:
            readings.append(reading)
        if reading is None or (not reading.failed and _is_settled(reading.format)):
            break
    return readings


def _is_settled(format: str) -> bool:
    return format.startswith(("%Y", "%a")) or "%b" in format


def _read_all(texts: Any, order: str) -> Stamps | None:
    """Read texts of up to a few layouts under one order of day, month and year."""
    import pyarrow as pa

    time = np.full(len(texts), np.datetime64("NaT", "ns"))
    zones = np.full(len(texts), "", dtype=object)
    counts: dict[str, int] = {}
    open_rows = np.arange(len(texts))
    for _ in range(_MAX_LAYOUTS):
        format = _first_format(texts, open_rows, order)
        if format is None or format in counts:
            break
        time[open_rows], found_zones = parse(texts.take(pa.array(open_rows)), format)
        if found_zones is not None:
            zones[open_rows] = found_zones
        still_open = open_rows[np.isnat(time[open_rows])]
        counts[format] = len(open_rows) - len(still_open)
        open_rows = still_open
    if not counts:
        return None
    return Stamps(time, max(counts, key=counts.__getitem__), zones if zones.any() else None)


def _first_format(texts: Any, rows: IntArray, order: str) -> str | None:
    formats = (infer_format(texts[row].as_py(), order) for row in rows[:SAMPLE].tolist())
    return next((format for format in formats if format is not None), None)


def _irregularity(time: TimeArray) -> tuple[int, int]:
    """How many different distances there are between stamps, then how often they go back."""
    steps = np.diff(time[~np.isnat(time)]).astype(np.int64)
    return len(np.unique(np.diff(np.unique(time)))), int((steps < 0).sum())


def _ambiguity_note(best: Stamps, readings: list[Stamps], texts: Any, column: str) -> tuple[str, ...]:
    others = [
        other
        for other in readings
        if other.failed == best.failed and not np.array_equal(other.time, best.time, equal_nan=True)
    ]
    if not others:
        return ()
    names = " or as ".join(other.format for other in others)
    better = all(_irregularity(other.time) > _irregularity(best.time) for other in others)
    return (
        f"Time column {column!r} can be read as {best.format} or as {names} (first value {texts[0].as_py()!r}); "
        f"{best.format} {'gives more regular stamps and ' if better else ''}was taken, "
        "give --time-format to settle it.",
    )


# --- refused ------------------------------------------------------------------------------------------------


def refuse_empty_texts(texts: Any, column: str) -> None:
    """Refuse a column of trimmed texts in which a row has none."""
    import pyarrow.compute as pc

    refuse_empty(np.flatnonzero(np.array(pc.equal(texts, ""), dtype=bool)), column)


def refuse_empty(rows: IntArray, column: str) -> None:
    """Refuse a time column that is empty in these rows."""
    if len(rows):
        raise InputError(
            f"Time column {column!r} is empty in {counted(len(rows), 'row')} ({name_rows(rows)}). Every row needs a "
            "stamp: mend or remove them, or work by row number with `--time none`."
        )


def _unparsed(texts: Any, bad: IntArray, format: str, column: str) -> InputError:
    shown = ", ".join(f"row {row + 1}: {texts[int(row)].as_py()!r}" for row in bad[:SHOWN].tolist())
    reading = f" as {format}" if format else ""
    return InputError(
        f"Time column {column!r}: {len(bad)} of {len(texts)} stamps cannot be read{reading} ({shown}). "
        "Say how they are written, for example `--time-format '%d.%m.%Y %H:%M'`, or mend these rows."
    )

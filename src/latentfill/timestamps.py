"""Time stamps: find them in a table, parse them, put them on a regular grid, write more of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.errors import InputError
from latentfill.series import BoolArray, IntArray, TimeArray
from latentfill.sheets import Column, read_numbers

COMPONENTS = ("year", "month", "day", "hour", "minute", "second")
TIME_NAMES = ("date", "time", "datetime", "timestamp", "stamp", "datum", "fecha", "ds", "epoch", "unix", "dt")
CLOCK_NAMES = (
    "time",
    "hour",
    "hr",
    "hours",
    "clock",
    "uhrzeit",
    "zeit",
    "hora",
    "heure",
    "tijd",
    "timeofday",
)

_MAX_LAYOUTS = 4  # ways of writing that one column may mix, e.g. midnight without its time
_SAMPLE = 50  # cells looked at to see whether a column holds stamps
_MOST = 0.9  # share of stamps that makes a column one of stamps
_SHOWN = 5  # rows and values named in a message
_YEARS = (1678, 2261)  # what datetime64[ns] can hold
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH_UNITS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 9.2e18))
_COMMON = "%Y-%m-%d %H:%M:%S"
_MAX_GRID = 20  # a grid with more steps per row than this says that the stamps are not regular

_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "j": r"\d{1,3}",
    "b": r"[A-Za-z]{3,9}",
    "B": r"[A-Za-z]{3,9}",
    "a": r"[A-Za-z]{2,9}",
    "A": r"[A-Za-z]{2,9}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}",
}
_SHORTHANDS = {
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
    "e": "%d",
    "h": "%b",
    "Z": "%z",
}


# --- formats ------------------------------------------------------------------------------------------------


def format_problems(format: str) -> list[str]:
    """What is wrong with a strptime format, nothing when it can be used."""
    found = [mark for mark in re.findall(r"%-?(.)", _expanded(format)) if mark != "%"]
    problems = [f"%{mark} is not known" for mark in found if mark not in _DIRECTIVES]
    problems += [f"%{mark} stands there twice" for mark in sorted(set(found)) if found.count(mark) > 1]
    if not problems and not {"Y", "y"} & set(found):
        problems.append("it has no year (%Y)")
    return problems


def _expanded(format: str) -> str:
    return re.sub(r"%(.)", lambda match: _SHORTHANDS.get(match[1], match[0]), format)


def _tokens(format: str) -> list[str]:
    """A format cut into directives (`%d`, `%-d`) and the text between them."""
    return [token for token in re.split(r"(%-?.)", _expanded(format)) if token]


def _pattern(format: str) -> str:
    """The format as a regular expression with one named group per directive."""
    tokens = _tokens(format)
    parts = []
    for at, token in enumerate(tokens):
        if not token.startswith("%"):
            parts.append(re.sub(r"(\\ )+", r"\\s+", re.escape(token)))
        elif token == "%%":
            parts.append("%")
        else:
            neighbours = tokens[max(0, at - 1) : at] + tokens[at + 1 : at + 2]
            digits = _DIRECTIVES[token[-1]]
            if any(other.startswith("%") and other[-1] in "YymdHIMSjf" for other in neighbours):
                digits = digits.replace("{1,2}", "{2}").replace("{1,3}", "{3}")  # as in 20160131
            parts.append(f"(?P<{token[-1]}>{digits})")
    return "^" + "".join(parts) + "$"


_DATES: tuple[tuple[str, dict[str, str]], ...] = (
    (r"(\d{4})([-/. ])\d{1,2}\2\d{1,2}", {"": "%Y{0}%m{0}%d"}),
    (r"(\d{1,2})([-/. ])\d{1,2}\2\d{4}", {"dmy": "%d{0}%m{0}%Y", "mdy": "%m{0}%d{0}%Y"}),
    (r"(\d{2})([-/.])\d{2}\2\d{2}", {"dmy": "%d{0}%m{0}%y", "mdy": "%m{0}%d{0}%y", "ymd": "%y{0}%m{0}%d"}),
    (r"(\d{1,2})([-/.])\d{1,2}\2\d{2}", {"dmy": "%d{0}%m{0}%y", "mdy": "%m{0}%d{0}%y"}),
    (r"(\d{1,2})([-/ .]?)[A-Za-z]{3,9}\2\d{4}", {"": "%d{0}%b{0}%Y"}),
    (r"(\d{1,2})([-/ .]?)[A-Za-z]{3,9}\2\d{2}", {"": "%d{0}%b{0}%y"}),
    (r"([A-Za-z]{3,9})( )\d{1,2}, ?\d{4}", {"": "%b %d, %Y"}),
    (r"([A-Za-z]{3,9})( )\d{1,2} \d{4}", {"": "%b %d %Y"}),
    (r"(\d{4})([-/.])\d{3}", {"": "%Y{0}%j"}),
    (r"(\d{4})([-/.])\d{1,2}", {"": "%Y{0}%m"}),
    (r"([A-Za-z]{3,9})([- ])\d{4}", {"": "%b{0}%Y"}),
    (r"(\d{8})()", {"": "%Y%m%d"}),
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:(?P<mark>[:.h])(?P<minute>\d{2})(?:(?P=mark)(?P<second>\d{2}))?)?"
    r"(?P<fraction>[.,]\d{1,9})?(?P<noon> ?[AaPp]\.?[Mm]\.?)?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
)
_COMPACT_CLOCK = re.compile(r"\d{2}(?P<minute>\d{2}(?P<second>\d{2})?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?")


def infer_format(text: str, order: str) -> str | None:
    """The format of one stamp, None when it is none; `order` (dmy, mdy, ymd) settles what is left open."""
    text = re.sub(r"\s+", " ", text.strip())
    weekday = re.match(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*(,? )(?=\w)", text, re.IGNORECASE)
    prefix = f"%a{weekday[2]}" if weekday else ""
    text = text[weekday.end() :] if weekday else text
    for pattern, formats in _DATES:
        match = re.match(pattern, text)
        rest = _infer_rest(match[0], text[match.end() :]) if match else None
        if match is None or rest is None:
            continue
        date = formats.get("") or formats.get(order) or formats["dmy"]
        return prefix + date.format(match[2]) + rest
    return None


def _infer_rest(date: str, text: str) -> str | None:
    """Format of what follows the date; empty when nothing does, None when it is no time of day."""
    if not text:
        return ""
    gap = re.match(r"T|, | - | |:(?=\d\d:)", text)
    mark = gap[0] if gap else ""
    compact = _COMPACT_CLOCK.fullmatch(text[len(mark) :])
    if compact and (gap or date.isdigit()) and (compact["minute"] or not gap):
        minute, second = "%M" * bool(compact["minute"]), "%S" * bool(compact["second"])
        return f"{mark}%H{minute}{second}{'%z' * bool(compact['zone'])}"
    clock = infer_clock(text[len(mark) :])
    return None if clock is None or not gap else mark + clock


def infer_clock(text: str) -> str | None:
    """The format of a time of day, None when the text is none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match["fraction"] and not match["second"]):
        return None
    parts = ["%I" if match["noon"] else "%H"]
    parts += [match["mark"] + "%M"] if match["minute"] else []
    parts += [match["mark"] + "%S"] if match["second"] else []
    parts += [match["fraction"][0] + "%f"] if match["fraction"] else []
    parts += [" " * match["noon"].startswith(" ") + "%p"] if match["noon"] else []
    parts += [" " * match["zone"].startswith(" ") + "%z"] if match["zone"] else []
    return "".join(parts)


# --- parsing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Parsed stamps, and what is needed to write more of them in the same way."""

    time: TimeArray  # (T,), UTC where the texts name a zone, NaT where a text is no stamp
    format: str  # of most rows; `%-d` where leading zeros are left out
    zones: NDArray[np.object_] | None = None  # (T,) zone texts
    notes: tuple[str, ...] = ()

    def texts_for(self, time: TimeArray, like: IntArray) -> list[str]:
        """New stamps as text; their zone is that of the rows `like`."""
        zones = [""] * len(time) if self.zones is None else self.zones[like].tolist()
        local = time + np.array([_zone_seconds(zone) for zone in zones], dtype="timedelta64[s]")
        return render(local.astype("datetime64[ns]"), self.format, zones)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """What one way of reading the texts gives."""

    time: TimeArray
    format: str
    zones: NDArray[np.object_] | None

    @property
    def failed(self) -> int:
        return int(np.isnat(self.time).sum())


def parse_stamps(texts: Any, format: str | None = None, *, column: str = "time") -> Stamps:
    """Parse a column of stamps, its `time` as datetime64[ns]; every text must be one.

    Day-first or month-first is settled by the values; where both readings are possible, the one with more
    regular stamps is taken and a note says so. `format` is a strptime format for texts not understood.
    """
    texts = _trimmed(texts)
    _refuse_empty(texts, column)
    stamps = read_stamps(texts, format, column=column)
    bad = np.flatnonzero(np.isnat(stamps.time))
    if len(bad):
        raise _unparsed(texts, bad, format or stamps.format, column)
    return stamps


def read_stamps(texts: Any, format: str | None = None, *, column: str = "time") -> Stamps:
    """Like `parse_stamps`, but texts that are no stamp become NaT."""
    texts = _trimmed(texts)
    if format is not None:
        if problems := format_problems(format):
            raise InputError(f"--time-format {format!r} cannot be used: {'; '.join(problems)}.")
        return _with_padding(_read_as(texts, format), texts, ())
    readings = _readings(texts)
    if not readings:
        return Stamps(np.full(len(texts), np.datetime64("NaT", "ns")), "")
    best = readings[0]
    if len(readings) > 1:
        best = min(readings, key=lambda reading: (reading.failed, *_irregularity(reading.time)))
    return _with_padding(best, texts, _ambiguity_note(best, readings, texts, column))


def _readings(texts: Any) -> list[_Reading]:
    """The ways in which a column can be read, one for each order of day, month and year it leaves open."""
    readings: list[_Reading] = []
    for order in ("dmy", "mdy", "ymd"):
        reading = _read_all(texts, order)
        if reading is not None:
            readings.append(reading)
        if reading is None or (not reading.failed and _is_settled(reading.format)):
            break
    return readings


def _is_settled(format: str) -> bool:
    return format.startswith(("%Y", "%a")) or "%b" in format


def _trimmed(texts: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.string())
    array = pc.fill_null(pc.utf8_trim_whitespace(array), "")
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _read_all(texts: Any, order: str) -> _Reading | None:
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
        reading = _read_as(texts.take(pa.array(open_rows)), format)
        counts[format] = len(open_rows) - reading.failed
        time[open_rows] = reading.time
        if reading.zones is not None:
            zones[open_rows] = reading.zones
        open_rows = open_rows[np.isnat(reading.time)]
    if not counts:
        return None
    return _Reading(time, max(counts, key=counts.__getitem__), zones if zones.any() else None)


def _first_format(texts: Any, rows: IntArray, order: str) -> str | None:
    formats = (infer_format(texts[row].as_py(), order) for row in rows[:_SAMPLE].tolist())
    return next((format for format in formats if format is not None), None)


def _read_as(texts: Any, format: str) -> _Reading:
    """Read texts by one format, NaT where it does not fit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if format == _COMMON:  # ten times as fast as the regular expression
        try:
            time = np.array(pc.cast(texts, pa.timestamp("s")).to_numpy(zero_copy_only=False))
            return _Reading(_in_range(time), format, None)
        except pa.ArrowInvalid:
            pass
    found = pc.extract_regex(texts, pattern=_pattern(format))
    fields = _groups(found)
    fits = np.array(pc.is_valid(found).to_numpy(zero_copy_only=False), dtype=bool)
    zones = None
    if "z" in fields:
        zones = np.array(pc.fill_null(fields["z"], "").to_pylist(), dtype=object)
    return _Reading(_assemble(fields, fits, zones), format, zones)


def _groups(found: Any) -> dict[str, Any]:
    """The named groups of a match, null in rows without one (`field` alone would give empty text there)."""
    import pyarrow.compute as pc

    names = [found.type.field(i).name for i in range(found.type.num_fields)]
    return {name: pc.struct_field(found, [i]) for i, name in enumerate(names)}


def _assemble(fields: dict[str, Any], fits: BoolArray, zones: NDArray[np.object_] | None) -> TimeArray:
    """Stamps from the texts of their parts, NaT where a part is out of its range."""
    year = _year(fields, len(fits))
    month = _month(fields, len(fits))
    day = _whole(fields, "d", 1, len(fits))
    if "j" in fields:
        month, day = np.ones_like(month), _whole(fields, "j", 1, len(fits))
    hour = _hour(fields, len(fits))
    minute, second = _whole(fields, "M", 0, len(fits)), _whole(fields, "S", 0, len(fits))
    time = compose(year, month, day, hour, minute, second, by_year="j" in fields)
    if "f" in fields:
        time = time + _nanoseconds(fields["f"])
    if zones is not None:
        known = {zone: _zone_seconds(zone) for zone in set(zones.tolist())}
        time = time - np.array([known[zone] for zone in zones.tolist()], dtype="timedelta64[s]")
    return np.where(fits, time, np.datetime64("NaT", "ns"))


def compose(
    year: IntArray,
    month: IntArray,
    day: IntArray,
    hour: IntArray,
    minute: IntArray,
    second: IntArray,
    *,
    by_year: bool = False,
) -> TimeArray:
    """Stamps from numbers, NaT where they name no moment; hour 24 is the start of the next day.

    With `by_year`, `day` counts from the start of the year.
    """
    months = (np.clip(year, *_YEARS) - 1970) * 12 + np.clip(month, 1, 12) - 1
    start = months.astype("datetime64[M]")
    days = start.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    unit = "datetime64[Y]" if by_year else "datetime64[M]"
    good = (days.astype(unit) == start.astype(unit)) & (day >= 1) & (month >= 1) & (month <= 12)
    good &= (year >= _YEARS[0]) & (year <= _YEARS[1])
    good &= (hour >= 0) & (minute >= 0) & (minute <= 59) & (second >= 0) & (second <= 59)
    good &= (hour <= 23) | ((hour == 24) & (minute == 0) & (second == 0))
    seconds = (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    time = days.astype("datetime64[s]") + seconds
    return np.where(good, time.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))


def _in_range(time: NDArray[Any]) -> TimeArray:
    """As nanoseconds, NaT where that unit cannot hold the year."""
    year = time.astype("datetime64[Y]").astype(np.int64) + 1970
    good = (year >= _YEARS[0]) & (year <= _YEARS[1])
    return np.where(good, time, np.datetime64("NaT", "s")).astype("datetime64[ns]")


def _whole(fields: dict[str, Any], name: str, default: int, length: int) -> IntArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in fields:
        return np.full(length, default, dtype=np.int64)
    return np.array(pc.fill_null(pc.cast(fields[name], pa.int64()), default), dtype=np.int64)


def _year(fields: dict[str, Any], length: int) -> IntArray:
    if "Y" in fields:
        return _whole(fields, "Y", 1970, length)
    short = _whole(fields, "y", 70, length)
    return np.where(short >= 69, 1900 + short, 2000 + short)  # as strptime does


def _month(fields: dict[str, Any], length: int) -> IntArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    name = next((name for name in ("b", "B") if name in fields), None)
    if name is None:
        return _whole(fields, "m", 1, length)
    letters = pc.utf8_slice_codeunits(pc.utf8_lower(fields[name]), 0, 3)
    place = pc.fill_null(pc.index_in(letters, value_set=pa.array(_MONTHS)), -1)
    return np.array(place, dtype=np.int64) + 1


def _hour(fields: dict[str, Any], length: int) -> IntArray:
    import pyarrow.compute as pc

    if "I" not in fields:
        return _whole(fields, "H", 0, length)
    hour = _whole(fields, "I", 12, length)
    after_noon = np.zeros(length, dtype=bool)
    if "p" in fields:
        after_noon = np.array(pc.fill_null(pc.starts_with(pc.utf8_lower(fields["p"]), "p"), False), bool)
    return np.where((hour < 1) | (hour > 12), 99, hour % 12 + 12 * after_noon)


def _nanoseconds(digits: Any) -> NDArray[np.timedelta64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    padded = pc.utf8_rpad(pc.fill_null(digits, "0"), 9, "0")
    return np.array(pc.cast(padded, pa.int64()), dtype="timedelta64[ns]")


def _zone_seconds(zone: str) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _irregularity(time: TimeArray) -> tuple[int, int]:
    """How many different distances there are between stamps, then how often they go back."""
    steps = np.diff(time[~np.isnat(time)]).astype(np.int64)
    return len(np.unique(np.diff(np.unique(time)))), int((steps < 0).sum())


def _ambiguity_note(best: _Reading, readings: list[_Reading], texts: Any, column: str) -> tuple[str, ...]:
    others = [
        other.format
        for other in readings
        if other.failed == best.failed and not np.array_equal(other.time, best.time, equal_nan=True)
    ]
    if not others:
        return ()
    return (
        f"Time column {column!r} can be read as {best.format} or as {' or '.join(others)} "
        f"(first value {texts[0].as_py()!r}); {best.format} gives the more regular stamps and was taken, "
        "give --time-format to settle it.",
    )


def _with_padding(reading: _Reading, texts: Any, notes: tuple[str, ...]) -> Stamps:
    """Mark directives whose leading zero the texts leave out, so that new stamps look the same."""
    import pyarrow.compute as pc

    if reading.format == _COMMON:
        return Stamps(reading.time, reading.format, None, notes)
    found = pc.extract_regex(texts, pattern=_pattern(reading.format))
    format = _expanded(reading.format)
    for name, group in _groups(found).items():
        lengths = pc.utf8_length(group)
        shortest, longest = pc.min(lengths).as_py(), pc.max(lengths).as_py() or 0
        if name in "mdHI" and shortest == 1:
            format = format.replace(f"%{name}", f"%-{name}")
        if name in "ab" and longest > 3 + (name == "b"):  # `Sept` is short
            format = format.replace(f"%{name}", f"%{name.upper()}")
        if name == "f" and shortest is not None:
            format = format.replace("%f", f"%{shortest}")
    return Stamps(reading.time, format, reading.zones, notes)


def _refuse_empty(texts: Any, column: str) -> None:
    import pyarrow.compute as pc

    empty = np.flatnonzero(np.array(pc.equal(texts, "").to_numpy(zero_copy_only=False), dtype=bool))
    if len(empty):
        raise InputError(
            f"Time column {column!r} is empty in {len(empty)} rows ({name_rows(empty)}). Every row needs a "
            "stamp: mend or remove them, or work by row number with `--time none`."
        )


def _unparsed(texts: Any, bad: IntArray, format: str, column: str) -> InputError:
    shown = ", ".join(f"row {row + 1}: {texts[int(row)].as_py()!r}" for row in bad[:_SHOWN].tolist())
    reading = f" as {format}" if format else ""
    return InputError(
        f"Time column {column!r}: {len(bad)} of {len(texts)} stamps cannot be read{reading} ({shown}). "
        "Say how they are written, for example `--time-format '%d.%m.%Y %H:%M'`, or mend these rows."
    )


def name_rows(rows: Iterable[int]) -> str:
    """Row numbers for a message, counted from 1 and cut short."""
    listed = list(rows)
    names = ", ".join(str(int(row) + 1) for row in listed[:_SHOWN])
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"{'row' if len(listed) == 1 else 'rows'} {names}{more}"


# --- writing ------------------------------------------------------------------------------------------------


def render(time: TimeArray, format: str, zones: Sequence[str]) -> list[str]:
    """Stamps as text; `%3` is a fraction of three digits, `%-d` a day without leading zero."""
    parts = [_render_token(token, time, zones) for token in _tokens(format)]
    return ["".join(row) for row in zip(*parts, strict=True)]


def _render_token(token: str, time: TimeArray, zones: Sequence[str]) -> list[str]:
    if not token.startswith("%") or token == "%%":
        return [token[-1] if token == "%%" else token] * len(time)
    if token[-1] == "z":
        return list(zones)
    if token[-1].isdigit():
        digits = int(token[-1])
        nanoseconds = (time - time.astype("datetime64[s]")).astype(np.int64)
        return [f"{value:09d}"[:digits] for value in nanoseconds.tolist()]
    if token[-1] in "bBaAp":
        return [_WORDS[token[-1]](moment) for moment in time.astype("datetime64[s]").tolist()]
    width = 1 if token.startswith("%-") else {"Y": 4, "j": 3}.get(token[-1], 2)
    return [f"{value:0{width}d}" for value in _component(time, token[-1]).tolist()]


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WORDS: dict[str, Callable[[Any], str]] = {  # not strftime: it follows the locale
    "b": lambda moment: _MONTH_NAMES[moment.month - 1][:3],
    "B": lambda moment: _MONTH_NAMES[moment.month - 1],
    "a": lambda moment: _DAYS[moment.weekday()][:3],
    "A": lambda moment: _DAYS[moment.weekday()],
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
}


def component(time: TimeArray, name: str) -> IntArray:
    """Year, month, day, hour, minute or second of each stamp."""
    return _component(time, "YmdHMS"[COMPONENTS.index(name)])


def _component(time: TimeArray, name: str) -> IntArray:
    """Year, month, day, hour ... of each stamp by the letter of its directive."""
    if name in "Yy":
        year = time.astype("datetime64[Y]").astype(np.int64) + 1970
        return np.asarray(year if name == "Y" else year % 100)
    larger, unit, first = _UNITS[name]
    value = (time.astype(f"datetime64[{unit}]") - time.astype(f"datetime64[{larger}]")).astype(np.int64)
    return np.asarray((value - 1) % 12 + 1 if name == "I" else value + first)


_UNITS = {
    "m": ("Y", "M", 1),
    "d": ("M", "D", 1),
    "j": ("Y", "D", 1),
    "H": ("D", "h", 0),
    "I": ("D", "h", 0),
    "M": ("h", "m", 0),
    "S": ("m", "s", 0),
}


# --- finding ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The stamps of a table, the columns they come from, and how those columns are written."""

    columns: tuple[int, ...]  # positions; none for a time index
    time: TimeArray
    write: Callable[[TimeArray, IntArray], dict[int, Any]]  # new stamps, rows like them -> cells by column
    notes: tuple[str, ...] = field(default=())


def read_time(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """The stamps of the chosen columns, whatever they are made of."""
    picked = [columns[at] for at in chosen]
    if len(chosen) > 1 or picked[0].name.lower() == "year":
        names = [column.name.lower() for column in picked]
        if format is None and set(names) <= set(COMPONENTS):
            return _from_components(columns, chosen)
        return _from_parts(columns, chosen, format)
    return _from_one(columns, chosen[0], format)


def find_time(columns: Sequence[Column], format: str | None) -> TimeAxis | None:
    """The stamps of a table nobody has named the time column of, None when there are none."""
    usable = [at for at, column in enumerate(columns) if _may_be_time(column, format)]
    usable.sort(key=lambda at: not _is_named(columns[at].name, TIME_NAMES))  # stable: first in order otherwise
    if usable:
        pair = _clock_partner(columns, usable[0], format)
        if pair is not None:
            return _noted(read_time(columns, (usable[0], pair), format), columns, "Time is read from columns")
        axis = read_time(columns, usable[:1], format)
        return _note_choice(axis, columns, usable)
    pair_by_format = _pair_for(columns, format)
    if pair_by_format is not None:
        return _noted(read_time(columns, pair_by_format, format), columns, "Time is read from columns")
    parts = _calendar_columns(columns)
    if not parts or format is not None:
        return None
    return _noted(read_time(columns, parts, None), columns, "Time is put together from columns")


def _noted(axis: TimeAxis, columns: Sequence[Column], text: str) -> TimeAxis:
    names = ", ".join(repr(columns[at].name) for at in axis.columns)
    return TimeAxis(axis.columns, axis.time, axis.write, (f"{text} {names}.", *axis.notes))


def _note_choice(axis: TimeAxis, columns: Sequence[Column], usable: Sequence[int]) -> TimeAxis:
    if len(usable) == 1:
        return axis
    others = ", ".join(repr(columns[at].name) for at in usable[1:])
    return _noted(axis, columns, f"Columns {others} hold stamps too; time is read from column")


def is_time_name(name: str) -> bool:
    """Whether a name speaks of time, such as `date` or `Time [s]`."""
    return _is_named(name, TIME_NAMES)


def _is_named(name: str, known: Sequence[str]) -> bool:
    """Whether a name is one of the known ones or has one of them as a word."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return any(word in known for word in words) or "".join(words) in known


def _sample(column: Column) -> list[str]:
    """Some of the texts of a column that are not empty, from all over it."""
    step = max(1, len(column.texts) // _SAMPLE)
    rows = [*range(min(_SAMPLE, len(column.texts))), *range(0, len(column.texts), step)]
    texts = [column.texts[row].as_py() for row in rows]
    return [text.strip() for text in texts if text and text.strip()]


def _may_be_time(column: Column, format: str | None) -> bool:
    """Whether nearly all of a column are stamps; bare numbers need a telling name."""
    if column.kind == "time":
        return True
    named = _is_named(column.name, TIME_NAMES)
    if column.kind == "number":
        return named and (_is_compact(column) or _epoch_unit(column) is not None)
    if column.kind not in ("text", "category"):
        return False
    sample = _sample(column)
    if all(re.fullmatch(r"[+-]?\d*[.,]?\d*", text) for text in sample):
        if format is not None:
            return _share_read(sample, format) > _MOST
        return named and (_share_read(sample, None) > _MOST or _epoch_unit(column) is not None)
    return _share_read(sample, format) > _MOST


def _share_read(texts: Sequence[str], format: str | None) -> float:
    return 1 - float(np.isnat(read_stamps(texts, format).time).mean()) if texts else 0.0


def _is_compact(column: Column) -> bool:
    """Whether whole numbers are stamps such as 20160131 or 201601310500."""
    assert column.numbers is not None
    whole = column.numbers[np.isfinite(column.numbers)]
    step = max(1, len(whole) // _SAMPLE)
    return _reads_as_calendar([f"{value:.0f}" for value in whole[::step].tolist()])


def _reads_as_calendar(texts: Sequence[str]) -> bool:
    years = read_stamps(texts).time.astype("datetime64[Y]").astype(np.int64) + 1970
    return len(texts) > 0 and bool(((years >= 1900) & (years <= 2100)).all())  # 1451606400 is no date


def _epoch_unit(column: Column) -> str | None:
    """Unit of a column of Unix times, None when it is no such column."""
    numbers = read_numbers(column)
    if numbers is None or numbers.bad.any() or np.isnan(numbers.values).any() or not len(numbers.values):
        return None
    values = numbers.values
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return None
    if _reads_as_calendar([f"{value:.0f}" for value in values[:: max(1, len(values) // _SAMPLE)].tolist()]):
        return None
    return next((unit for unit, low, high in _EPOCH_UNITS if low <= values.min() <= values.max() < high), None)


def _clock_partner(columns: Sequence[Column], date: int, format: str | None) -> int | None:
    """The column with the time of day that belongs to a column of dates."""
    if format is not None:
        return None  # the format fits the date column alone
    if not _is_date_only(columns[date]):
        return None
    candidates = [at for at in range(len(columns)) if at != date and _is_clock(columns[at])]
    named = [at for at in candidates if _is_named(columns[at].name, CLOCK_NAMES)]
    if named:
        return named[0]
    dates = as_texts(columns[date]).to_pylist()
    return candidates[0] if candidates and len(set(dates)) < len(dates) else None


def _is_date_only(column: Column) -> bool:
    if column.kind == "time":
        assert column.times is not None
        return bool((column.times == column.times.astype("datetime64[D]")).all())
    if column.kind not in ("text", "category"):
        return False
    formats = [infer_format(text, "dmy") for text in _sample(column)]
    return all(format is not None and not re.search("%[HI]", format) for format in formats)


def _is_clock(column: Column) -> bool:
    """Whether a column holds times of day, or whole hours under a telling name."""
    if column.kind == "number":
        assert column.numbers is not None
        return _is_named(column.name, CLOCK_NAMES) and bool(
            np.all((column.numbers >= 0) & (column.numbers <= 24) & (column.numbers % 1 == 0))
        )
    sample = _sample(column) if column.kind in ("text", "category") else []
    if not sample or any(infer_clock(text) is None for text in sample):
        return False
    bare = all(re.fullmatch(r"\d{1,2}", text) for text in sample)
    numbers = all(re.fullmatch(r"\d{1,2}\.\d{2}", text) for text in sample)
    return not (bare or numbers) or _is_named(column.name, CLOCK_NAMES)


def _pair_for(columns: Sequence[Column], format: str | None) -> tuple[int, int] | None:
    """Two neighbouring columns that a given format reads when joined."""
    if format is None:
        return None
    texts = [at for at, column in enumerate(columns) if column.kind in ("text", "category")]
    for first, second in pairwise(texts):
        pairs = zip(_sample(columns[first]), _sample(columns[second]), strict=False)
        joined = [f"{one} {two}" for one, two in pairs]
        if joined and _share_read(joined, format) > 0.9:
            return first, second
    return None


def _calendar_columns(columns: Sequence[Column]) -> tuple[int, ...]:
    """Columns named year, month, day ...: a year alone only when it never repeats."""
    by_name = {column.name.lower(): at for at, column in reversed(list(enumerate(columns)))}
    found = []
    for name in COMPONENTS:
        if name not in by_name or read_numbers(columns[by_name[name]]) is None:
            break
        found.append(by_name[name])
    years = read_numbers(columns[found[0]]) if found else None
    if years is None or not ((years.values >= _YEARS[0]) & (years.values <= _YEARS[1])).all():
        return ()
    if len(found) == 1 and len(np.unique(years.values)) < len(years.values):
        return ()
    return tuple(found)


def _from_one(columns: Sequence[Column], at: int, format: str | None) -> TimeAxis:
    column = columns[at]
    if column.kind == "time":
        return TimeAxis((at,), whole_time(column), lambda time, like: {at: time})
    unit = _epoch_unit(column) if format is None and column.kind != "category" else None
    if unit is not None:
        return _from_epoch(column, at, unit)
    if column.kind == "other":
        raise InputError(f"Time column {column.name!r} holds neither stamps nor text. Name another one.")
    stamps = parse_stamps(as_texts(column), format, column=column.name)
    return TimeAxis((at,), stamps.time, lambda time, like: {at: stamps.texts_for(time, like)}, stamps.notes)


def whole_time(column: Column) -> TimeArray:
    assert column.times is not None
    empty = np.flatnonzero(np.isnat(column.times))
    if len(empty):
        raise InputError(
            f"Time column {column.name!r} is empty in {len(empty)} rows ({name_rows(empty)}). Every row "
            "needs a stamp: mend or remove them, or work by row number with `--time none`."
        )
    return column.times


def _from_epoch(column: Column, at: int, unit: str) -> TimeAxis:
    numbers = read_numbers(column)
    assert numbers is not None
    time = numbers.values.astype(np.int64).astype(f"datetime64[{unit}]").astype("datetime64[ns]")
    suffix = _number_suffix(column)

    def write(new: TimeArray, like: IntArray) -> dict[int, Any]:
        counts = new.astype(f"datetime64[{unit}]").astype(np.int64)
        return {at: [f"{count}{suffix}" for count in counts.tolist()]}

    note = f"Time column {column.name!r} is read as Unix time in {unit}."
    return TimeAxis((at,), time, write, (note,))


def _number_suffix(column: Column) -> str:
    """`.0` when whole numbers are written that way."""
    first = column.texts[0].as_py() if column.kind == "text" else ""
    return "." + first.strip().partition(".")[2] if "." in first else ""


def as_texts(column: Column) -> Any:
    """A column as text, whole numbers without decimals and dates without midnight."""
    import pyarrow as pa

    if column.kind in ("text", "category"):
        return column.texts
    if column.kind == "number":
        assert column.numbers is not None
        return pa.array([f"{value:.0f}" if value % 1 == 0 else repr(value) for value in column.numbers.tolist()])
    if column.kind == "time":
        time = whole_time(column)
        days = time.astype("datetime64[D]")
        return pa.array(np.datetime_as_string(days if (days == time).all() else time).tolist())
    raise InputError(f"Column {column.name!r} cannot be part of the time. Name another one.")


def _from_parts(columns: Sequence[Column], chosen: Sequence[int], format: str | None) -> TimeAxis:
    """Stamps whose text is spread over several columns, joined with one space."""
    import pyarrow.compute as pc

    parts = [_trimmed(as_texts(columns[at])) for at in chosen]
    for at, part in zip(chosen, parts, strict=True):
        _refuse_empty(part, columns[at].name)
    names = " + ".join(columns[at].name for at in chosen)
    stamps = parse_stamps(pc.binary_join_element_wise(*parts, " "), format, column=names)
    spaces = [part[0].as_py().count(" ") for part in parts]

    def write(time: TimeArray, like: IntArray) -> dict[int, Any]:
        cut = [_split_at(text, spaces) for text in stamps.texts_for(time, like)]
        return {at: [pieces[i] for pieces in cut] for i, at in enumerate(chosen)}

    return TimeAxis(tuple(chosen), stamps.time, write, stamps.notes)


def _split_at(text: str, spaces: Sequence[int]) -> list[str]:
    """Cut a joined text into parts that hold so many spaces each."""
    words = text.split(" ")
    ends = np.cumsum([0, *(count + 1 for count in spaces)]).tolist()
    return [" ".join(words[start:end]) for start, end in pairwise(ends)]


def _from_components(columns: Sequence[Column], chosen: Sequence[int]) -> TimeAxis:
    """Stamps from columns of numbers named year, month, day ..."""
    by_name = {columns[at].name.lower(): at for at in chosen}
    if "year" not in by_name:
        raise InputError("Time columns without a year make no stamp. Add the column that holds the year.")
    n_rows = len(_component_numbers(columns[by_name["year"]]))
    values = [
        _component_numbers(columns[by_name[name]])
        if name in by_name
        else np.full(n_rows, int(name in ("month", "day")), dtype=np.int64)
        for name in COMPONENTS
    ]
    time = compose(*values)
    bad = np.flatnonzero(np.isnat(time))
    if len(bad):
        shown = ", ".join(f"row {row + 1}: {[int(v[row]) for v in values]}" for row in bad[:_SHOWN].tolist())
        raise InputError(f"Columns {', '.join(by_name)} make no stamp in {len(bad)} rows ({shown}). Mend these rows.")
    return TimeAxis(tuple(chosen), time, lambda new, like: _write_components(new, columns, by_name))


def _component_numbers(column: Column) -> IntArray:
    numbers = read_numbers(column)
    if numbers is None:
        raise InputError(f"Time column {column.name!r} holds no numbers.")
    bad = np.flatnonzero(np.isnan(numbers.values) | (numbers.values % 1 != 0))
    if len(bad):
        raise InputError(
            f"Time column {column.name!r} holds no whole number in {len(bad)} rows ({name_rows(bad)}). "
            "Every row needs a stamp: mend or remove them."
        )
    return numbers.values.astype(np.int64)


def _write_components(time: TimeArray, columns: Sequence[Column], by_name: dict[str, int]) -> dict[int, Any]:
    cells = {}
    for name, at in by_name.items():
        width = _component_width(columns[at])
        suffix = _number_suffix(columns[at])
        cells[at] = [f"{value:0{width}d}{suffix}" for value in component(time, name).tolist()]
    return cells


def _component_width(column: Column) -> int:
    """Digits of a component: 2 when the column writes 01, 1 when it writes 1."""
    import pyarrow.compute as pc

    if column.kind != "text":
        return 1
    return 2 if pc.any(pc.match_substring_regex(column.texts, r"^\s*0\d")).as_py() else 1


# --- the regular grid ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All stamps of a regular time axis, and where the rows lie on it."""

    time: TimeArray  # (G,)
    positions: IntArray  # (T,) step of the grid each row lies on


def regular_step(time: TimeArray) -> np.timedelta64 | None:
    """The step that all stamps fit, None when there is none; calendar months come in months.

    The most common distance comes first, then calendar months, then the largest distance that divides all.
    """
    stamps = np.unique(time)
    if len(stamps) < 2:
        return None
    distances, counts = np.unique(np.diff(stamps).astype(np.int64), return_counts=True)
    common = int(distances[np.argmax(counts)])
    for step in (np.timedelta64(common, "ns"), _month_step(stamps), _common_divisor(distances)):
        if step is not None and _fits(stamps, step):
            return step
    return None


def _common_divisor(distances: IntArray) -> np.timedelta64:
    return np.timedelta64(int(np.gcd.reduce(distances)), "ns")


def _month_step(stamps: TimeArray) -> np.timedelta64 | None:
    """Months between stamps on the same day of the month at the same time, or on month ends."""
    months = stamps.astype("datetime64[M]")
    into = stamps - months
    left = (months + 1).astype("datetime64[ns]") - stamps
    if (into != into[0]).any() and (left != left[0]).any():
        return None
    counts = np.diff(months.astype(np.int64))
    return None if (counts == 0).any() else np.timedelta64(int(np.gcd.reduce(counts)), "M")


def _fits(stamps: TimeArray, step: np.timedelta64) -> bool:
    laid = grid(stamps, step)
    return laid is not None


def grid(time: TimeArray, step: np.timedelta64) -> Grid | None:
    """The regular stamps from the first to the last and where each row lies.

    None when a row lies beside them, or when there would be more than 20 steps for each row.
    """
    if np.datetime_data(step.dtype)[0] == "M":
        return _month_grid(time, step)
    first = time.min()
    offsets = (time - first).astype(np.int64)
    width = int(step.astype("timedelta64[ns]").astype(np.int64))
    if (offsets % width).any() or offsets.max() // width + 1 > _MAX_GRID * len(time):
        return None
    positions = offsets // width
    steps = np.arange(int(positions.max()) + 1) * width
    return Grid(first + steps.astype("timedelta64[ns]"), positions)


def _month_grid(time: TimeArray, step: np.timedelta64) -> Grid | None:
    months = time.astype("datetime64[M]")
    width = int(step.astype(np.int64))
    counts = (months - months.min()).astype(np.int64)
    if (counts % width).any() or counts.max() // width + 1 > _MAX_GRID * len(time):
        return None
    all_months = months.min() + (np.arange(counts.max() // width + 1) * width).astype("timedelta64[M]")
    into = np.unique(time - months)
    if len(into) == 1:
        full = all_months.astype("datetime64[ns]") + into[0]
    else:
        left = np.unique((months + 1).astype("datetime64[ns]") - time)
        if len(left) != 1:
            return None
        full = (all_months + 1).astype("datetime64[ns]") - left[0]
    positions = counts // width
    return Grid(full, positions) if np.array_equal(full[positions], time) else None

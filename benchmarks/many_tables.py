"""Generated tables of many kinds: columns of all sorts, gaps, time stamps and ways of writing numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from latentfill.core.series import BoolArray, FloatArray

MARKERS: Final = ("", "NA", "NaN", "null", "-999", "n/a")
WORDS: Final = ("ok", "check", 'said "no"', "a; b, c", "é", "Tür 3")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written as text."""

    delimiter: str
    decimal: str
    line_end: str
    encoding: str
    marker: str  # of missing cells

    @property
    def flags(self) -> list[str]:
        """The options without which the file cannot be read; the rest is detected."""
        return ["--missing", f"{self.marker},inf,-inf"]


@dataclass(frozen=True, slots=True, eq=False)
class MadeTable:
    """A table with R rows and K columns: cells as text and as values, and which of them are known."""

    seed: int
    names: tuple[str, ...]  # K
    texts: list[list[str]]  # R rows of K cells, without quotes
    known: BoolArray  # (R, K)
    frame: pd.DataFrame  # the same cells with the types of pandas
    layout: Layout
    stamped: bool  # whether there are time stamps that are all different
    settings: Mapping[str, Any] = field(default_factory=dict)  # that the frame needs

    @property
    def flags(self) -> list[str]:
        """The options of the command line that the file needs."""
        return [*self.layout.flags, *([] if self.stamped else ["--time", "none"])]

    def encoded(self) -> bytes:
        """The file."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.layout.delimiter, lineterminator=self.layout.line_end)
        writer.writerow(self.names)
        writer.writerows(self.texts)
        return out.getvalue().encode(self.layout.encoding)

    def raw_cells(self, data: bytes) -> list[list[str]]:
        """The cells of a file in the layout of this table, as they are written, with their quotes."""
        text = data.decode(self.layout.encoding)
        return [_raw_fields(line, self.layout.delimiter) for line in text.split(self.layout.line_end)]


def _raw_fields(line: str, delimiter: str) -> list[str]:
    """The fields of a line without line breaks in its fields, as they are written."""
    fields, quoted = [""], False
    for character in line:
        quoted ^= character == '"'
        if character == delimiter and not quoted:
            fields.append("")
        else:
            fields[-1] += character
    return fields


# --- values -------------------------------------------------------------------------------------------------


def walk(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.round(np.cumsum(rng.normal(size=rows)), int(rng.integers(0, 6)))


def daily(rng: np.random.Generator, rows: int) -> FloatArray:
    return 10 + 5 * np.sin(2 * np.pi * np.arange(rows) / 24) + rng.normal(size=rows)


def whole(rng: np.random.Generator, rows: int) -> FloatArray:
    return rng.integers(-50, 2000, rows).astype(float)


def direction(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.round(np.cumsum(rng.normal(0, 20, rows)) % 360, 1)


def meter(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.round(5000 + np.cumsum(rng.exponential(2.0, rows)), 2)


def flag(rng: np.random.Generator, rows: int) -> FloatArray:
    return (rng.random(rows) < 0.4).astype(float)


def code(rng: np.random.Generator, rows: int) -> FloatArray:
    return rng.choice([10.0, 20.0, 30.0, 90.0], rows)


def rain(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.where(rng.random(rows) < 0.8, 0.0, np.round(rng.exponential(3.0, rows), 1))


def constant(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.full(rows, rng.choice([0.0, -0.0, 7.0, 1e-300, 0.1]))


def huge(rng: np.random.Generator, rows: int) -> FloatArray:
    return rng.normal(size=rows) * 10.0 ** rng.integers(16, 300)


def tiny(rng: np.random.Generator, rows: int) -> FloatArray:
    return rng.normal(size=rows) * 10.0 ** -rng.integers(16, 320)


def infinite(rng: np.random.Generator, rows: int) -> FloatArray:
    values = walk(rng, rows)
    values[rng.integers(rows)] = rng.choice([np.inf, -np.inf])
    return values


def jumps(rng: np.random.Generator, rows: int) -> FloatArray:
    return np.repeat(rng.normal(size=-(-rows // 7)), 7)[:rows]


COLUMNS: Final[tuple[Callable[[np.random.Generator, int], FloatArray], ...]] = (
    *(walk, daily, whole, direction, meter, flag, code, rain, constant, huge, tiny, infinite, jumps),
)


# --- gaps ---------------------------------------------------------------------------------------------------


def no_gap(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    return np.zeros(shape, dtype=bool)


def scattered(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    return rng.random(shape) < rng.uniform(0.02, 0.5)


def runs(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    missing = np.zeros(shape, dtype=bool)
    for column in range(shape[1]):
        start = rng.integers(shape[0])
        missing[start : start + rng.integers(1, 30), column] = True
    return missing


def blackout(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    missing = np.zeros(shape, dtype=bool)
    start = rng.integers(shape[0])
    missing[start : start + max(1, shape[0] // 3)] = True
    return missing


def ends(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    missing = np.zeros(shape, dtype=bool)
    missing[: shape[0] // 4, 0] = missing[-shape[0] // 4 :, -1] = True
    return missing


def nearly_all(rng: np.random.Generator, shape: tuple[int, int]) -> BoolArray:
    missing = np.zeros(shape, dtype=bool)
    missing[:, rng.integers(shape[1])] = True
    missing[rng.integers(shape[0]), rng.integers(shape[1])] = False
    return missing


GAPS: Final = (no_gap, scattered, scattered, runs, blackout, ends, nearly_all)


# --- time stamps --------------------------------------------------------------------------------------------


def stamps_of(rng: np.random.Generator, rows: int) -> tuple[pd.DatetimeIndex | None, bool]:
    """Time stamps, regular or not, or none; and whether they are all different."""
    regular = pd.date_range("2023-03-25", periods=rows, freq=str(rng.choice(["h", "15min", "D", "s"])))
    kind = rng.choice(["none", "regular", "uneven", "shuffled", "repeated"])
    if kind == "none":
        return None, False
    if kind == "uneven":
        return regular + pd.to_timedelta(np.cumsum(rng.integers(0, 900, rows)), unit="s"), True
    if kind == "shuffled":
        return regular[rng.permutation(rows)], True
    if kind == "repeated":
        return regular[np.sort(rng.integers(0, rows, rows))], False
    return regular, True


# --- numbers as text ----------------------------------------------------------------------------------------


def text_of(rng: np.random.Generator, value: float, decimal: str) -> str:
    """A number as some program may write it: always one that reads back as the value or near it."""
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    style = rng.integers(6)
    text = (repr(value), f"{value:.3f}", f"{value:.6e}", f"+{value}", f" {value}", f"{value:.2f}0")[style]
    if abs(value) > 1e15 or (value and abs(value) < 1e-3) or "+-" in text:
        text = repr(value)
    return text.replace(".", decimal)


# --- tables -------------------------------------------------------------------------------------------------

FRAME_TYPES: Final = ("float64", "float32", "Float64", "Int64", "double[pyarrow]", "object", "int64", "bool", "boolean")


def made_table(seed: int) -> MadeTable:
    """A random table; the same for the same seed."""
    rng = np.random.default_rng([seed, 21])
    rows, columns = int(rng.choice([2, 3, 5, 12, 40, 90, 150])), int(rng.integers(1, 6))
    makers = [walk, *(COLUMNS[i] for i in rng.integers(0, len(COLUMNS), columns - 1))]
    values = np.column_stack([make(rng, rows) for make in makers])
    missing = GAPS[rng.integers(len(GAPS))](rng, values.shape)
    missing[rng.integers(rows), 0] = False  # something to learn from
    values[missing] = np.nan
    values[:, 0] = np.where(np.isinf(values[:, 0]), 1.0, values[:, 0])
    words = rng.choice(WORDS, rows)
    stamps, stamped = stamps_of(rng, rows)
    layout = _layout(rng)
    series = {"words": pd.Series(words)} | {f"c{i} (m³)": _typed(rng, column) for i, column in enumerate(values.T)}
    order = rng.permutation(list(series)).tolist()
    frame = pd.DataFrame({name: series[name] for name in order})
    if stamps is not None:
        frame.insert(0, "time", stamps)
    texts = {"words": words.tolist()} | {
        f"c{i} (m³)": [layout.marker if np.isnan(v) else text_of(rng, v, layout.decimal) for v in column]
        for i, column in enumerate(values.T.tolist())
    }
    if stamps is not None:
        texts["time"] = stamps.strftime("%Y-%m-%d %H:%M:%S").tolist()
    names = tuple(frame.columns)
    settings: dict[str, Any] = {"missing": "inf,-inf"} | ({} if stamped else {"time": False})
    return MadeTable(
        seed=seed,
        names=names,
        texts=[list(row) for row in zip(*(texts[name] for name in names), strict=True)],
        known=np.column_stack([_known(texts[name], layout.marker) for name in names]),
        frame=frame,
        layout=layout,
        stamped=stamped,
        settings=settings,
    )


def _known(texts: list[str], marker: str) -> BoolArray:
    return np.array([text not in (marker, "inf", "-inf") for text in texts])


def _layout(rng: np.random.Generator) -> Layout:
    delimiter = str(rng.choice([",", ";", "\t"]))
    decimal = "," if delimiter == ";" and rng.random() < 0.5 else "."
    line_end = str(rng.choice(["\n", "\r\n"]))
    return Layout(
        delimiter, decimal, line_end, str(rng.choice(["utf-8", "utf-8-sig", "cp1252"])), str(rng.choice(MARKERS))
    )


def _typed(rng: np.random.Generator, column: FloatArray) -> pd.Series:
    """A column as one of the types of pandas that can hold it exactly, or nearly so where it is cut to 32 bits."""
    series, kind = pd.Series(column), str(rng.choice(FRAME_TYPES))
    finite = column[np.isfinite(column)]
    small_whole = bool((finite == np.round(finite)).all() and (np.abs(finite) < 2**31).all())
    if kind in ("Int64", "int64", "bool", "boolean") and not (small_whole and not np.isinf(column).any()):
        kind = "float64"
    if kind in ("bool", "boolean") and not np.isin(finite, (0.0, 1.0)).all():
        kind = "float64"
    if kind in ("int64", "bool") and np.isnan(column).any():
        kind = "float64"
    if kind == "float32" and len(finite) and not (np.abs(finite[finite != 0]) < 1e30).all():
        kind = "float64"
    return series.astype(kind)

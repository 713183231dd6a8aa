"""Kinds of columns that the user gave: `wind_dir=circular:360,kwh=counter,mode=code,soc=range:0:100`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.json_text import parse_json
from latentfill.core.series import FloatArray
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.compass import Compass, angles_of
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind
from latentfill.kinds.number import Number
from latentfill.kinds.zero_inflated import ZeroInflated
from latentfill.tables.labels import is_boolean

AUTO = "auto"  # the kind is found in the readings
OF_LABELS = (AUTO, "code", "flag")  # kinds that a column of words may be given: all mean the same
USAGE = "COLUMN=KIND,..., such as wind_dir=circular:360,kwh=counter,mode=code,soc=range:0:100"

Maker = Callable[[FloatArray, int | None, list[float]], Kind]
IsUsable = Callable[[list[float]], bool]


def parse_kinds(text: str | None) -> Mapping[str, str]:
    """Kinds by column, as the setting `kind` gives them; raises an `InputError` for an unknown kind."""
    if text is None or not text.strip():
        return {}
    try:
        parsed = parse_json(text)
    except ValueError:
        parsed = dict(_pair(item, text) for item in text.split(","))
    if not isinstance(parsed, dict):
        raise InputError(f"kind takes {USAGE}; got {text!r}.")
    kinds = {str(column): str(kind).strip() for column, kind in parsed.items()}
    for kind in kinds.values():
        if kind != AUTO:
            _maker(kind)
    return kinds


def _pair(item: str, text: str) -> tuple[str, str]:
    column, equals, kind = item.rpartition("=")
    if not equals:
        raise InputError(f"kind takes {USAGE}; got {text!r}.")
    return column.strip(), kind.strip()


def check_columns(kinds: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raise an `InputError` for kinds of columns that there are not."""
    if unknown := [name for name in kinds if name not in columns]:
        raise InputError("kind: " + "; ".join(did_you_mean("column", name, columns) for name in unknown))


def make_kind(text: str, values: FloatArray, cycle: int | None, column: str) -> Kind:
    """The kind that the user gave to a column (T,), NaN where missing, with a cycle of so many steps.

    Raises an `InputError` for readings that are impossible for it.
    """
    make, numbers = _maker(text)
    kind = make(values, cycle, numbers)
    if problem := _impossible(kind, values[~np.isnan(values)]):
        raise InputError(f"column {column!r} is not {text!r}: {problem}. Give it another kind, or leave the kind out.")
    return kind


def kind_of_labels(text: str, values: FloatArray, labels: Sequence[str], column: str) -> Classes:
    """The kind of a column (T,) of numbers of its labels; raises an `InputError` if the user gave it one of numbers."""
    if text not in OF_LABELS:
        raise InputError(
            f"column {column!r} is not {text!r}: it holds words, such as {labels[0]!r}. Leave its kind out, or leave "
            f"the column out of --fill-text."
        )
    if text == AUTO and (angles := angles_of(labels)) is not None:
        return Compass.of_labels(values, angles)
    return Classes.of(values, "boolean" if is_boolean(labels) else "text")


def _maker(text: str) -> tuple[Maker, list[float]]:
    """What makes the kind called `text`, and the numbers that it gives; raises an `InputError` if there is none."""
    name, *rest = text.split(":")
    if name not in MAKERS:
        raise InputError("kind: " + did_you_mean("kind", name, (*MAKERS, AUTO)))
    make, is_usable = MAKERS[name]
    try:
        numbers = [float(part) if part else math.nan for part in rest]
    except ValueError:
        numbers = [math.inf]
    if not is_usable(numbers) or any(map(math.isinf, numbers)):
        raise InputError(
            f"kind {text!r}: write circular or circular:PERIOD with a PERIOD above 0, range:LOW:HIGH with LOW below "
            "HIGH (an end may be left out, as in range:0:), and all others without a number."
        )
    return make, numbers


def _is_period(numbers: list[float]) -> bool:
    return not numbers or (len(numbers) == 1 and numbers[0] > 0)


def _is_range(numbers: list[float]) -> bool:
    given = [number for number in numbers if not math.isnan(number)]
    return len(numbers) in (1, 2) and bool(given) and all(a < b for a, b in pairwise(given))


def _circular(values: FloatArray, cycle: int | None, numbers: list[float]) -> Circular:
    known, period = values[~np.isnan(values)], (numbers or [360.0])[0]
    start = -period / 2 if known.size and known.min() < 0 else 0.0
    return Circular(period, start, whole=_is_whole(known))


def _range(values: FloatArray, cycle: int | None, numbers: list[float]) -> Number:
    low, high = (None if math.isnan(number) else number for number in (*numbers, math.nan)[:2])
    return Number.of(values, "range", lowest=low, highest=high)


def _is_whole(known: FloatArray) -> bool:
    return bool(known.size and (known == np.round(known)).all())


def _is_none(numbers: list[float]) -> bool:
    return not numbers


MAKERS: Mapping[str, tuple[Maker, IsUsable]] = {  # with what tells the numbers that each takes
    "continuous": (lambda values, cycle, numbers: Number.of(values), _is_none),
    "non-negative": (lambda values, cycle, numbers: Number.of(values, "non-negative", lowest=0.0), _is_none),
    "zero-inflated": (
        lambda values, cycle, numbers: ZeroInflated.found(values, cycle, whole=_is_whole(values[~np.isnan(values)])),
        _is_none,
    ),
    "range": (_range, _is_range),
    "integer": (lambda values, cycle, numbers: Number.of(values, "integer", whole=True), _is_none),
    "circular": (_circular, _is_period),
    "counter": (lambda values, cycle, numbers: Counter(whole=_is_whole(values[~np.isnan(values)])), _is_none),
    "flag": (lambda values, cycle, numbers: Classes.of(values, "flag"), _is_none),
    "code": (lambda values, cycle, numbers: Classes.of(values, "code"), _is_none),
}


def _impossible(kind: Kind, known: FloatArray) -> str | None:
    """Why some readings are impossible for a kind; None if all are possible."""
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    if isinstance(kind, Circular) and (low < kind.start or high > kind.start + kind.period):
        return f"its values go from {low:g} to {high:g}, beyond one turn from {kind.start:g} on"
    if isinstance(kind, Number):
        if kind.lowest is not None and low < kind.lowest:
            return f"it has values down to {low:g}"
        if kind.highest is not None and high > kind.highest:
            return f"it has values up to {high:g}"
        if kind.whole and not _is_whole(known):
            return "it has values that are not whole"
    if isinstance(kind, Classes) and kind.label == "flag" and len(kind.values) > 2:
        return f"it has {len(kind.values)} different values"
    return None

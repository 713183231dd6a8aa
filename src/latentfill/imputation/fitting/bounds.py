"""The user's lower and upper limits of estimates, by column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.json_text import parse_json
from latentfill.core.series import FloatArray
from latentfill.kinds.columns import ColumnKinds

EVERY = "*"  # stands for all columns


def parse_bounds(name: str, text: str | None) -> Mapping[str, float]:
    """Bounds by column from text such as `0`, `a=0,b=-5` or `{"a, b": 0}`; `*` stands for all columns."""
    if text is None or not text.strip():
        return {}
    try:
        parsed: Any = parse_json(text)
        bounds = parsed if isinstance(parsed, dict) else {EVERY: parsed}
    except ValueError:
        pairs = (item.rpartition("=") for item in text.split(","))
        bounds = {column.strip() or EVERY: value for column, _, value in pairs}
    try:
        numbers = {column: float(value) for column, value in bounds.items()}
    except (OverflowError, TypeError, ValueError) as error:
        raise InputError(f'{name} takes a number, or COLUMN=NUMBER,... ("a=0,b=-5"), got {text!r}.') from error
    if not all(map(math.isfinite, numbers.values())):
        raise InputError(f"{name} takes finite numbers, got {text!r}.")
    return numbers


def bounds_of(config: Config, columns: tuple[str, ...], *, named: bool = False) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bound of each column, (C,) each, original units; infinite where the user gave none.

    With `named`, only bounds of columns by their names, not those of all columns.
    """
    low = _per_column("minimum", parse_bounds("minimum", config.output.minimum), columns, -np.inf, named)
    high = _per_column("maximum", parse_bounds("maximum", config.output.maximum), columns, np.inf, named)
    if config.output.non_negative is not None:
        zeros = dict.fromkeys(config.output.non_negative, 0.0)
        low = np.fmax(low, _per_column("non_negative", zeros, columns, -np.inf, named))
    crossed = [name for c, name in enumerate(columns) if low[c] > high[c]]
    if crossed:
        c = columns.index(crossed[0])
        raise InputError(f"the minimum {low[c]:g} of column {crossed[0]!r} is above its maximum {high[c]:g}.")
    return low, high


def check_kinds(config: Config, columns: tuple[str, ...], kinds: ColumnKinds) -> None:
    """Raise an `InputError` for a limit by name that would cut off values of a direction, a flag or a code.

    A limit of all columns is one of the amounts among them.
    """
    low, high = bounds_of(config, columns, named=True)
    for c, (name, kind) in enumerate(zip(columns, kinds.kinds, strict=False)):  # without the kinds of covariates
        if kind.ends is None or (low[c] <= kind.ends[0] and high[c] >= kind.ends[1]):
            continue
        limit = f"minimum {low[c]:g}" if low[c] > kind.ends[0] else f"maximum {high[c]:g}"
        raise InputError(
            f"column {name!r} cannot have the {limit}: it is {kind.name}, with values from {kind.ends[0]:g} to "
            f"{kind.ends[1]:g}. Leave the limit out, or give the column another kind: --kind {name}=continuous."
        )


def _per_column(
    name: str, bounds: Mapping[str, float], columns: tuple[str, ...], default: float, named: bool
) -> FloatArray:
    """The bound (C,) of each column, `default` without one; raises an `InputError` for unknown columns."""
    unknown = [column for column in bounds if column not in columns and column != EVERY]
    if unknown:
        raise InputError(f"{name}: " + "; ".join(did_you_mean("column", column, columns) for column in unknown))
    otherwise = default if named else bounds.get(EVERY, default)
    return np.array([bounds.get(column, otherwise) for column in columns], dtype=float)

"""The table that embeddings were made from, as the arrays of a safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.json_text import parse_json
from latentfill.embeddings.protocols.record import RecordedTable

VALUES, TIME, COLUMNS = "table.values", "table.time", "table.columns"


def table_arrays(table: RecordedTable) -> dict[str, NDArray[Any]]:
    """Values (T, C) float64, names of columns as the UTF-8 bytes of a JSON list, and nanoseconds (T,) int64."""
    names = json.dumps(table.columns, ensure_ascii=False).encode()
    names += b" " * (-len(names) % 8)  # aligns the numbers that follow
    arrays: dict[str, NDArray[Any]] = {
        VALUES: np.ascontiguousarray(table.values, "<f8"),
        COLUMNS: np.frombuffer(names, np.uint8),
    }
    if table.time is not None:
        arrays[TIME] = table.time.astype("datetime64[ns]").astype("<i8")
    return arrays


def table_of(arrays: Mapping[str, NDArray[Any]]) -> RecordedTable | None:
    """The inverse of `table_arrays`; None without these arrays, `ValueError` if they do not fit together."""
    if VALUES not in arrays:
        return None
    values, time = arrays[VALUES], arrays.get(TIME)
    columns = parse_json(arrays[COLUMNS].tobytes()) if COLUMNS in arrays else []
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise ValueError("the names of the table's columns are no list of texts")
    is_fit = values.ndim == 2 and len(columns) == len(set(columns)) == values.shape[1] and values.dtype == np.float64
    if not is_fit or (time is not None and (time.shape != values.shape[:1] or time.dtype != np.int64)):
        raise ValueError("its arrays of the table do not fit together")
    return RecordedTable(values, tuple(columns), None if time is None else time.astype("datetime64[ns]"))

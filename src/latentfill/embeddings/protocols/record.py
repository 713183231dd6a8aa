"""Records of embeddings: the vectors, the rows at which their windows start, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Protocol, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.json_types import field_problems
from latentfill.core.series import FloatArray, IntArray, Series, TimeArray
from latentfill.core.window_plan import WindowPlan, plan_problems

VectorArray = NDArray[np.float32]
Saw = Literal["observed", "filled", "unknown"]
COMPUTED = "computed"  # source of vectors that latentfill has computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a set of embeddings was made; unknown fields are None."""

    encoder: str
    source: str  # the path the vectors were read from, or "computed"
    settings: Mapping[str, object] = field(default_factory=dict)  # settings of the encoder, JSON values
    weights_digest: str | None = None
    window: Mapping[str, object] | None = None  # the split plan, which determines the windows
    table_digest: str | None = None  # digest of the table's values, column names and time stamps
    scaler_digest: str | None = None
    deterministic: bool | None = None
    saw: Saw = "unknown"  # the cells that the encoder saw: only observed cells, or also filled cells

    def __post_init__(self) -> None:
        if self.saw not in get_args(Saw):
            raise InputError(f"Provenance: saw must be one of {', '.join(get_args(Saw))}, got {self.saw!r}")

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, the inverse of `from_dict`."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return cast(dict[str, object], json.loads(json.dumps(plain, default=dict)))

    @classmethod
    def unknown(cls, source: Path) -> Self:
        """The record of embeddings of unknown origin at `source`."""
        return cls(encoder="unknown", source=str(source))

    @classmethod
    def from_dict(cls, record: Mapping[str, object]) -> Provenance:
        """The inverse of `to_dict`; raises `InputError` for unknown or missing keys."""
        if not isinstance(record, Mapping):
            raise InputError(f"Provenance: must be a mapping of keys to values, got {record!r}")
        known = {f.name for f in fields(cls)}
        problems = [f"unknown key {key!r} (known: {', '.join(sorted(known))})" for key in sorted(record.keys() - known)]
        problems += [f"no {key!r}" for key in ("encoder", "source") if key not in record]
        problems = problems or list(field_problems(record, cls))
        if not problems and record.get("window"):
            problems = list(plan_problems(cast(Mapping[str, object], record["window"])))
        if problems:
            raise InputError("Provenance: " + "; ".join(problems))
        return cls(**cast(dict[str, Any], dict(record)))


@dataclass(frozen=True, slots=True, eq=False)
class RecordedTable:
    """The table that embeddings were made from, kept with them to recognise it."""

    values: FloatArray  # (T, C), NaN where missing
    columns: tuple[str, ...]  # C names
    time: TimeArray | None  # (T,) datetime64[ns]; None if the table has no time stamps

    @classmethod
    def of(cls, series: Series) -> Self:
        """The record of a series."""
        return cls(series.values, series.columns, None if series.time is None else series.time.astype("datetime64[ns]"))


class Vectors(Protocol):
    """Float32 vectors (N, C, D): an array, or an object that reads rows of an array."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def ndim(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[np.float32]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: IntArray | slice, /) -> VectorArray: ...


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The embeddings of N windows: one vector per column, or one vector for all columns (C = 1)."""

    vectors: Vectors  # (N, C, D)
    starts: IntArray  # (N,) first row of each window in the table
    provenance: Provenance
    steps: VectorArray | None = None  # (T, D) embeddings of the single steps of the table, if there are any

    def __post_init__(self) -> None:
        problems = []
        if self.vectors.ndim != 3:
            problems.append(f"vectors must have shape (windows, columns, size), got {self.vectors.shape}")
        if self.vectors.dtype != np.float32:
            problems.append(f"vectors must be float32, got {self.vectors.dtype}")
        if self.starts.shape != self.vectors.shape[:1]:
            problems.append(f"{self.vectors.shape[:1]} windows but starts of shape {self.starts.shape}")
        if problems:
            raise InputError("Embeddings: " + "; ".join(problems))


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """Stored embeddings with the windows of a table that they belong to."""

    plan: WindowPlan
    splits: Mapping[str, Embeddings] = field(default_factory=dict)  # with variables in the order of the table's columns
    notes: tuple[str, ...] = ()  # sentences for the user: what was found, and what could not be checked


class StoredEmbeddings(Protocol):
    """Embeddings on disk, of any layout."""

    @property
    def splits(self) -> Mapping[str, int]:
        """Number of windows of each split."""
        ...

    @property
    def layout(self) -> str:
        """Name of the layout, such as "packed"."""
        ...

    @property
    def path(self) -> Path:
        """File or folder."""
        ...

    @property
    def provenance(self) -> Provenance:
        """How the embeddings were made, as far as it is known."""
        ...

    @property
    def table(self) -> RecordedTable | None:
        """The table that they were made from, if it is recorded."""
        ...

    @property
    def starts(self) -> Mapping[str, IntArray]:
        """First rows of the windows (N,) of the splits for which they are recorded."""
        ...

    @property
    def pred_len(self) -> int | None:
        """TimeKD's horizon, if the path names it."""
        ...

    @property
    def extents(self) -> Mapping[str, int]:
        """Number of windows of each split, counting missing ones before the last."""
        ...

    @property
    def is_numbered(self) -> bool:
        """Whether each window has a number of its own, so that a part of the windows can be recognised."""
        ...

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split, (N, C, D); raises `EmbeddingMismatchError` if N or C is not as expected."""
        ...

    def describe(self) -> dict[str, object]:
        """Layout, splits and sizes, from a sample of the windows, in plain JSON values."""
        ...

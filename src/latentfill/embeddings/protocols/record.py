"""What every source of embeddings hands over: vectors, where their windows start, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Protocol, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import IntArray

VectorArray = NDArray[np.float32]
Saw = Literal["observed", "filled", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a set of embeddings was made; None stands for "not known"."""

    encoder: str
    source: str  # the path the vectors were read from, or "computed"
    settings: Mapping[str, object] = field(default_factory=dict)  # the encoder's, JSON values only
    weights_digest: str | None = None
    window: Mapping[str, object] | None = None  # length and stride, or the split plan
    table_digest: str | None = None  # of the values, columns and time stamps they were made of
    scaler_digest: str | None = None
    deterministic: bool | None = None
    # observed: only cells that were read, none hidden later; filled: gaps were filled before embedding.
    saw: Saw = "unknown"

    def __post_init__(self) -> None:
        if self.saw not in get_args(Saw):
            raise InputError(f"Provenance: saw must be one of {', '.join(get_args(Saw))}, got {self.saw!r}")

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, the inverse of `from_dict`."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return cast(dict[str, object], json.loads(json.dumps(plain, default=dict)))

    @classmethod
    def unknown(cls, source: Path) -> Self:
        """Of embeddings that do not say how they were made."""
        return cls(encoder="unknown", source=str(source))

    @classmethod
    def from_dict(cls, record: Mapping[str, object]) -> Provenance:
        """The inverse of `to_dict`; unknown and missing keys are refused."""
        if not isinstance(record, Mapping):
            raise InputError(f"Provenance: not a record of keys and values, got {record!r}")
        known = {f.name for f in fields(cls)}
        problems = [f"unknown key {key!r} (known: {', '.join(sorted(known))})" for key in sorted(record.keys() - known)]
        problems += [f"no {key!r}" for key in ("encoder", "source") if key not in record]
        if problems:
            raise InputError("Provenance: " + "; ".join(problems))
        return cls(**cast(dict[str, Any], dict(record)))


class Vectors(Protocol):
    """Float32 vectors (N, C, D), an array or what can be asked for rows of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def ndim(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> VectorArray: ...


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One vector per window and column; a univariate or pooled vector has C = 1."""

    vectors: Vectors  # (N, C, D)
    starts: IntArray  # (N,), first step of each window in the series
    provenance: Provenance

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


class StoredEmbeddings(Protocol):
    """Embeddings on disk, of any layout."""

    @property
    def splits(self) -> Mapping[str, int]:
        """How many windows each split holds."""
        ...

    @property
    def layout(self) -> str:
        """How they are laid out, in a word."""
        ...

    @property
    def path(self) -> Path:
        """Where they are."""
        ...

    @property
    def provenance(self) -> Provenance:
        """How they were made, as far as that is known."""
        ...

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split, (N, C, D), N and C checked where given."""
        ...

    def describe(self) -> dict[str, object]:
        """What is there, from a sample, in plain JSON values."""
        ...

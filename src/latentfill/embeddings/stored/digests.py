"""Hashes that identify a table, a scaler or a set of vectors."""

from __future__ import annotations

import hashlib

import numpy as np

from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.windows.scaling import ColumnScaler

AT_ONCE = 1024  # windows whose vectors are read together


def table_digest(series: Series) -> str:
    """SHA-256 of the values, column names and time stamps of a table."""
    digest = hashlib.sha256(np.ascontiguousarray(series.values).data)
    digest.update("\0".join(series.columns).encode())
    if series.time is not None:
        digest.update(np.ascontiguousarray(series.time.astype("datetime64[ns]").astype(np.int64)).data)
    return digest.hexdigest()


def scaler_digest(scaler: ColumnScaler) -> str:
    """SHA-256 of the shift and scale of each column."""
    return hashlib.sha256(np.stack([scaler.shift, scaler.scale]).tobytes()).hexdigest()


def vectors_digest(embeddings: Embeddings) -> str:
    """SHA-256 of the vectors."""
    digest = hashlib.sha256()
    for first in range(0, len(embeddings.vectors), AT_ONCE):
        digest.update(np.ascontiguousarray(embeddings.vectors[first : first + AT_ONCE]).data)
    return digest.hexdigest()

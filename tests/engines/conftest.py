"""A small data set of many series."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from engines.small_series import N_SERIES, Plain, rows_of
from latentfill.api.data_sets.data_set import DataSet
from latentfill.core.places import Place


@pytest.fixture
def engine() -> Plain:
    return Plain()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a Parquet file for each series."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(N_SERIES):
        parquet.write_table(rows_of(number), folder / f"s{number}.parquet")
    return folder


@pytest.fixture
def data(files: Path, tmp_path: Path) -> DataSet:
    return DataSet((Place.of(files),), Place.of(tmp_path / "out"))

"""The names and types of the columns in many files, which must be the same in all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from latentfill.api.data_sets.bunches import PARQUET
from latentfill.api.data_sets.units import Unit
from latentfill.core.errors import InputError
from latentfill.core.messages import name_columns
from latentfill.core.places import FoundFile

if TYPE_CHECKING:
    import pyarrow as pa


def stored_types(units: Sequence[Unit]) -> pa.Schema | None:
    """The columns of all Parquet files with types that hold the values of all; None for files of other formats.

    Raises an `InputError` that names the files whose columns differ, or have types that do not go together.
    """
    import pyarrow as pa

    first: FoundFile | None = None
    joined: pa.Schema | None = None
    for file, schema in _schemas([file for unit in units for file in unit.files]):
        if joined is None or first is None:
            first, joined = file, schema
            continue
        if set(schema.names) != set(joined.names):
            only = [sorted(set(one.names) - set(other.names)) for one, other in ((schema, joined), (joined, schema))]
            raise InputError(
                f"{file.name} has other columns than {first.name}: {_difference(*only)}. Files of one data set need "
                "the same columns; fill the others by themselves."
            )
        try:
            joined = pa.unify_schemas([joined, schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise InputError(
                f"{file.name} has other types of columns than {first.name}: {error}. Write each column with the same "
                "type in all files."
            ) from error
    return joined


def _difference(more: Sequence[str], fewer: Sequence[str]) -> str:
    parts = [f"{name_columns(more)} only there"] * bool(more) + [f"{name_columns(fewer)} missing"] * bool(fewer)
    return " and ".join(parts)


def _schemas(files: Sequence[FoundFile]) -> Iterator[tuple[FoundFile, pa.Schema]]:
    """The schemas of those that are Parquet files."""
    from pyarrow import ArrowException, parquet

    for file in files:
        if not file.name.lower().endswith(PARQUET):
            continue
        try:
            with file.place.opened() as source:
                yield file, parquet.read_schema(source).remove_metadata()
        except (ArrowException, OSError) as error:
            raise InputError(
                f"{file.place} is not a readable Parquet file ({error}). Create or download it again."
            ) from error

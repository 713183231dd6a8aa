"""Objects that are no tables in memory, such as lazy frames and open files, and what makes a table of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from latentfill.core.libraries import is_of, library_of


class Advice(NamedTuple):
    """What objects of a library are, and the way to a table."""

    library: str
    names: tuple[str, ...]  # of the class or one of its bases; empty: any
    what: str
    way_out: str


LIBRARIES = (
    Advice("polars", ("LazyFrame",), "is lazy and holds no values yet", "Call `.collect()` on it first."),
    Advice("narwhals", ("LazyFrame",), "is lazy and holds no values yet", "Call `.collect()` on it first."),
    Advice("polars", ("GroupBy", "LazyGroupBy"), "is a frame in groups", "Give the frame, and the groups as by=..."),
    Advice("pandas", ("GroupBy", "BaseGroupBy"), "is a frame in groups", "Give the frame, and the groups as by=..."),
    Advice(
        "pyspark", (), "lives in a Spark cluster", "Call `.toPandas()` (or, in pyspark.pandas, `.to_pandas()`) first."
    ),
    Advice("dask", (), "is lazy and holds no values yet", "Call `.compute()` on it first."),
    Advice("modin", (), "is spread over processes", "Call `.modin.to_pandas()` on it first."),
    Advice("duckdb", (), "is a query that has not run", "Call `.df()` or `.pl()` on it first."),
    Advice("_duckdb", (), "is a query that has not run", "Call `.df()` or `.pl()` on it first."),
    Advice("ibis", (), "is a query that has not run", "Call `.to_pandas()` or `.to_pyarrow()` on it first."),
    Advice("cudf", (), "lies in the memory of a GPU", "Call `.to_pandas()` or `.to_arrow()` on it first."),
    Advice("vaex", (), "lies on disk", "Call `.to_pandas_df()` on it first."),
    Advice("pyarrow", ("RecordBatch",), "is a part of a table", "Give pyarrow.Table.from_batches([batch])."),
    Advice("pyarrow", ("RecordBatchReader",), "can be read only once", "Call `.read_all()` on it first."),
    Advice("pyarrow", ("Dataset",), "lies on disk", "Call `.to_table()` on it first."),
    Advice("h5py", (), "is an open file", "Give the path of the file, or an array, such as file['X'][:]."),
    Advice("xarray", ("DataTree",), "holds many datasets", "Fill each of them: tree['name'].to_dataset()."),
)

_OF_FRAMES = "of frames is no table. Stack them, with a column that tells them apart, and give its name as by=..."
_OF_NUMBERS = "is no table. Make an array (steps, columns) or (series, steps, columns) of it: numpy.array(x)."
ARRAYS = ("jax", "jaxlib", "tensorflow", "mlx")


def refusal(given: object) -> str | None:
    """What is wrong with an object that is no table in memory, and the way out; None if nothing is known of it."""
    name = type(given).__name__
    for advice in LIBRARIES:
        if is_of(given, advice.library, *advice.names):
            return f"The {name} of {advice.library.strip('_')} {advice.what}. {advice.way_out}"
    if hasattr(given, "read") and hasattr(given, "close"):
        return f"An open file ({name}) is not read. Give its path, or what is read of it: pandas.read_csv(file)."
    if isinstance(given, Iterator):
        return f"A {name} can be read only once and is no table. Collect its rows in a frame, or give a list of paths."
    if isinstance(given, list | tuple):
        return f"A {name} {_OF_FRAMES if any(hasattr(each, 'columns') for each in given) else _OF_NUMBERS}"
    if hasattr(given, "__array__") and library_of(type(given)) in ARRAYS:
        return f"A {name} is not read. Make a NumPy array of it: numpy.asarray(x)."
    return None

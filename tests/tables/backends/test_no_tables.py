"""Objects that are no tables in memory are refused with the way to a table."""

from __future__ import annotations

import csv
import io
import types

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import latentfill
from latentfill import InputError

ROWS = {"a": [1.0, None, 3.0], "b": [2.0, 3.0, 4.0]}
TABLE = pa.table(ROWS)


def of_library(module: str, name: str) -> object:
    """An object as a library defines it, which need not be installed."""
    return type(name, (), {"__module__": module, "columns": ["a"], "__array__": None})()


@pytest.mark.parametrize(
    ("given", "way_out"),
    [
        (pl.LazyFrame(ROWS), r"LazyFrame of polars is lazy .* `.collect\(\)`"),
        (pl.DataFrame(ROWS).group_by("a"), "the groups as by="),
        (pd.DataFrame(ROWS).groupby("a"), "the groups as by="),
        (pd.DataFrame(ROWS).groupby("a")["b"], "the groups as by="),
        (TABLE.to_batches()[0], r"from_batches\(\[batch\]\)"),
        (TABLE.to_reader(), r"`.read_all\(\)`"),
        (ds.dataset(TABLE), r"`.to_table\(\)`"),
        (of_library("pyspark.sql.classic.dataframe", "DataFrame"), r"`.toPandas\(\)`"),
        (of_library("dask.dataframe.dask_expr._collection", "DataFrame"), r"`.compute\(\)`"),
        (of_library("modin.pandas.dataframe", "DataFrame"), r"`.modin.to_pandas\(\)`"),
        (of_library("duckdb._relation", "DuckDBPyRelation"), r"The DuckDBPyRelation of duckdb .* `.df\(\)`"),
        (of_library("_duckdb", "DuckDBPyRelation"), r"The DuckDBPyRelation of duckdb .* `.df\(\)`"),
        (of_library("ibis.expr.types.relations", "Table"), r"`.to_pandas\(\)`"),
        (of_library("xarray.core.datatree", "DataTree"), r"tree\['name'\].to_dataset\(\)"),
        ((row for row in [(1, 2)]), "A generator can be read only once"),
        (csv.reader(["a,b", "1,2"]), "A reader can be read only once"),
        (io.StringIO("a,b\n1,2\n"), r"open file \(StringIO\) .* Give its path"),
        (io.BytesIO(b"a,b\n1,2\n"), r"open file \(BytesIO\) .* Give its path"),
        ([pl.DataFrame(ROWS), pl.DataFrame(ROWS)], "A list of frames .* by="),
        ([[1.0, 2.0], [3.0, None]], r"A list is no table. Make an array .* numpy.array\(x\)"),
        ((np.zeros((4, 2)), np.zeros((4, 2))), r"A tuple is no table. Make an array"),
        (types.SimpleNamespace(), "type SimpleNamespace is not a table"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_table_is_refused_with_the_way_out(given: object, way_out: str):
    with pytest.raises(InputError, match=way_out):
        latentfill.impute(given)
    with pytest.raises(InputError, match=way_out):
        latentfill.read_table(given)


def test_an_open_hdf5_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["X"] = np.zeros((3, 4, 2))
        for given in (file, file["X"]):
            with pytest.raises(InputError, match=r"of h5py is an open file.* file\['X'\]\[:\]"):
                latentfill.impute(given)


@pytest.mark.parametrize("library", ["jax", "jaxlib._jax", "tensorflow.python.framework.ops"])
def test_an_array_of_another_library_is_to_be_made_one_of_numpy(library: str):
    given = type("Array", (), {"__module__": library, "__array__": lambda self: np.zeros((3, 2))})()
    with pytest.raises(InputError, match=r"numpy.asarray\(x\)"):
        latentfill.impute(given)


def test_what_is_said_of_libraries_that_are_installed_is_true():
    """The way out leads to the table; dask, modin and duckdb are tested where they are installed."""
    frame = pd.DataFrame(ROWS)
    assert pl.LazyFrame(ROWS).collect().equals(pl.DataFrame(ROWS))
    assert TABLE.to_reader().read_all().equals(TABLE)
    assert pa.Table.from_batches(TABLE.to_batches()[:1]).equals(TABLE)
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    query = duckdb.from_df(frame)
    with pytest.raises(InputError, match=r"`.df\(\)`"):
        latentfill.impute(query)
    pd.testing.assert_frame_equal(query.df(), frame)


@pytest.mark.filterwarnings("ignore")
def test_a_frame_of_dask_is_refused():
    dask = pytest.importorskip("dask.dataframe", reason="dask is not installed")
    lazy = dask.from_pandas(pd.DataFrame(ROWS), npartitions=1)
    with pytest.raises(InputError, match=r"`.compute\(\)`"):
        latentfill.impute(lazy)
    assert isinstance(lazy.compute(), pd.DataFrame)

"""Frames of pandas, polars and pyarrow: types, index and observed cells do not change."""

import datetime as dt
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.write import fill_frame

NAN = np.nan


# --- pyarrow ------------------------------------------------------------------------------------------------


def arrow_table():
    schema = pa.schema(
        [
            pa.field("t", pa.timestamp("ms", tz="Europe/Berlin"), metadata={"unit": "h"}),
            pa.field("i", pa.int16()),
            pa.field("f", pa.float32()),
            pa.field("d", pa.decimal128(8, 2)),
            pa.field("big", pa.int64()),
            pa.field("s", pa.dictionary(pa.int8(), pa.string())),
            pa.field("b", pa.bool_()),
        ],
        metadata={"owner": "me"},
    )
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    columns = [
        [start + dt.timedelta(hours=hour) for hour in (0, 1, 3)],
        [1, None, 30_000],
        [0.1, None, 0.3],
        [Decimal("1.50"), None, Decimal("2.25")],
        [2**60 + 1, None, 3],
        ["x", None, "y"],
        [True, None, False],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def test_an_arrow_table_keeps_its_schema_and_observed_cells():
    table = read_table(arrow_table())
    assert table.series.columns == ("i", "f", "d", "big")
    assert table.series.rows.tolist() == [0, 1, -1, 2]
    out = fill_frame(table, np.full((4, 4), 7.6))
    assert out.schema.equals(arrow_table().schema, check_metadata=True)
    assert out["i"].to_pylist() == [1, 8, 30_000]
    assert out["f"].to_pylist() == pa.array([0.1, 7.6, 0.3], pa.float32()).to_pylist()
    assert out["d"].to_pylist() == [Decimal("1.50"), Decimal("7.60"), Decimal("2.25")]
    assert out["big"].to_pylist() == [2**60 + 1, 8, 3]
    assert out.select(["t", "s", "b"]).equals(arrow_table().select(["t", "s", "b"]))


def test_an_arrow_table_without_estimates_does_not_change():
    table = read_table(arrow_table())
    assert fill_frame(table, table.series.values).equals(arrow_table())


def test_rows_are_added_to_an_arrow_table():
    table = read_table(arrow_table(), TableOptions(grid=True))
    out = fill_frame(table, np.full((4, 4), 7.6))
    assert out.schema.equals(arrow_table().schema, check_metadata=True)
    assert out["t"].to_pylist()[2] == dt.datetime(2020, 1, 1, 2, tzinfo=dt.UTC)
    assert out["i"].to_pylist() == [1, 8, 8, 30_000]
    assert out["s"].to_pylist() == ["x", None, None, "y"]


# --- pandas -------------------------------------------------------------------------------------------------


def pandas_frame():
    return pd.DataFrame(
        {
            "i": np.array([1, -999, 3], dtype="int32"),
            "I": pd.array([1, None, 2**60 + 1], dtype="Int64"),
            "f": np.array([0.1, NAN, 0.3], dtype="float32"),
            "o": np.array(["1.25", "NA", "2.5"], dtype=object),
            "m": np.array([1, None, 2.5], dtype=object),
            "s": ["a", None, "c"],
            "b": [True, False, True],
            "c": pd.Categorical(["a", "b", "a"]),
        },
        index=pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-04"], name="day", tz="Europe/Berlin"),
    )


def test_a_pandas_frame_keeps_its_index_types_and_observed_cells():
    frame = pandas_frame()
    table = read_table(frame, TableOptions(missing=("-999",)))
    assert table.series.columns == ("i", "I", "f", "o", "m")
    assert table.series.time[0] == np.datetime64("2019-12-31T23:00", "ns")
    assert table.series.rows.tolist() == [0, 1, -1, 2]
    out = fill_frame(table, np.full((4, 5), 7.512))
    pd.testing.assert_index_equal(out.index, frame.index)
    assert out.dtypes.to_dict() == frame.dtypes.to_dict()
    assert out["i"].tolist() == [1, 8, 3]
    assert out["I"].tolist() == [1, 8, 2**60 + 1]
    assert out["f"].tolist() == np.array([0.1, 7.512, 0.3], dtype="float32").tolist()
    assert out["o"].tolist() == ["1.25", "7.51", "2.5"]
    assert out["m"].tolist() == [1, 7.512, 2.5]
    pd.testing.assert_frame_equal(out[["s", "b", "c"]], frame[["s", "b", "c"]])
    pd.testing.assert_frame_equal(frame, pandas_frame())  # the input is not written to
    pd.testing.assert_frame_equal(fill_frame(table, table.series.values), frame)


def test_rows_are_added_to_a_pandas_frame_with_a_time_index():
    table = read_table(pandas_frame(), TableOptions(missing=("-999",), grid=True))
    out = fill_frame(table, np.full((4, 5), 7.512))
    assert [str(day.date()) for day in out.index] == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
    assert out.index.name == "day"
    assert str(out.index.tz) == "Europe/Berlin"
    assert out["i"].tolist() == [1, 8, 8, 3]
    assert out["i"].dtype == np.dtype("int32")
    assert out["f"].dtype == np.dtype("float32")
    assert out["b"].isna().tolist() == [False, False, True, False]


def test_rows_are_added_to_a_pandas_frame_with_a_time_column():
    frame = pd.DataFrame({"t": ["2020-01-01", "2020-01-02", "2020-01-04"], "v": [1.0, NAN, 4.0], "n": [3, 4, 9]})
    out = fill_frame(read_table(frame, TableOptions(grid=True)), np.full((4, 2), 2.0))
    assert out["t"].tolist() == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
    assert out["v"].tolist() == [1, 2, 2, 4]
    assert out["n"].tolist() == [3, 4, 2, 9]
    assert out.index.tolist() == [0, 1, 2, 3]
    other = frame.set_index(pd.Index([7, 8, 9]))
    assert fill_frame(read_table(other), np.full((4, 2), 2.0)).index.tolist() == [7, 8, 9]
    with pytest.raises(InputError, match="reset_index"):
        fill_frame(read_table(other, TableOptions(grid=True)), np.full((4, 2), 2.0))


def test_an_empty_column_of_a_pandas_frame_with_an_index_is_filled():
    frame = pd.DataFrame({"v": [1.0, 5.0], "e": [NAN, NAN]}, index=pd.DatetimeIndex(["2020-01-01", "2020-01-02"]))
    out = fill_frame(read_table(frame), np.full((2, 2), 7.5))
    assert out["e"].tolist() == [7.5, 7.5]
    pd.testing.assert_index_equal(out.index, frame.index)


def test_rows_are_added_to_a_frame_with_time_stamps_as_categories():
    frame = pd.DataFrame({"date": pd.Categorical(["2020-01-01", "2020-01-02", "2020-01-04"]), "v": [1.0, NAN, 4.0]})
    out = fill_frame(read_table(frame, TableOptions(grid=True)), np.full((4, 1), 2.0))
    assert out["date"].tolist() == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]


def test_a_pandas_frame_with_numbers_as_column_names_is_filled():
    out = fill_frame(read_table(pd.DataFrame([[1.0, 2.0], [NAN, 5.0], [7.0, NAN]])), np.full((3, 2), 3.5))
    assert out.columns.tolist() == [0, 1]
    assert out.to_numpy().tolist() == [[1, 2], [3.5, 5], [7, 3.5]]


def test_rows_are_added_to_a_frame_with_year_month_and_day_columns():
    frame = pd.DataFrame({"year": [2020] * 3, "month": [1] * 3, "day": [1, 2, 4], "v": [1.0, NAN, 3.5]})
    out = fill_frame(read_table(frame, TableOptions(grid=True)), np.full((4, 1), 2.0))
    assert out["day"].tolist() == [1, 2, 3, 4]
    assert out.dtypes.to_dict() == frame.dtypes.to_dict()


# --- polars -------------------------------------------------------------------------------------------------


def polars_frame():
    return pl.DataFrame(
        {
            "t": pl.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2020, 1, 4)]),
            "f": pl.Series([0.1, NAN, None], dtype=pl.Float32),
            "i": pl.Series([2**60 + 1, None, 3], dtype=pl.Int64),
            "u": pl.Series([1, None, 3], dtype=pl.UInt8),
            "o": ["1.5", None, "2.5"],
            "s": ["a", None, "b"],
            "none": [None, None, None],
        }
    )


def test_nan_and_null_of_a_polars_frame_are_filled_and_types_are_kept():
    table = read_table(polars_frame())
    assert table.series.columns == ("f", "i", "u", "o", "none")
    out = fill_frame(table, np.full((4, 5), [-3.0, 7.5, -3.0, 7.25, NAN]))
    assert out.schema == polars_frame().schema
    assert out["f"].to_list() == pl.Series([0.1, -3, -3], dtype=pl.Float32).to_list()
    assert out["i"].to_list() == [2**60 + 1, 8, 3]
    assert out["u"].to_list() == [1, 0, 3]  # -3 is limited to the range of the type
    assert out["o"].to_list() == ["1.5", "7.2", "2.5"]
    assert out["s"].to_list() == ["a", None, "b"]
    unchanged = fill_frame(table, np.full((4, 5), NAN))
    assert unchanged.equals(polars_frame(), null_equal=True)


def test_rows_are_added_to_a_polars_frame():
    out = fill_frame(read_table(polars_frame(), TableOptions(grid=True)), np.full((4, 5), 7.5))
    assert out["t"].to_list()[2] == dt.date(2020, 1, 3)
    assert out["i"].to_list() == [2**60 + 1, 8, 8, 3]
    assert out["none"].to_list() == [7.5] * 4
    assert out["s"].to_list() == ["a", None, None, "b"]


# --- many columns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame, pl.DataFrame])
def test_columns_are_not_taken_from_or_put_into_a_wide_frame_one_by_one(make, monkeypatch):
    """Each of these takes time in proportion to the number of columns."""
    calls = []
    for name in ("__getitem__", "with_columns", "select"):
        method = getattr(nw.DataFrame, name)

        def counting(self, *args, method=method):
            calls.append(method)
            return method(self, *args)

        monkeypatch.setattr(nw.DataFrame, name, counting)
    table = read_table(make({f"c{i}": [1.0, None, 4.0] for i in range(50)}))
    out = fill_frame(table, np.full((3, 50), 2.0), extras={"lower": np.full((3, 50), 1.5)})
    assert len(calls) <= 3
    columns = {name: list(column) for name, column in nw.from_native(out).to_dict(as_series=False).items()}
    assert columns["c49"] == [1, 2, 4]
    assert columns["c49_lower"] == [1.5] * 3
    assert list(columns)[:50] == [f"c{i}" for i in range(50)]


# --- refused ------------------------------------------------------------------------------------------------


def test_an_object_that_is_no_frame_in_memory_is_refused():
    with pytest.raises(InputError, match="type int is not a table"):
        read_table(3)
    with pytest.raises(InputError, match=r"\.collect\(\)"):
        read_table(pl.LazyFrame({"a": [1.0, None]}))
    with pytest.raises(InputError, match="same name: 'a'"):
        read_table(pd.DataFrame([[1.0, 2.0]] * 3, columns=["a", "a"]))


def test_integers_of_128_bits_are_filled():
    frame = pl.DataFrame({"a": pl.Series([1, None, 3], dtype=pl.Int128)})
    table = read_table(frame)
    filled = fill_frame(table, np.array([[1.0], [2.2], [3.0]]))
    assert filled.equals(pl.DataFrame({"a": pl.Series([1, 2, 3], dtype=pl.Int128)}))

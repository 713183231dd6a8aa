"""`DataArray` and `Dataset` come back with coordinates, attributes, encodings, order of dimensions and types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, InputError, UnknownColumnError

xr = pytest.importorskip("xarray", reason="xarray is not installed")

STEPS = 48
TIMES = pd.date_range("2024-03-01", periods=STEPS, freq="h")
WAVE = np.abs(np.arange(STEPS) % 16 - 8.0)
LINEAR = {"strategy": "linear"}


@pytest.fixture
def air() -> xr.DataArray:
    """Temperatures at three stations, each with its own gap, in an order in which time is not first."""
    values = (WAVE[None] + np.arange(3)[:, None]).astype(np.float32)
    for station, at in enumerate((5, 20, 33)):
        values[station, at : at + 3] = np.nan
    array = xr.DataArray(
        values,
        dims=("station", "time"),
        coords={
            "time": ("time", TIMES, {"axis": "T"}),
            "station": ["a", "b", "c"],
            "height": ("station", [1.0, 2.0, 3.0]),
            "run": 7,
        },
        name="air",
        attrs={"units": "degC"},
    )
    array.encoding = {"_FillValue": -99, "zlib": True}
    return array


@pytest.fixture
def weather(air: xr.DataArray) -> xr.Dataset:
    """Temperatures, a wind along time alone, counts of whole numbers, and variables that are not filled."""
    wind = np.where(np.arange(STEPS) == 10, np.nan, WAVE)
    return xr.Dataset(
        {
            "air": air,
            "count": ("time", np.arange(STEPS, dtype=np.int16) % 5),
            "wind": ("time", wind, {"units": "m/s"}),
            "altitude": ("station", [10.0, np.nan, 30.0]),
            "quality": (("time",), np.array(["good"] * STEPS)),
        },
        attrs={"title": "made"},
    )


def interpolated(array: xr.DataArray) -> xr.DataArray:
    """What xarray itself interpolates; the lines are straight in the gaps of one, and at most half a step off."""
    filled = array.to_pandas()
    axis = array.get_axis_num("time") if array.ndim > 1 else 0
    return array.copy(data=filled.interpolate(axis=axis).to_numpy())


def check_alike(filled: xr.DataArray, given: xr.DataArray) -> None:
    xr.testing.assert_identical(filled.fillna(0).where(given.notnull()), given.fillna(0).where(given.notnull()))
    assert (filled.dims, filled.dtype, filled.name) == (given.dims, given.dtype, given.name)
    assert (filled.attrs, filled.encoding) == (given.attrs, given.encoding)
    assert filled.coords.identical(given.coords)
    assert not filled.isnull().any()


def test_an_array_keeps_all_but_its_gaps(air: xr.DataArray):
    before = air.copy(deep=True)
    filled = latentfill.impute(air, **LINEAR)
    check_alike(filled, air)
    xr.testing.assert_allclose(filled, interpolated(air))
    xr.testing.assert_identical(air, before)  # the given array is not changed


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", ">f4"])
def test_the_type_and_every_observed_digit_are_kept(air: xr.DataArray, dtype: str):
    given = (air.astype("float64") / 3).astype(dtype)
    check_alike(latentfill.impute(given, **LINEAR), given)


def test_columns_are_named_by_the_array_and_the_labels(air: xr.DataArray):
    def columns(array: xr.DataArray) -> list[str]:
        return list(Imputer(**LINEAR).fit(array).feature_names_in_)

    assert columns(air) == ["air_a", "air_b", "air_c"]
    assert columns(air.rename(None)) == ["a", "b", "c"]
    assert columns(air.drop_vars("station")) == ["air_0", "air_1", "air_2"]
    assert columns(air[0]) == ["air"]
    assert columns(air[0].rename(None)) == ["value"]
    grid = air.expand_dims({"lat": [1.5, 2.5]})
    assert columns(grid)[:4] == ["air_1.5_a", "air_1.5_b", "air_1.5_c", "air_2.5_a"]
    assert columns(grid.stack(place=("lat", "station"))) == columns(grid)


def test_further_dimensions_are_columns_and_come_back_in_place(air: xr.DataArray):
    grid = air.expand_dims({"lat": [1.5, 2.5]}, axis=1) * xr.DataArray([1, 2], dims="lat").astype("float32")
    grid = grid.transpose("lat", "time", "station").assign_attrs(air.attrs)
    filled = latentfill.impute(grid, **LINEAR)
    check_alike(filled, grid)
    xr.testing.assert_allclose(filled.isel(lat=1, drop=True), 2 * latentfill.impute(air, **LINEAR).T)


def test_by_tells_the_series_of_a_dimension_apart(air: xr.DataArray):
    walks = np.random.default_rng(0).normal(size=(3, 200)).cumsum(axis=1).astype("float32")
    walks[1, 50:60] = np.nan
    times = pd.date_range("2024-03-01", periods=200, freq="h")
    given = xr.DataArray(walks, dims=("station", "time"), coords={"time": times, "station": ["a", "b", "c"]})
    filled = latentfill.impute(given, by="station", model="own", effort="quick")
    check_alike(filled, given)
    alone = latentfill.impute(given.sel(station="b").rename("value"), effort="quick")
    np.testing.assert_array_equal(filled.sel(station="b"), alone)
    xr.testing.assert_allclose(latentfill.impute(air, by="station", **LINEAR), interpolated(air))


def test_by_may_name_several_dimensions(air: xr.DataArray):
    grid = air.expand_dims({"lat": [1.5, 2.5]}, axis=1).copy()
    filled = latentfill.impute(grid, by=["lat", "station"], **LINEAR)
    check_alike(filled, grid)
    xr.testing.assert_allclose(filled.isel(lat=0, drop=True), interpolated(air))
    part = latentfill.impute(grid, by="lat", **LINEAR)
    xr.testing.assert_allclose(part, filled)


def test_a_dataset_fills_its_variables_along_time(weather: xr.Dataset):
    weather.encoding = {"unlimited_dims": {"time"}}
    filled = latentfill.impute(weather, **LINEAR)
    assert list(filled.data_vars) == list(weather.data_vars)
    assert (filled.attrs, filled.encoding) == (weather.attrs, weather.encoding)
    for name in ("air", "count", "wind"):
        check_alike(filled[name], weather[name])
    for name in ("altitude", "quality"):
        xr.testing.assert_identical(filled[name], weather[name])
    assert filled["wind"][10] == WAVE[[9, 11]].mean()


def test_a_variable_stands_for_its_columns(weather: xr.Dataset):
    left = latentfill.impute(weather, leave="air", **LINEAR)
    xr.testing.assert_identical(left["air"], weather["air"])
    assert not left["wind"].isnull().any()
    only = latentfill.impute(weather, columns=["air"], **LINEAR)
    xr.testing.assert_identical(only["wind"], weather["wind"])
    one = latentfill.impute(weather, columns=["air_b"], **LINEAR)
    assert one["air"].isnull().any("time").values.tolist() == [True, False, True]


def test_bounds_are_further_variables_of_a_dataset(weather: xr.Dataset, air: xr.DataArray):
    noise = xr.zeros_like(weather["air"]) + np.random.default_rng(0).normal(size=(3, STEPS))
    given = weather.assign(air=noise.where(air.notnull()))
    filled = latentfill.impute(given, intervals=0.9, leave=["wind", "count"], **LINEAR)
    added = [name for name in filled.data_vars if name not in given.data_vars]
    assert added == ["air_lower", "air_upper"]
    assert filled["air_lower"].dims == air.dims
    inside = (filled["air_lower"] <= filled["air"]) & (filled["air"] <= filled["air_upper"])
    assert inside.all()
    with pytest.raises(InputError, match="a DataArray has no place for interval bounds"):
        latentfill.impute(air, intervals=0.9)
    with pytest.raises(InputError, match="no rows can be added to a Dataset"):
        latentfill.impute(weather, grid=True)


def test_series_of_a_dataset_need_the_dimension(weather: xr.Dataset):
    with pytest.raises(InputError, match=r"'count', 'wind' have no dimension 'station'.*drop_vars"):
        latentfill.impute(weather, by="station")
    filled = latentfill.impute(weather.drop_vars(["count", "wind"]), by="station", **LINEAR)
    xr.testing.assert_allclose(filled["air"], interpolated(weather["air"]))
    with pytest.raises(UnknownColumnError, match="did you mean 'station'"):
        latentfill.impute(weather, by="stations")


def test_the_imputer_takes_arrays_and_datasets(air: xr.DataArray, weather: xr.Dataset):
    imputer = Imputer(**LINEAR)
    xr.testing.assert_identical(imputer.fit_transform(air), latentfill.impute(air, **LINEAR))
    later = air[:, :30]
    check_alike(imputer.transform(later), later)
    xr.testing.assert_identical(Imputer(**LINEAR).fit_transform(weather), latentfill.impute(weather, **LINEAR))
    gaps = imputer.fill(air).gaps
    assert isinstance(gaps, pd.DataFrame)
    assert gaps["start"].tolist() == [TIMES[5], TIMES[20], TIMES[33]]


def test_scores_and_descriptions_are_those_of_the_columns(air: xr.DataArray):
    scores = latentfill.evaluate(air, strategies=["linear"], rates=[0.2])
    assert {"air_a", "air_b", "air_c"} <= set(scores["column"])
    described = latentfill.inspect(air)
    assert described["rows"] == STEPS
    by_station = latentfill.evaluate(air, by="station", strategies=["linear"], rates=[0.2])
    assert set(by_station["series"]) == {"all", "a", "b", "c"}


def test_whole_numbers_that_are_stored_as_floats_stay_whole():
    counts = np.random.default_rng(0).integers(0, 100, (200, 2)).astype("float32")
    counts[40:45, 0] = np.nan
    array = xr.DataArray(counts, dims=("time", "site"))
    filled = latentfill.impute(array, **LINEAR)
    np.testing.assert_array_equal(filled, filled.round())


def test_integers_have_gaps_where_a_marker_is_given():
    counts = (np.arange(60) % 7).astype("int16")
    given = xr.DataArray(np.where(np.arange(60) == 3, -999, counts).astype("int16"), dims="time")
    filled = latentfill.impute(given, missing=-999, **LINEAR)
    assert filled.dtype == "int16"
    np.testing.assert_array_equal(filled, counts)


# --- the time dimension ------------------------------------------------------------------------------------------


def line(dim: str, stamps: object = None) -> xr.DataArray:
    """A straight line in steps, with one gap, along a dimension beside three others."""
    values = np.arange(30.0)
    values[9] = np.nan
    array = xr.DataArray(np.tile(values, (3, 1)), dims=("x", dim))
    return array if stamps is None else array.assign_coords({dim: stamps})


def test_the_dimension_with_time_stamps_is_found():
    hours = pd.date_range("2024-03-01", periods=30, freq="h")
    for given in (line("t", hours), line("obs").assign_coords(date=("obs", hours)), line("time")):
        assert latentfill.impute(given, **LINEAR)[0].values.tolist() == list(range(30))


def test_gaps_are_filled_by_time_and_not_by_step():
    hours = np.array([*range(9), 13, *range(14, 34)])
    stamps = pd.Timestamp("2024-03-01") + pd.to_timedelta(hours, unit="h")
    assert latentfill.impute(line("t", stamps), **LINEAR)[0, 9] == pytest.approx(8 + 2 * 5 / 6)
    assert latentfill.impute(line("t", stamps), time=False, **LINEAR)[0, 9] == 9
    aside = line("obs").assign_coords(date=("obs", stamps), other=("obs", stamps[::-1]))
    assert latentfill.impute(aside, time="date", **LINEAR)[0, 9] == pytest.approx(8 + 2 * 5 / 6)


def test_where_the_time_is_not_clear_it_is_asked_for():
    hours = pd.date_range("2024-03-01", periods=3, freq="h")
    two = line("t", pd.date_range("2024-03-01", periods=30, freq="h")).assign_coords(x=hours)
    with pytest.raises(InputError, match=r"'t', 'x' hold time stamps.*time="):
        latentfill.impute(two)
    assert not latentfill.impute(two, time="t", **LINEAR).isnull().any()
    with pytest.raises(InputError, match=r"no coordinate holds time stamps \(dimensions: x, t\)"):
        latentfill.impute(line("t"))
    assert latentfill.impute(line("t"), time="t", **LINEAR)[1, 9] == 9
    with pytest.raises(UnknownColumnError, match="unknown dimension 'times'"):
        latentfill.impute(line("time"), time="times")


def test_times_that_have_no_number_of_nanoseconds_are_refused():
    years = np.array([f"{year:04d}-01-01" for year in range(1, 31)], dtype="datetime64[s]")
    with pytest.raises(InputError, match=r"not all within 1678 to 2261.*time=False"):
        latentfill.impute(line("time", years))
    assert latentfill.impute(line("time", years), time=False, **LINEAR)[0, 9] == 9


def test_arrays_without_numbers_or_time_are_refused(weather: xr.Dataset):
    with pytest.raises(InputError, match="holds no numbers"):
        latentfill.impute(weather["quality"])
    with pytest.raises(InputError, match="no variable of the Dataset has numbers along 'time'"):
        latentfill.impute(weather[["quality", "altitude"]])
    stacked = weather["air"].stack(sample=("station", "time"))
    with pytest.raises(InputError, match=r"unstack\('sample'\)"):
        latentfill.impute(stacked)


def test_dates_of_other_calendars_are_read():
    cftime = pytest.importorskip("cftime", reason="cftime is not installed")
    days = xr.date_range("2024-02-20", periods=30, calendar="noleap", use_cftime=True)
    filled = latentfill.impute(line("time", days), **LINEAR)
    assert isinstance(filled["time"].values[0], cftime.DatetimeNoLeap)
    assert filled[0, 9] == pytest.approx(9 + 1 / 3)  # from 28 to 29 February and on to 1 and 2 March, which is two days
    short = xr.date_range("2024-02-20", periods=30, calendar="360_day", use_cftime=True)
    with pytest.raises(InputError, match=r"calendar of 'time' \(360_day\).*convert_calendar"):
        latentfill.impute(line("time", short))
    assert latentfill.impute(line("time", short), time=False, **LINEAR)[0, 9] == 9


def test_lazy_arrays_are_computed_and_keep_their_chunks(weather: xr.Dataset):
    pytest.importorskip("dask", reason="dask is not installed")
    lazy = weather.chunk({"time": 20, "station": 2})
    filled = latentfill.impute(lazy, **LINEAR)
    assert filled.chunksizes == lazy.chunksizes
    assert lazy["air"].chunks is not None  # the given dataset stays lazy
    xr.testing.assert_identical(filled.compute(), latentfill.impute(weather, **LINEAR))
    assert latentfill.impute(lazy["air"], **LINEAR).chunks == lazy["air"].chunks


@pytest.mark.filterwarnings("ignore")  # of netCDF4 and NumPy
def test_a_file_is_written_as_it_was_read(weather: xr.Dataset, tmp_path: Path):
    pytest.importorskip("netCDF4", reason="netCDF4 is not installed")
    weather["air"].encoding = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -99}
    weather.to_netcdf(tmp_path / "given.nc")
    with xr.open_dataset(tmp_path / "given.nc") as given:
        filled = latentfill.impute(given, **LINEAR)
        filled.to_netcdf(tmp_path / "filled.nc")
        with xr.open_dataset(tmp_path / "filled.nc") as again:
            assert again["air"].encoding["dtype"] == "int16"
            observed = given["air"].notnull()
            assert (again["air"] == given["air"]).where(observed, other=True).all()
            assert not again["air"].isnull().any()

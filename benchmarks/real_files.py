"""The real files of the benchmarks, read as tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentfill.core.series import Series
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table

FILES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "beijing_multisite": ("beijing_multisite/PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz", {}),
    "beijing_pm25": ("beijing_pm25/PRSA_data_2010_2014.csv", {"time": ("year", "month", "day", "hour")}),
    "airquality_uci": ("airquality_uci/AirQualityUCI.csv", {"missing": ("-200",)}),
    "cambridge_buildings": ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", {"missing": ("0",)}),
    "ETTh1": ("ETT/ETTh1.csv", {}),
    "ETTh2": ("ETT/ETTh2.csv", {}),
}
STATIONS = "beijing_multisite/PRSA_Data_*.csv.gz"


def read(name: str, data: Path) -> Table:
    """One of `FILES` as a table."""
    path, options = FILES[name]
    return read_table(data / path, TableOptions(**options))


def beijing_station(name: str, data: Path) -> Series:
    """One of the twelve Beijing stations, hourly rows of eleven columns; `beijing_multisite` is Aotizhongxin alone."""
    return read_table(data / STATIONS.replace("*", f"{name}_20130301-20170228"), TableOptions()).series


def beijing_stations(data: Path) -> Series:
    """The twelve Beijing stations side by side: hourly rows, eleven columns for each station."""
    paths = sorted(data.glob(STATIONS))
    stations = [read_table(path, TableOptions()).series for path in paths]
    names = [path.name.split("_")[2] for path in paths]
    return Series(
        values=np.concatenate([station.values for station in stations], axis=1),
        columns=tuple(f"{name} {c}" for name, station in zip(names, stations, strict=True) for c in station.columns),
        time=stations[0].time,
        rows=stations[0].rows,
        step=stations[0].step,
    )

"""The small tables that the pages speak of, made anew for each test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from latentfill.embeddings.stored.h5_writing import write_split

DAYS = 8
SEQ, PRED, ROWS = 96, 24, 600  # of the table with embeddings
TRAIN, VAL_START, VAL_END = 420, 324, 480  # rows of the custom split: 70 %, 10 % with the window before it


def hours(rows: int = 24 * DAYS, step: str = "h") -> pd.Series:
    return pd.Series(pd.date_range("2024-03-01", periods=rows, freq=step))


def daily(names: str, rows: int = 24 * DAYS, *, day: int = 24, seed: int = 0) -> pd.DataFrame:
    """Columns with these names that follow the day and each other, without gaps."""
    rng = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(rows) / day) + rng.normal(0, 0.2, rows)
    columns = {name: 20 + i + 5 * wave + rng.normal(0, 0.3, rows) for i, name in enumerate(names.split())}
    return pd.DataFrame(columns).round(2)


def with_gaps(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The columns with scattered cells and a run of six missing."""
    rng = np.random.default_rng(seed)
    missing = rng.random(frame.shape) < 0.05
    missing[40:46, 0] = True
    return frame.mask(missing)


def timed(frame: pd.DataFrame, step: str = "h") -> pd.DataFrame:
    return frame.assign(time=hours(len(frame), step))[["time", *frame.columns]]


def make_files(folder: Path) -> None:
    """Every file that a page or the README names, in this folder."""
    for name, columns, seed in (
        ("data", "load humidity wind", 0),
        ("today", "load humidity wind", 1),
        ("history", "load humidity wind", 2),
        ("wide", " ".join(f"s{i}" for i in range(12)), 3),
        ("air", "NO2 O3", 4),
    ):
        timed(with_gaps(daily(columns, seed=seed), seed)).to_csv(folder / f"{name}.csv", index=False)
    timed(daily("temperature", seed=5)).to_csv(folder / "weather.csv", index=False)
    flux = with_gaps(daily("NEE Rg Tair", 48 * DAYS, day=48))
    timed(flux.fillna(-9999), "30min").to_csv(folder / "flux.csv", index=False)
    register = daily("kwh").div(10).cumsum().round(2)
    timed(with_gaps(register)).to_csv(folder / "meter.csv", index=False)
    refused = [{"column": "load", "from": "2024-03-02 16:00", "to": "2024-03-02 21:00"}]
    (folder / "decisions.json").write_text(json.dumps({"format": 1, "refused": refused}), encoding="utf-8")
    make_stations(folder)
    make_embeddings(folder)
    make_public_files(folder)


def make_stations(folder: Path) -> None:
    """Two stations one below the other, as a stacked table and as one with a reading in each row."""
    parts = [
        timed(with_gaps(daily("NO2 O3", seed=i), i)).assign(station=name) for i, name in enumerate(("north", "south"))
    ]
    stacked = pd.concat(parts)[["station", "time", "NO2", "O3"]]
    stacked.to_csv(folder / "stations.csv", index=False)
    (folder / "stations").mkdir()
    for name, part in stacked.groupby("station"):
        part.drop(columns="station").to_csv(folder / "stations" / f"{name}.csv", index=False)
    readings = stacked.melt(["station", "time"], var_name="parameter", value_name="value")
    readings.sort_values(["station", "time"]).to_csv(folder / "readings.csv", index=False)


def make_embeddings(folder: Path) -> None:
    """A table and the files that an encoder wrote of its windows: the last eight values of each column."""
    table = daily("a b OT", ROWS, seed=6)
    values = table.to_numpy(np.float32)
    for split, rows in (("train", values[:TRAIN]), ("val", values[VAL_START:VAL_END])):
        starts = range(len(rows) - SEQ - PRED + 1)
        vectors = np.stack([rows[start + SEQ - 8 : start + SEQ].T for start in starts])
        write_split(folder / "Embeddings" / "ETT" / str(PRED), split, vectors)
    gappy = timed(with_gaps(table, 6)).rename(columns={"time": "date"})
    for name in ("ETT", "ETTh1", "gappy"):
        gappy.to_csv(folder / f"{name}.csv", index=False)
    timed(table).rename(columns={"time": "date"}).to_csv(folder / "complete.csv", index=False)


def make_public_files(folder: Path) -> None:
    """Tables whose times and markers are written as in the public files of the README, and a table of two meters."""
    air, stamps = with_gaps(daily("pm25 TEMP")), hours()
    parts = {name: getattr(stamps.dt, name) for name in ("year", "month", "day", "hour")}
    pd.concat([pd.DataFrame(parts), air], axis=1).to_csv(folder / "PRSA_data_2010_2014.csv", index=False)
    texts = {"Date": stamps.dt.strftime("%d/%m/%Y"), "Time": stamps.dt.strftime("%H.%M.%S")}
    pd.concat([pd.DataFrame(texts), air.fillna(-200)], axis=1).to_csv(folder / "AirQualityUCI.csv", index=False)
    meters = daily("kwh water").div(10).cumsum().round(2)
    timed(with_gaps(meters)).to_csv(folder / "meters.csv", index=False)

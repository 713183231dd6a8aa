"""Whole-file imputation: hide cells of real files, run the main job as a user would, score the hidden cells.

    python benchmarks/whole_file.py [--quick] [--data DIR] [--seed 0] [NAME ...]

ETT files lose 10 % scattered cells; files with gaps of their own lose 10 % of their observed cells in the pattern of
those gaps. Scores are in standard deviations of each column's observed cells. Nothing fitted sees a hidden cell:
it is missing from the table that `latentfill` reads. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import time
from pathlib import Path

import numpy as np

from common import DATA, write_results
from latentfill import Imputer, TableOptions, read_table
from latentfill.gaps import BUCKET_NAMES, bucket_of, gap_lengths, interpolate
from latentfill.hiding import hide_like_gaps, hide_points
from latentfill.series import BoolArray, FloatArray
from latentfill.tables import Table

FILES = {
    "ETTh1": ("ETT/ETTh1.csv", {}),
    "ETTh2": ("ETT/ETTh2.csv", {}),
    "beijing_pm25": ("beijing_pm25/PRSA_data_2010_2014.csv", {"time": ("year", "month", "day", "hour")}),
    "beijing_multisite": ("beijing_multisite/PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz", {}),
    "airquality_uci": ("airquality_uci/AirQualityUCI.csv", {"missing": ("-200",)}),
    "cambridge_buildings": ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", {"missing": ("0",)}),
}
RATE = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(FILES)}; all if none is named")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a tenth of the training: checks that everything runs")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - FILES.keys()
    if unknown:
        parser.error(f"unknown data set {', '.join(sorted(unknown))}; known: {', '.join(FILES)}")
    rows = [run(name, arguments.data, arguments.seed, arguments.quick) for name in arguments.names or FILES]
    write_results("whole_file_quick" if arguments.quick else "whole_file", {"rows": rows}, table_of(rows))


def run(name: str, data: Path, seed: int, quick: bool) -> dict[str, object]:
    """Hide, fit, fill and score one file."""
    path, options = FILES[name]
    table = read_table(data / path, TableOptions(**options))
    truth = table.series.values
    rng = np.random.default_rng(seed)
    observed = table.series.observed
    like_gaps = not observed.all()
    hidden = hide_like_gaps(rng, observed, RATE) if like_gaps else hide_points(rng, observed[None], RATE)[0]
    gappy = without(table, hidden)
    steps = {"encoder_steps": 150, "decoder_steps": 150} if quick else {}
    began = time.monotonic()
    imputer = Imputer(seed=seed, **steps).fit(gappy)
    fitted = time.monotonic()
    imputation = imputer.fill(gappy)
    done = time.monotonic()
    errors = score(imputation.filled.values, truth, gappy.series.values, hidden)
    row = {
        "data": name,
        "pattern": "like-gaps" if like_gaps else "point",
        "hidden_share": float(hidden.sum() / observed.sum()),
        "fit_seconds": round(fitted - began, 1),
        "fill_seconds": round(done - fitted, 2),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **errors,
    }
    print(json.dumps({key: value for key, value in row.items() if key != "by_gap_length"}), flush=True)
    return row


def without(table: Table, hidden: BoolArray) -> Table:
    """The table as it would have been read with the hidden cells missing."""
    values = np.where(hidden, np.nan, table.series.values)
    return dataclasses.replace(table, series=dataclasses.replace(table.series, values=values))


def score(filled: FloatArray, truth: FloatArray, seen: FloatArray, hidden: BoolArray) -> dict[str, object]:
    """Errors over the hidden cells, all and by the length of the gap they ended up in."""
    spread = np.nanstd(truth, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    error, linear = (filled - truth) / spread, (interpolate(seen) - truth) / spread
    buckets = bucket_of(gap_lengths(~np.isnan(seen)))

    def of(cells: BoolArray) -> dict[str, float]:
        mse, linear_mse = float(np.mean(error[cells] ** 2)), float(np.mean(linear[cells] ** 2))
        return {
            "cells": int(cells.sum()),
            "mse": mse,
            "mae": float(np.mean(np.abs(error[cells]))),
            "linear_mse": linear_mse,
            "linear_mae": float(np.mean(np.abs(linear[cells]))),
            "mse_ratio": mse / linear_mse,
        }

    groups = {name: hidden & (buckets == b) for b, name in enumerate(BUCKET_NAMES)}
    return of(hidden) | {"by_gap_length": {name: of(cells) for name, cells in groups.items() if cells.any()}}


def table_of(rows: list[dict[str, object]]) -> str:
    """Markdown: a row per file."""
    head = "| data | hidden | MSE | linear | ratio | MAE | linear | fit s | fill s | peak MB |"
    lines = [
        f"| {r['data']} | {r['pattern']} {r['hidden_share']:.1%} | {r['mse']:.4f} | {r['linear_mse']:.4f} "
        f"| **{r['mse_ratio']:.2f}** | {r['mae']:.4f} | {r['linear_mae']:.4f} | {r['fit_seconds']:.0f} "
        f"| {r['fill_seconds']:.1f} | {r['peak_megabytes']} |"
        for r in rows
    ]
    return "\n".join([head, "|---|---|---|---|---|---|---|---|---|---|", *lines])


if __name__ == "__main__":
    main()

"""Protocol R (real files): hide cells of a file the way it has gaps, run the main job as a user would, score.

    python benchmarks/protocol_r.py [--quick] [--ablation] [--data DIR] [--seeds 0 1 2] [DATA ...]

10 % of the observed cells are hidden in the pattern of the file's own gaps (lengths, and which columns miss together);
files without gaps lose scattered cells. Nothing fitted sees a hidden cell: it is missing from the table that is
read. Errors are in original units, per column and length of the gap a cell ends up in; a ratio over several columns is
taken in units of each column's spread. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import time
from collections import defaultdict

import numpy as np

from common import Row, config_of, made_with, names_of, parser_of, read_results, write_results, write_table
from latentfill import Imputer, TableOptions, read_table
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.filling.fill import fill_series
from latentfill.strategies.classes import baseline_names, new_baseline
from latentfill.tables.table import Table
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.windows.hiding import hide_like_gaps, hide_points
from methods import ablations

FILES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "beijing_multisite": ("beijing_multisite/PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz", {}),
    "beijing_pm25": ("beijing_pm25/PRSA_data_2010_2014.csv", {"time": ("year", "month", "day", "hour")}),
    "airquality_uci": ("airquality_uci/AirQualityUCI.csv", {"missing": ("-200",)}),
    "cambridge_buildings": ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", {"missing": ("0",)}),
    "ETTh1": ("ETT/ETTh1.csv", {}),
    "ETTh2": ("ETT/ETTh2.csv", {}),
}
PROTOCOL = "protocol_r"
ABLATED = "_ablation"  # results of runs with --ablation are kept beside the others under this ending
RATE = 0.1
SCORED = 30  # cells from which on a column and gap length is judged
WORSE = 1.02  # ratio to linear from which on it counts as worse


def main() -> None:
    parser = parser_of(__doc__, FILES, seeds=(0, 1, 2))
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple imputers")
    parser.add_argument(
        "--ablation", action="store_true", help="also with decoders without z, with another window's, ..."
    )
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, FILES):
        files, groups = [], []
        for seed in arguments.seeds:
            config = config_of(arguments, seed=seed)
            about, found = run(name, arguments, config)
            files.append(about)
            groups += found
            print(about, flush=True)
        settings = config_of(arguments).to_dict()
        kept = f"{name}{ABLATED}" if arguments.ablation else name
        write_results(PROTOCOL, kept, {"settings": settings, "files": files, "groups": groups}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    whole = table(read_results(PROTOCOL, FILES, quick=quick))
    ablated = read_results(PROTOCOL, [f"{name}{ABLATED}" for name in FILES], quick=quick)
    return f"{whole}\n\n{ablation_table(ablated)}" if ablated else whole


def run(name: str, arguments: argparse.Namespace, config: Config) -> tuple[Row, list[Row]]:
    """Hide, fit, fill and score one file: what it took, and a row for each method, column and gap length."""
    path, options = FILES[name]
    table = read_table(arguments.data / path, TableOptions(**options))
    truth, observed = table.series.values, table.series.observed
    rng = np.random.default_rng(config.seed)
    like_gaps = not observed.all()
    hidden = hide_like_gaps(rng, observed, RATE) if like_gaps else hide_points(rng, observed[None], RATE)[0]
    gappy = without(table, hidden)
    seen = gappy.series.values
    began = time.monotonic()
    imputer = Imputer(config).fit(gappy)
    fitted = time.monotonic()
    fills = {"latentfill": imputer.fill(gappy).filled.values}
    done = time.monotonic()
    scaler = imputer.fitted_.scaler
    for ablation in ablations(gappy.series, imputer.fitted_) if arguments.ablation else ():
        altered = dataclasses.replace(imputer.fitted_, encoder=ablation.encoder, builtin=ablation.path)
        fills[f"with a decoder of {ablation.name}"] = fill_series(altered, gappy.series).values
    for baseline in baseline_names() if not arguments.no_baselines else ("linear",):
        scaled = scaler.apply(seen)
        fills[baseline] = scaler.invert(new_baseline(baseline).fit(scaled).fill(scaled))
    about: Row = {
        "data": name,
        "seed": config.seed,
        "pattern": "like-gaps" if like_gaps else "point",
        "hidden_share": float(hidden.sum() / observed.sum()),
        "fit_seconds": round(fitted - began, 1),
        "fill_seconds": round(done - fitted, 2),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    errors = {method: filled - truth for method, filled in fills.items()}
    of_gap = bucket_of(gap_lengths(~np.isnan(seen)))
    groups = [
        {"data": name, "seed": config.seed, "column": column, "gap": gap, **score(errors, cells, c, truth)}
        for c, column in enumerate(table.series.columns)
        for b, gap in enumerate(BUCKET_NAMES)
        if (cells := hidden[:, c] & (of_gap[:, c] == b)).any()
    ]
    for method in fills:
        about[f"ratio: {method}"] = round(ratio(groups, method), 4)
    return about, groups


def without(table: Table, hidden: BoolArray) -> Table:
    """The table as it would have been read with the hidden cells missing."""
    values = np.where(hidden, np.nan, table.series.values)
    return dataclasses.replace(table, series=dataclasses.replace(table.series, values=values))


def score(errors: dict[str, FloatArray], cells: BoolArray, column: int, truth: FloatArray) -> Row:
    """Sums over the hidden cells of a column in gaps of one length, original units, and the column's spread."""
    of_cells = {method: error[cells, column] for method, error in errors.items()}
    return {
        "cells": int(cells.sum()),
        "spread": float(np.nanstd(truth[:, column])),
        "mse": {method: float(np.mean(error**2)) for method, error in of_cells.items()},
        "mae": {method: float(np.mean(np.abs(error))) for method, error in of_cells.items()},
    }


def ratio(groups: list[Row], method: str) -> float:
    """Squared error over that of linear interpolation, each column in units of its spread."""
    ours, linear = 0.0, 0.0
    for group in groups:
        weight = group["cells"] / (group["spread"] ** 2 or 1.0)
        ours += weight * group["mse"][method]
        linear += weight * group["mse"]["linear"]
    return ours / linear


def judged(groups: list[Row]) -> list[Row]:
    """One entry for each column and gap length of a file with enough cells, seeds together: ours against linear."""
    together: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for group in groups:
        together[group["data"], group["column"], group["gap"]].append(group)
    found = []
    for (data, column, gap), rows in together.items():
        cells = sum(row["cells"] for row in rows)
        ours, linear = (sum(row["cells"] * row["mse"][m] for row in rows) for m in ("latentfill", "linear"))
        if cells >= SCORED:
            worse = ours > WORSE * linear
            found.append(
                {
                    "data": data,
                    "column": column,
                    "gap": gap,
                    "cells": cells,
                    "worse": worse,
                    "ours": ours,
                    "linear": linear,
                }
            )
    return found


def table(records: list[Row]) -> str:
    """Markdown: ratios by file and method, then the column and gap lengths that are worse than linear."""
    files = [file for record in records for file in record["files"]]
    groups = [group for record in records for group in record["groups"]]
    methods = list(dict.fromkeys(key.removeprefix("ratio: ") for file in files for key in file if "ratio: " in key))
    pairs = judged(groups)
    lines = ["| data | seeds | " + " | ".join(methods) + " | pairs worse than linear | fit s | peak MB |"]
    lines.append("|---" * (len(methods) + 5) + "|")
    for data in dict.fromkeys(file["data"] for file in files):
        own = [file for file in files if file["data"] == data]
        of_data = [pair for pair in pairs if pair["data"] == data]
        cells = [_mean([file.get(f"ratio: {method}") for file in own]) for method in methods]
        worse = f"{sum(pair['worse'] for pair in of_data)} of {len(of_data)}"
        fit, peak = np.mean([file["fit_seconds"] for file in own]), max(file["peak_megabytes"] for file in own)
        lines.append(f"| {data} | {len(own)} | " + " | ".join(cells) + f" | {worse} | {fit:.0f} | {peak} |")
    bad = [pair for pair in pairs if pair["worse"]]
    if bad:
        lines += ["", "Worse than linear by more than 2 %:", ""]
    for pair in bad:
        times = f"{pair['ours'] / pair['linear']:.2f} x" if pair["linear"] else "linear is exact"
        lines.append(f"- {pair['data']}, {pair['column']}, gaps of {pair['gap']}: {times} ({pair['cells']} cells)")
    return "\n".join([*lines, "", made_with(records)])


def ablation_table(records: list[Row]) -> str:
    """Markdown: ratios to linear of the decoder as it is, and of decoders that see less, on the same cells."""
    files = [file for record in records for file in record["files"]]
    methods = [key for key in files[0] if key.startswith("ratio: ") and ("latentfill" in key or "decoder" in key)]
    lines = ["| data | seed | " + " | ".join(key.removeprefix("ratio: ") for key in methods) + " |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    for file in files:
        lines.append(f"| {file['data']} | {file['seed']} | " + " | ".join(f"{file[key]:.3f}" for key in methods) + " |")
    return "\n".join([*lines, "", made_with(records)])


def _mean(ratios: list[float | None]) -> str:
    known = [ratio for ratio in ratios if ratio is not None]
    return f"{np.mean(known):.3f}" if known else "-"


if __name__ == "__main__":
    main()

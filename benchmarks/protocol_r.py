"""Protocol R (real files): hide cells like the gaps of a file, fill them with the default settings, and score.

    python benchmarks/protocol_r.py [--quick] [--ablation] [--beside kriging,...] [--seeds 0 1 2] [DATA ...]

The benchmark hides 10 % of the observed cells in the pattern of the file's own gaps (their lengths, and which columns
are missing together); in files without gaps it hides scattered cells. Hidden cells are made missing before fitting.
Errors are in original units, by column and by the length of the gap that a cell lies in; for a ratio over several
columns, they are divided by the standard deviations of the columns. The groups (a column and a gap length) that are
worse than linear interpolation are counted in each run by itself. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import time
from collections.abc import Mapping

import numpy as np

from ablations import ablations
from common import (
    Row,
    comma_separated,
    config_of,
    measured_line,
    names_of,
    parser_of,
    read_results,
    write_results,
    write_table,
)
from latentfill import Imputer
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.tables.table import Table
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.windows.hiding import hide_like_gaps, hide_points
from methods import BASELINES, at_hand
from real_files import FILES, read
from whole_tables import fill

PROTOCOL = "protocol_r"
ABLATED = "_ablation"  # suffix of the result files of runs with --ablation
RATE = 0.1
WORSE = (1.02, 30)  # ratio to linear interpolation above which a group counts as worse, and its fewest cells
BAD = (1.1, 100)  # the same for groups that are named: few cells may be worse by chance


def main() -> None:
    parser = parser_of(__doc__, FILES, seeds=(0, 1, 2))
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple methods")
    parser.add_argument(
        "--beside",
        type=comma_separated,
        default=(),
        metavar="NAME,...",
        help="further strategies or efforts",
    )
    parser.add_argument(
        "--ablation", action="store_true", help="also use the decoder without what z adds, and without any correction"
    )
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, FILES):
        files, groups = [], []
        for seed in arguments.seeds:
            config = config_of(arguments, seed=seed)
            about, run_groups = run(name, arguments, config)
            files.append(about)
            groups += run_groups
            print(about, flush=True)
        settings = config_of(arguments).to_dict()
        file_name = f"{name}{ABLATED}" if arguments.ablation else name
        write_results(PROTOCOL, file_name, {"settings": settings, "files": files, "groups": groups}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    whole = table(read_results(PROTOCOL, FILES, quick=quick))
    ablated = read_results(PROTOCOL, [f"{name}{ABLATED}" for name in FILES], quick=quick)
    return f"{whole}\n\n{ablation_table(ablated)}" if ablated else whole


def run(name: str, arguments: argparse.Namespace, config: Config) -> tuple[Row, list[Row]]:
    """Hide, fit, fill and score one file: a record of the run, and a row for each method, column and gap length."""
    table = read(name, arguments.data)
    observed = table.series.observed
    rng = np.random.default_rng(config.seed)
    like_gaps = not observed.all()
    hidden = hide_like_gaps(rng, observed, RATE) if like_gaps else hide_points(rng, observed[None], RATE)[0]
    gappy = without(table, hidden)
    began = time.monotonic()
    imputer = Imputer(config).fit(gappy)
    fitted = time.monotonic()
    fills = {"latentfill": imputer.fill(gappy).filled.values}
    done = time.monotonic()
    for ablation in ablations(imputer.fitted_) if arguments.ablation else ():
        altered = dataclasses.replace(imputer.fitted_, builtin=ablation.path)
        fills[ablation.name] = fill_series(altered, gappy.series).values
    baselines = ("linear",) if arguments.no_baselines else at_hand(BASELINES)
    for method in dict.fromkeys((*arguments.beside, *baselines)):
        fills[method] = fill(gappy.series, method, config)
    about: Row = {
        "data": name,
        "seed": config.seed,
        "pattern": "like-gaps" if like_gaps else "point",
        "hidden_share": float(hidden.sum() / observed.sum()),
        "fit_seconds": round(fitted - began, 1),
        "fill_seconds": round(done - fitted, 2),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    groups = groups_of(table.series, hidden, fills, {"data": name, "seed": config.seed})
    for method in fills:
        about[f"ratio: {method}"] = round(ratio(groups, method), 4)
    return about, groups


def groups_of(series: Series, hidden: BoolArray, fills: Mapping[str, FloatArray], about: Row) -> list[Row]:
    """A row with the errors of each method on the `hidden` cells (T, C) of each column and gap length."""
    errors = {method: filled - series.values for method, filled in fills.items()}
    of_gap = bucket_of(gap_lengths(series.observed & ~hidden))
    return [
        {**about, "column": column, "gap": gap, **score(errors, cells, c, series.values)}
        for c, column in enumerate(series.columns)
        for b, gap in enumerate(BUCKET_NAMES)
        if (cells := hidden[:, c] & (of_gap[:, c] == b)).any()
    ]


def without(table: Table, hidden: BoolArray) -> Table:
    """The table with the hidden cells missing, also among those that may be markers of missing ones."""
    values, as_read = (np.where(hidden, np.nan, each) for each in (table.series.values, table.as_read))
    return dataclasses.replace(table, series=dataclasses.replace(table.series, values=values), as_read=as_read)


def score(errors: dict[str, FloatArray], cells: BoolArray, column: int, truth: FloatArray) -> Row:
    """MSE and MAE by method on hidden cells of one column, in original units, and the column's standard deviation."""
    of_cells = {method: error[cells, column] for method, error in errors.items()}
    return {
        "cells": int(cells.sum()),
        "spread": float(np.nanstd(truth[:, column])),
        "mse": {method: float(np.mean(error**2)) for method, error in of_cells.items()},
        "mae": {method: float(np.mean(np.abs(error))) for method, error in of_cells.items()},
    }


def ratio(groups: list[Row], method: str) -> float:
    """Squared error of a method over that of linear interpolation, in standard deviations of each column."""
    ours, linear = 0.0, 0.0
    for group in groups:
        weight = group["cells"] / (group["spread"] ** 2 or 1.0)
        ours += weight * group["mse"][method]
        linear += weight * group["mse"]["linear"]
    return ours / linear


def worse_than_linear(groups: list[Row], times: float, least_cells: int) -> list[Row]:
    """The groups of at least `least_cells` cells whose squared error is more than `times` that of linear interpolation.

    A group is a column and a gap length in one run: a loss in one run is not made up for by a gain in another.
    """
    compared = [group for group in groups if group["cells"] >= least_cells]
    return [group for group in compared if group["mse"]["latentfill"] > times * group["mse"]["linear"]]


def table(records: list[Row]) -> str:
    """Markdown: ratios to linear by file and method, and the groups that are worse than linear."""
    files = [file for record in records for file in record["files"]]
    methods = list(dict.fromkeys(key.removeprefix("ratio: ") for file in files for key in file if "ratio: " in key))
    heads = ["data", "seeds", "hidden", *methods, "groups worse by 2 %", "worse by 10 %", "fit s", "peak MB"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", *(_line(each, methods) for each in records)]
    bad = [group for record in records for group in worse_than_linear(record["groups"], *BAD)]
    if bad:
        lines += ["", f"Worse than linear by more than 10 %, in {BAD[1]} cells or more of one run:", ""]
    for group in sorted(bad, key=lambda group: -group["cells"]):
        ours, linear = group["mse"]["latentfill"], group["mse"]["linear"]
        times = f"{ours / linear:.2f} x" if linear else "linear is exact"
        where = f"{group['data']}, seed {group['seed']}, {group['column']}, gaps of {group['gap']}"
        lines.append(f"- {where}: {times} ({group['cells']} cells)")
    return "\n".join([*lines, "", measured_line(records)])


def _line(record: Row, methods: list[str]) -> str:
    """The line of one file: means over its runs; groups are counted in each run, and summed."""
    runs, groups = record["files"], record["groups"]
    cells = [_mean([run.get(f"ratio: {method}") for run in runs]) for method in methods]
    counts = [
        f"{len(worse_than_linear(groups, times, least))} of {sum(group['cells'] >= least for group in groups)}"
        for times, least in (WORSE, BAD)
    ]
    hidden = f"{100 * np.mean([run['hidden_share'] for run in runs]):.1f} %"
    fit, peak = np.mean([run["fit_seconds"] for run in runs]), max(run["peak_megabytes"] for run in runs)
    return "| " + " | ".join([record["data"], str(len(runs)), hidden, *cells, *counts, f"{fit:.0f}", str(peak)]) + " |"


def ablation_table(records: list[Row]) -> str:
    """Markdown: ratios to linear of the default decoder and of decoders with fewer inputs, on the same cells."""
    files = [file for record in records for file in record["files"]]
    methods = [key for key in files[0] if key.startswith("ratio: ") and ("latentfill" in key or "decoder" in key)]
    lines = ["| data | seed | " + " | ".join(key.removeprefix("ratio: ") for key in methods) + " |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    for file in files:
        lines.append(f"| {file['data']} | {file['seed']} | " + " | ".join(f"{file[key]:.3f}" for key in methods) + " |")
    return "\n".join([*lines, "", measured_line(records)])


def _mean(ratios: list[float | None]) -> str:
    """The mean of the known ratios as text, `-` without any."""
    known = [ratio for ratio in ratios if ratio is not None]
    return f"{np.mean(known):.3f}" if known else "-"


if __name__ == "__main__":
    main()

"""The promises on more tables than the tests have: observed cells, odd columns, the order of columns, threads.

    python benchmarks/promises.py [--tables 500] [--each 2] [--data DIR] [observed] [odd] [order] [threads]

`observed`: generated tables of many kinds, each filled by some strategies in turn (`--each 18`: by all), as a file on
the command line and in a container of Python; changes of observed cells are counted. `odd`: columns in which numbers
overflow or vanish, by every strategy. `order`: stretches of three real files with hidden cells, whose columns are
turned round and shuffled. `threads`: the same stretches, filled with one thread and with two. Differences are in
standard deviations of the column. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import latentfill
import many_tables
import observed_cells
import odd_columns
from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.column_order import in_order
from latentfill.core.config import Config
from latentfill.core.errors import LatentFillError
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.windows.hiding import hide_like_gaps
from real_files import read

PROTOCOL = "promises"
FILES: Final = ("airquality_uci", "ETTh1", "beijing_multisite")
STEPS, HIDDEN = 1500, 0.1  # of each file
NETWORKS: Final = {"candidates": ("kriging", "neighbours", "denoise"), "encoder_steps": 60, "decoder_steps": 60}
METHODS: Final[Mapping[str, dict[str, object]]] = {"auto": {}, "with networks": NETWORKS}


def main() -> None:
    parser = parser_of(__doc__, PARTS, seeds=(0,))
    parser.add_argument("--tables", type=int, default=500, help="generated tables")
    parser.add_argument("--each", type=int, default=2, help="strategies that fill each of them, in turn")
    arguments = parser.parse_args()
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", latentfill.FillWarning)
    for name in names_of(parser, arguments, PARTS):
        rows = []
        for row in PARTS[name](arguments):
            print(row, flush=True)
            rows.append(row)
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def measure_observed(arguments: argparse.Namespace) -> Iterator[Row]:
    """Changed observed cells by strategy."""
    names, n_tables = observed_cells.STRATEGY_NAMES, 20 if arguments.quick else arguments.tables
    found = {name: {"tables": 0, "cells": 0, "changed": 0, "refused": 0} for name in names}
    for seed in range(n_tables):
        table = many_tables.made_table(seed)
        for turn in range(arguments.each):
            name = names[(seed * arguments.each + turn) % len(names)]
            count = found[name]
            count["tables"] += 1
            count["cells"] += 2 * int(table.known.sum())
            try:
                changes = _changes(table, name, seed + turn)
            except LatentFillError as error:
                print(seed, name, error)
                count["refused"] += 1
                continue
            count["changed"] += len(changes)
            if changes:
                print(seed, name, changes[:3])
    yield from ({"strategy": name, **count} for name, count in found.items())


def _changes(table: many_tables.MadeTable, strategy: str, number: int) -> list[str]:
    """The changes in a file and in one of the containers."""
    containers = list(observed_cells.CONTAINERS)
    with tempfile.TemporaryDirectory() as folder:
        of_file = observed_cells.changed_in_file(table, strategy, Path(folder))
    return of_file + observed_cells.changed_in_container(table, strategy, containers[number % len(containers)])


def measure_odd(arguments: argparse.Namespace) -> Iterator[Row]:
    """Faults by kind of column."""
    for name, columns in odd_columns.ODD.items():
        frame = odd_columns.frame_of(columns)
        found = {each: list(odd_columns.faults(frame, each)) for each in observed_cells.STRATEGY_NAMES}
        yield {"columns": name, "strategies": len(found), "faults": {each: bad for each, bad in found.items() if bad}}


def measure_order(arguments: argparse.Namespace) -> Iterator[Row]:
    """Largest difference between fills of a table and of the same table with its columns in another order."""
    for name in FILES:
        series = gappy(name, arguments)
        for method, settings in METHODS.items():
            orders = (series.columns[::-1], tuple(np.random.default_rng(0).permutation(series.columns).tolist()))
            first = filled(series, settings)
            others = [in_order(series, order) for order in orders]
            apart = [_apart(first, _back(filled(other, settings), other, series), series) for other in others]
            yield {"file": name, "method": method, "largest": max(apart)}


def measure_threads(arguments: argparse.Namespace) -> Iterator[Row]:
    """Largest difference between fills with one thread and with two."""
    for name in FILES:
        series = gappy(name, arguments)
        for method, settings in METHODS.items():
            results = []
            for threads in (1, 2):
                torch.set_num_threads(threads)
                with threadpool_limits(threads):
                    results.append(filled(series, settings))
            yield {"file": name, "method": method, "largest": _apart(*results, series)}


def gappy(name: str, arguments: argparse.Namespace) -> Series:
    """The first steps of a file, with cells hidden in the pattern of its own gaps."""
    series = read(name, arguments.data).series.part(slice(0, 400 if arguments.quick else STEPS))
    hidden = hide_like_gaps(np.random.default_rng(0), series.observed, HIDDEN)
    return Series(np.where(hidden, np.nan, series.values), series.columns, series.time, series.rows, series.step)


def filled(series: Series, settings: Mapping[str, object]) -> FloatArray:
    return fill_series(fit_series(series, Config(**settings)), series).values


def _back(values: FloatArray, other: Series, series: Series) -> FloatArray:
    """Values of the columns of another order in that of a series."""
    return values[:, [other.columns.index(name) for name in series.columns]]


def _apart(one: FloatArray, two: FloatArray, series: Series) -> float:
    spread = np.nanstd(series.values, axis=0)
    return float(np.nanmax(np.abs(one - two) / np.where(spread > 0, spread, 1.0)))


PARTS: Final[Mapping[str, Callable[[argparse.Namespace], Iterator[Row]]]] = {
    "observed": measure_observed,
    "odd": measure_odd,
    "order": measure_order,
    "threads": measure_threads,
}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = {record["data"]: record for record in read_results(PROTOCOL, PARTS, quick=quick)}
    lines = ["| promise | measured on | result |", "|---|---|---|"]
    lines += [_LINES[name](record["rows"]) for name, record in records.items()]
    return "\n".join([*lines, "", measured_line(records.values())])


def _observed_line(rows: list[Row]) -> str:
    total = {name: sum(row[name] for row in rows) for name in ("tables", "cells", "changed", "refused")}
    least = min(row["tables"] for row in rows)
    return (
        f"| observed cells survive | {total['tables']} fills of generated tables, at least {least} by each of "
        f"{len(rows)} strategies, each as a file and in a container: {total['cells']} observed cells | "
        f"{total['changed']} changed, {total['refused']} tables refused |"
    )


def _odd_line(rows: list[Row]) -> str:
    faulty = sum(len(row["faults"]) for row in rows)
    fills = sum(row["strategies"] for row in rows)
    return (
        f"| estimates are finite and possible | {fills} fills of {len(rows)} kinds of odd columns | {faulty} faulty |"
    )


def _difference_line(promise: str) -> Callable[[list[Row]], str]:
    def line(rows: list[Row]) -> str:
        by_method = {name: max(row["largest"] for row in rows if row["method"] == name) for name in METHODS}
        shown = ", ".join(f"{name}: {largest:.1g}" for name, largest in by_method.items())
        return f"| {promise} | {STEPS} steps of {', '.join(FILES)} | largest difference {shown} standard deviations |"

    return line


_LINES: Final[Mapping[str, Callable[[list[Row]], str]]] = {
    "observed": _observed_line,
    "odd": _odd_line,
    "order": _difference_line("the order of columns changes no fill"),
    "threads": _difference_line("the number of threads hardly changes a fill"),
}


if __name__ == "__main__":
    main()

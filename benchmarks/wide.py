"""Tables of many columns: errors, time and memory of `latentfill impute`, and what the columns learn from each other.

    python benchmarks/wide.py [--quick] [--strategies kriging,linear] [--peers datafiller] [--data DIR] [DATA ...]

| data | rows x columns | |
|---|---|---|
| factors | 3000 x 200 | columns that share eight factors |
| factors_long, factors_wide | 6000 x 200, 3000 x 400 | the same with twice the rows, and with twice the columns |
| factors_large | 10 000 x 320 | |
| unrelated | 3000 x 200 | columns that know nothing of each other |
| mixed | 3000 x 200 | half of the columns share factors, the others know nothing |
| beijing | 35 064 x 132 | twelve stations side by side |
| cambridge | 35 064 x 56 | electricity use of buildings |

In the real tables 5 % of the observed cells are hidden in the pattern of their own gaps, and their gaps stay; in the
made ones a tenth, in runs of 1 to 24 steps in single columns. Each strategy fills the whole table in a process of its
own, from a CSV file to a CSV file; time and memory are those of the process. Some of the columns are also filled as
tables of one column, on the same hidden cells, by the same strategy or by what it is for one column. Errors are over
the hidden cells, in standard deviations of the columns. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from common import (
    QUICK_STEPS,
    Row,
    add_strategies,
    comma_separated,
    config_of,
    errors_of,
    measured_line,
    names_of,
    parser_of,
    read_results,
    with_earlier_rows,
    write_results,
    write_table,
)
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.strategies.classes import new_baseline
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.windows.hiding import hide_like_gaps
from made_tables import hourly, related, unrelated
from methods import DATAFILLER
from processes import CommandError, run, write
from real_files import beijing_stations, read
from whole_tables import fill, kind_of

PROTOCOL = "wide"
MADE_RATE, REAL_RATE = 0.1, 0.05  # share of the observed cells that is hidden
ALONE = 8  # columns of each group that are also filled as tables of one column
ALONE_AS = {"state_space": "autoregression", "factors": "autoregression"}  # what a strategy is for one column
TIMEOUT = 900.0  # seconds of a process
ALL, RELATED, UNRELATED = "all", "related", "unrelated"
SIZES = {  # steps, columns that share factors, columns that know nothing
    "factors": (3000, 200, 0),
    "factors_long": (6000, 200, 0),
    "factors_wide": (3000, 400, 0),
    "factors_large": (10_000, 320, 0),
    "unrelated": (3000, 0, 200),
    "mixed": (3000, 100, 100),
}
BASE, DOUBLED = "factors", ("factors_long", "factors_wide")
NAMES = (*SIZES, "beijing", "cambridge")


@dataclass(frozen=True, slots=True, eq=False)
class WideTable:
    """A table, the cells to hide in it, and groups of columns that are scored apart."""

    series: Series  # before hiding
    hidden: BoolArray  # (T, C), all of them observed
    groups: Mapping[str, IntArray]  # columns by name of the group

    @property
    def gappy(self) -> Series:
        """The table without the hidden cells."""
        return replace(self.series, values=np.where(self.hidden, np.nan, self.series.values))

    def of_column(self, column: int) -> Series:
        """One column without its hidden cells, as a table of its own."""
        gappy = self.gappy
        return replace(gappy, values=gappy.values[:, [column]], columns=(gappy.columns[column],))


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0,))
    add_strategies(parser, ("linear", "kriging", "state_space", "factors"))
    parser.add_argument("--peers", type=comma_separated, default=(), metavar="NAME", help=f"{DATAFILLER}, or none")
    parser.add_argument("--alone", type=int, default=ALONE, help="columns filled alone, of each group; 0 for none")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="most seconds of a process")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        compile_modules(Path(temporary), arguments)
        for name in names_of(parser, arguments, NAMES):
            rows = []
            for seed in arguments.seeds:
                table = load(name, arguments, seed)
                rows += compare(name, table, Path(temporary), arguments, seed)
            size = dict(zip(("steps", "columns"), table.series.values.shape, strict=True))
            rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
            about = {"settings": config_of(arguments).to_dict(), **size}
            write_results(PROTOCOL, name, {**about, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


# --- tables -------------------------------------------------------------------------------------------------


def load(name: str, arguments: argparse.Namespace, seed: int) -> WideTable:
    """A table with hidden cells; a small part of it with --quick."""
    rng = np.random.default_rng(seed)
    if name in SIZES:
        n_steps, n_related, n_unrelated = (-(-size // 20) for size in SIZES[name]) if arguments.quick else SIZES[name]
        parts = [related(rng, n_steps, n_related), unrelated(rng, n_steps, n_unrelated)]
        series = _hourly_series(np.round(np.concatenate(parts, axis=1), 4))
        columns = np.arange(n_related + n_unrelated)
        groups = {RELATED: columns[:n_related], UNRELATED: columns[n_related:]}
    else:
        series = (
            beijing_stations(arguments.data)
            if name == "beijing"
            else read("cambridge_buildings", arguments.data).series
        )
        series = _first(series, 400, 10) if arguments.quick else series
        groups = {ALL: np.arange(len(series.columns))}
    hidden = hide_like_gaps(rng, series.observed, MADE_RATE if name in SIZES else REAL_RATE)
    return WideTable(series, hidden, {group: columns for group, columns in groups.items() if len(columns)})


def _hourly_series(values: FloatArray) -> Series:
    """A series of hourly values (T, C)."""
    n_steps, columns = values.shape
    names = tuple(f"c{c}" for c in range(columns))
    return Series(values, names, hourly(n_steps), np.arange(n_steps), np.timedelta64(1, "h"))


def _first(series: Series, n_steps: int, columns: int) -> Series:
    """The first steps and columns of a series with time stamps."""
    assert series.time is not None
    return replace(
        series,
        values=series.values[:n_steps, :columns],
        columns=series.columns[:columns],
        time=series.time[:n_steps],
        rows=series.rows[:n_steps],
    )


# --- comparison ---------------------------------------------------------------------------------------------


def compile_modules(folder: Path, arguments: argparse.Namespace) -> None:
    """Run each method once on a small table, so that its modules are compiled, as they are in an installed package."""
    source, target = folder / "small.csv", folder / "small_filled.csv"
    values = related(np.random.default_rng(0), 100, 3)
    values[50:60, 0] = np.nan
    write(hourly(100), values, source)
    for command in commands_of(source, target, arguments, 0).values():
        run(command, folder)


def compare(name: str, table: WideTable, folder: Path, arguments: argparse.Namespace, seed: int) -> Iterator[Row]:
    """A row for each method and group of columns."""
    linear = new_baseline("linear").fit(table.gappy.values).fill(table.gappy.values)
    source, target = folder / "table.csv", folder / "filled.csv"
    write(table.series.time, table.gappy.values, source)
    for method, command in commands_of(source, target, arguments, seed).items():
        usage, filled = _run(command, target, arguments.timeout)
        alone = alone_ratios(table, filled, method, config_of(arguments, seed=seed), arguments)
        for group, columns in table.groups.items():
            row = {
                "data": name,
                "pattern": group,
                "seed": seed,
                "method": method,
                "kind": kind_of(method),
                "hidden_share": float(table.hidden[:, columns].mean()),
                **usage,
                **ratios(table, filled, linear, columns, "linear"),
                **alone.get(group, {}),
            }
            print(row, flush=True)
            yield row


def commands_of(source: Path, target: Path, arguments: argparse.Namespace, seed: int) -> dict[str, Sequence[str]]:
    """The command that fills the table, by method."""
    impute = (sys.executable, "-m", "latentfill", "impute", str(source), "-o", str(target), "--seed", str(seed))
    quick = [f"{name}={value}" for name, value in QUICK_STEPS.items()] if arguments.quick else []
    settings = [word for item in (*quick, *arguments.set) for word in ("--set", item)]
    peer = (sys.executable, str(Path(__file__).with_name("datafiller_peer.py")), str(source), str(target))
    ours = {strategy: (*impute, "--strategy", strategy, *settings) for strategy in arguments.strategies}
    return ours | ({DATAFILLER: peer} if DATAFILLER in arguments.peers else {})


def _run(command: Sequence[str], target: Path, timeout: float) -> tuple[Row, FloatArray | None]:
    """What the process of a method took, and the values (T, C) that it wrote; why it failed, and None."""
    try:
        usage = run(command, target.parent, timeout)
    except CommandError as error:
        return {"failed": str(error)[-500:]}, None
    return usage, read_table(target, TableOptions()).series.values


def ratios(
    table: WideTable, filled: FloatArray | None, beside: FloatArray, columns: IntArray, name: str
) -> dict[str, float]:
    """MSE and MAE over the hidden cells of some columns, and their ratios to those of `beside` (T, C)."""
    if filled is None:
        return {}
    truth, hidden = table.series.values[:, columns], table.hidden[:, columns]
    spread = np.nanstd(truth, axis=0)
    spread[spread == 0] = 1.0
    ours, theirs = (errors_of(values[:, columns] / spread, truth / spread, hidden) for values in (filled, beside))
    return {key: ours[key] for key in ("mse", "mae")} | {
        f"{key} / {name}": ours[key] / theirs[key] for key in ("mse", "mae") if theirs[key]
    }


def alone_ratios(
    table: WideTable, filled: FloatArray | None, method: str, config: Config, arguments: argparse.Namespace
) -> dict[str, Row]:
    """By group, the ratios of the errors to those of tables of one column, for some columns with hidden cells."""
    if filled is None or not arguments.alone:
        return {}
    rng = np.random.default_rng(config.seed)
    by_group = {}
    for group, columns in table.groups.items():
        usable = columns[table.hidden[:, columns].any(axis=0)]
        chosen = rng.permutation(usable)[: 2 if arguments.quick else arguments.alone]
        beside = np.full(filled.shape, np.nan)
        for column in chosen:
            beside[:, column] = fill(table.of_column(column), ALONE_AS.get(method, method), config)[:, 0]
        found = ratios(table, filled, beside, chosen, "alone")
        by_group[group] = {key: value for key, value in found.items() if "alone" in key} | {"alone": len(chosen)}
    return by_group


# --- report -------------------------------------------------------------------------------------------------


def report(*, quick: bool = False) -> str:
    """The results as Markdown: ratios of the MSE, times and memory, then times of tables that are twice as large."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = [
        "| data | rows x columns | method | columns | MSE to linear | MSE to alone | MAE to linear | MAE to alone | "
        "seconds | CPU seconds | peak MB |",
        "|---" * 11 + "|",
    ]
    for record in records:
        for row in record["rows"]:
            cells = [_text(row, key) for key in ("mse / linear", "mse / alone", "mae / linear", "mae / alone")]
            usage = [_text(row, key, ".1f") for key in ("seconds", "cpu_seconds")] + [
                _text(row, "peak_megabytes", ".0f")
            ]
            size = f"{record['steps']} x {record['columns']}"
            texts = [record["data"], size, row["method"], row["pattern"], *cells, *usage]
            lines.append("| " + " | ".join(texts) + " |")
    shares = {record["data"]: record["rows"][0]["hidden_share"] for record in records}
    hidden = ", ".join(f"{data} {100 * share:.1f} %" for data, share in shares.items())
    return "\n".join([*lines, "", *_growth(records), f"Hidden: {hidden}. {measured_line(records)}"])


def _text(row: Row, key: str, form: str = ".3f") -> str:
    """An entry as text; where the method failed, that in place of its duration."""
    if "failed" in row:
        return ("failed" if "failed" in row["failed"] else row["failed"]) if key == "seconds" else "-"
    return format(row[key], form) if key in row else "-"


def _growth(records: list[Row]) -> list[str]:
    """Lines with the ratios of times: twice the rows, and twice the columns, over the table they come from."""
    seconds = {
        (record["data"], row["method"]): row["cpu_seconds"]
        for record in records
        for row in record["rows"]
        if "cpu_seconds" in row
    }
    pairs = {
        method: [seconds[name, method] / seconds[BASE, method] for name in DOUBLED if (name, method) in seconds]
        for data, method in seconds
        if data == BASE
    }
    texts = [f"{method} {rows:.2f}, {columns:.2f}" for method, (rows, columns) in _complete(pairs)]
    return (
        [f"CPU seconds with twice the rows, and with twice the columns, as ratios: {'; '.join(texts)}.", ""]
        if texts
        else []
    )


def _complete(pairs: Mapping[str, list[float]]) -> Iterator[tuple[str, list[float]]]:
    """The methods that were measured on both doubled tables."""
    return ((method, ratios) for method, ratios in pairs.items() if len(ratios) == len(DOUBLED))


if __name__ == "__main__":
    main()

"""Protocol E: gaps of a day in single hourly columns, without training on anything but the window itself.

    python benchmarks/protocol_e.py [--quick] [--strategies kriging,...] [--data DIR] [DATA ...]

Windows of four weeks are drawn at random from ETT and from the electricity use of Cambridge buildings, each with one
column to fill. In it one to four gaps of one day are hidden, with at least one observed cell between them and at both
ends. Each window is a table of its own: everything is learnt from its observed cells. In the first setting the table is
the column alone, in the second the other columns of the file are there too. Real gaps stay gaps and are not scored. The
errors of a window are divided by the standard deviation of its column. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from common import (
    Row,
    add_strategies,
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
from latentfill.core.series import BoolArray, FloatArray, Series
from methods import DATAFILLER, at_hand
from published import PROTOCOL_E
from real_files import read
from simple import YARDSTICKS
from whole_tables import fill, kind_of

PROTOCOL = "protocol_e"
NAMES = ("ETTh1", "ETTh2", "cambridge_buildings")
DAY = 24  # steps
LENGTH = 28 * DAY
MOST_GAPS = 4
LEAST_OBSERVED = 0.95  # of the column in a window
WINDOWS = 112  # of each data set
BASELINES = ("linear", "locf", "mean", "seasonal", "knn", *YARDSTICKS, DATAFILLER)
ALONE, TOGETHER = "alone", "with the other columns"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Four weeks of a file, and the cells to hide in one of its columns."""

    series: Series
    column: int
    hidden: BoolArray  # (LENGTH,), all of them observed

    def table(self, columns: str) -> Series:
        """The table to fill, with the hidden cells missing; the column to fill comes first."""
        others = [c for c in range(len(self.series.columns)) if c != self.column] if columns == TOGETHER else []
        chosen = [self.column, *others]
        values = self.series.values[:, chosen].copy()
        values[self.hidden, 0] = np.nan
        return dataclasses.replace(self.series, values=values, columns=tuple(self.series.columns[c] for c in chosen))


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0,))
    add_strategies(parser, ("kriging", "state_space"))
    parser.add_argument("--windows", type=int, default=WINDOWS, help="windows of each data set")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        series, rows = read(name, arguments.data).series, []
        for seed in arguments.seeds:
            most = min(arguments.windows, 2) if arguments.quick else arguments.windows
            samples = list(draw(series, most, seed))
            for columns in (ALONE, TOGETHER):
                rows += compare(samples, columns, config_of(arguments, seed=seed), arguments, name)
        rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
        write_results(PROTOCOL, name, {"settings": config_of(arguments).to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def draw(series: Series, most: int, seed: int) -> Iterator[Sample]:
    """At most `most` samples at random: pairs of a column and four weeks that do not overlap."""
    rng = np.random.default_rng(seed)
    n = series.n_steps // LENGTH
    observed = series.observed[: n * LENGTH].reshape(n, LENGTH, -1).mean(axis=1) >= LEAST_OBSERVED
    pairs = rng.permutation(np.argwhere(observed))[:most]
    for window, column in pairs:
        part = slice(window * LENGTH, (window + 1) * LENGTH)
        assert series.time is not None
        weeks = dataclasses.replace(series, values=series.values[part], time=series.time[part], rows=series.rows[part])
        yield Sample(weeks, int(column), days(rng) & weeks.observed[:, column])


def days(rng: np.random.Generator) -> BoolArray:
    """Mask (LENGTH,) of one to `MOST_GAPS` runs of a day, with cells between them and at both ends."""
    n = int(rng.integers(1, MOST_GAPS + 1))
    free = LENGTH - 2 - n * DAY - (n - 1)
    starts = np.sort(rng.integers(0, free + 1, n)) + 1 + np.arange(n) * (DAY + 1)
    step = np.arange(LENGTH)
    return ((step >= starts[:, None]) & (step < starts[:, None] + DAY)).any(axis=0)


def compare(
    samples: list[Sample], columns: str, config: Config, arguments: argparse.Namespace, name: str
) -> Iterator[Row]:
    """A row for each method, with its mean errors over the samples."""
    for method in dict.fromkeys((*arguments.strategies, *at_hand(BASELINES))):
        began = time.monotonic()
        errors = [score(sample, fill(sample.table(columns), method, config)[:, 0]) for sample in samples]
        seconds = time.monotonic() - began
        cells = [int(sample.hidden.sum()) for sample in samples]
        row = {
            "data": name,
            "pattern": columns,
            "seed": config.seed,
            "method": method,
            "kind": kind_of(method),
            **{key: float(np.average([e[key] for e in errors], weights=cells)) for key in ("mse", "mae")},
            "windows": len(samples),
            "hidden_share": float(np.mean([sample.hidden.mean() for sample in samples])),
            "seconds_per_window": round(seconds / len(samples), 3),
        }
        print(
            name, columns, config.seed, method, f"{row['mse']:.4f} / {row['mae']:.4f}", f"{seconds:.0f} s", flush=True
        )
        yield row


def score(sample: Sample, filled: FloatArray) -> Row:
    """Errors over the hidden cells, in standard deviations of the column in the window."""
    truth = sample.series.values[:, sample.column]
    spread = float(np.nanstd(truth)) or 1.0
    return errors_of(filled / spread, truth / spread, sample.hidden)


def report(*, quick: bool = False) -> str:
    """The results as Markdown: mean absolute errors as a ratio to linear interpolation's."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    rows = [row for record in records for row in record["rows"]]
    settings = [(record["data"], columns) for record in records for columns in (ALONE, TOGETHER)]
    lines = ["| | " + " | ".join(f"{data}, {columns}" for data, columns in settings) + " | s per window |"]
    lines.append("|---" * (len(settings) + 2) + "|")
    for method in dict.fromkeys(row["method"] for row in rows):
        ratios = [_ratio(rows, method, *setting) for setting in settings]
        seconds = np.mean([row["seconds_per_window"] for row in rows if row["method"] == method])
        lines.append(f"| {method} | " + " | ".join([*ratios, f"{seconds:.2f}"]) + " |")
    shares = {record["data"]: np.mean([row["hidden_share"] for row in record["rows"]]) for record in records}
    hidden = "; ".join(f"{data} {100 * share:.1f} % hidden" for data, share in shares.items())
    quoted = ", ".join(f"{method} {ratio:.2f}" for method, ratio in PROTOCOL_E.items())
    published = f"Published on 33 other data sets, one column alone, read off a figure (± 0.01): {quoted}."
    return "\n".join([*lines, "", published, "", f"{hidden}. {measured_line(records)}"])


def _ratio(rows: list[Row], method: str, data: str, columns: str) -> str:
    """The mean absolute error of a method over that of linear interpolation, as text."""
    here = [row for row in rows if (row["data"], row["pattern"]) == (data, columns)]
    ours, linear = ([row["mae"] for row in here if row["method"] == name] for name in (method, "linear"))
    return f"{np.mean(ours) / np.mean(linear):.3f}" if ours and linear else "-"


if __name__ == "__main__":
    main()

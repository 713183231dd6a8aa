"""Whether intervals of totals hold: sums over gaps, weeks and months, from random completed tables.

    python benchmarks/totals.py [--quick] [--data DIR] [--seeds 0 1] [DATA ...]

The benchmark hides 10 % of the observed cells in the pattern of the file's own gaps, fills the file like `latentfill
impute --samples 100`, and sums the hidden cells of each column over each gap, week and month of 30 days. It reports
which share of the true sums lies between the 5 % and the 95 % quantile of the sums of the samples, and the continuous
ranked probability score of the sums, in standard deviations of the column. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from common import Row, config_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.windows.gaps import find_gaps
from latentfill.windows.hiding import hide_like_gaps
from real_files import read

PROTOCOL = "totals"
NAMES = ("beijing_multisite", "beijing_pm25", "airquality_uci", "ETTh1")
RATE = 0.1  # share of the observed cells that is hidden
SAMPLES = 100
INTERVAL = (0.05, 0.95)
FEWEST_OF_GAP = 7  # steps of the gaps that are summed
PERIODS = {"week": 7 * 24, "month": 30 * 24}  # in steps of an hour


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0, 1))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        series = read(name, arguments.data).series
        rows = [row for seed in arguments.seeds for row in rows_of(series, seed, arguments)]
        write_results(PROTOCOL, name, {"samples": SAMPLES, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def rows_of(series: Series, seed: int, arguments: argparse.Namespace) -> Iterator[Row]:
    """A row for each kind of period."""
    hidden = hide_like_gaps(np.random.default_rng(seed), series.observed, RATE)
    gappy = replace(series, values=np.where(hidden, np.nan, series.values))
    samples = _samples(gappy, config_of(arguments, seed=seed, samples=SAMPLES))
    spread = np.nanstd(series.values, axis=0)
    for period, groups in {"gap": _by_gap(hidden), **{p: _by_period(hidden, n) for p, n in PERIODS.items()}}.items():
        truth, drawn = (_totals(values / spread, hidden, groups) for values in (series.values[None], samples))
        lowest, highest = np.quantile(drawn, INTERVAL, axis=0)
        inside = (lowest <= truth[0]) & (truth[0] <= highest)
        row = {"period": period, "seed": seed, "totals": len(inside), "coverage": float(inside.mean())}
        yield row | {"crps": float(crps(drawn, truth[0]).mean())}
        print(row, flush=True)


def _samples(gappy: Series, config: Config) -> FloatArray:
    """Random completed tables (S, T, C)."""
    samples = fill_series(fit_series(gappy, config), gappy).samples
    assert samples is not None
    return samples


def _by_gap(hidden: BoolArray) -> IntArray:
    """The number (T, C) of the gap of each hidden cell, for gaps of `FEWEST_OF_GAP` steps or more; -1 elsewhere."""
    number, gaps = np.full(hidden.shape, -1), find_gaps(~hidden)
    long = gaps.length >= FEWEST_OF_GAP
    for i, (column, start, length) in enumerate(
        zip(gaps.column[long], gaps.start[long], gaps.length[long], strict=True)
    ):
        number[start : start + length, column] = i
    return number


def _by_period(hidden: BoolArray, n_steps: int) -> IntArray:
    """The number (T, C) of the period and column of each cell."""
    steps, columns = hidden.shape
    return np.asarray(np.arange(steps)[:, None] // n_steps * columns + np.arange(columns))


def _totals(several: FloatArray, hidden: BoolArray, groups: IntArray) -> FloatArray:
    """Sums (S, N) of the hidden cells of each group, of several tables (S, T, C)."""
    chosen = hidden & (groups >= 0)
    _, group = np.unique(groups[chosen], return_inverse=True)
    return np.stack([np.bincount(group, values[chosen]) for values in several])


def crps(drawn: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score (N,) of samples (S, N), without the bias of few samples (Ferro 2014)."""
    count = len(drawn)
    ranks = 2 * np.arange(count)[:, None] - count + 1
    apart = (np.sort(drawn, axis=0) * ranks).sum(axis=0) / (count * (count - 1))
    return np.abs(drawn - truth).mean(axis=0) - apart


def report(*, quick: bool = False) -> str:
    """The results as Markdown, as means over the seeds."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = ["| data | total over | totals | coverage | CRPS |", "|---" * 5 + "|"]
    for record in records:
        for period in ("gap", *PERIODS):
            rows = [row for row in record["rows"] if row["period"] == period]
            coverage, score = (float(np.mean([row[key] for row in rows])) for key in ("coverage", "crps"))
            totals = sum(row["totals"] for row in rows)
            lines.append(f"| {record['data']} | {period} | {totals} | {coverage:.3f} | {score:.3f} |")
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()

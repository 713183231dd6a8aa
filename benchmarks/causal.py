"""Filling from the past alone on real files: errors relative to the last observation, and how often intervals hold.

    python benchmarks/causal.py [--quick] [--data DIR] [--seeds 0 1 2] [DATA ...]

The benchmark takes the first 6000 rows of a file, hides 10 % of the observed cells in the pattern of the file's own
gaps, and fills it like `latentfill impute --causal --intervals 0.9`, and like the same command without `--causal`,
which sees what comes after a gap. Squared errors, in standard deviations of the columns, are divided by those of the
last observation carried forward, over all cells and by the length of the gap. Cells without an earlier reading are not
scored. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from common import Row, config_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.past import last_reading
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fit import fit_series
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.windows.hiding import hide_like_gaps
from real_files import read

PROTOCOL = "causal"
NAMES = ("ETTh2", "airquality_uci", "beijing_multisite")
STEPS = 6000
RATE = 0.1  # share of the observed cells that is hidden
COVERAGE = 0.9
METHODS = {"past": "from the past alone", "default": "default, sees both sides"}


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0, 1, 2))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        series = read(name, arguments.data).series.part(slice(0, 600 if arguments.quick else STEPS))
        rows = [row for seed in arguments.seeds for row in rows_of(series, seed, arguments)]
        write_results(PROTOCOL, name, {"steps": series.n_steps, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def rows_of(series: Series, seed: int, arguments: argparse.Namespace) -> list[Row]:
    """A row for each method, on the same hidden cells."""
    hidden = hide_like_gaps(np.random.default_rng(seed), series.observed, RATE)
    gappy = replace(series, values=np.where(hidden, np.nan, series.values))
    scored = hidden & ~np.isnan(last_reading(gappy.values))
    rows = []
    for method in METHODS:
        config = config_of(arguments, seed=seed, intervals=COVERAGE, causal=method == "past")
        began = time.monotonic()
        if config.causal:
            filled = PastModels.fit(gappy, config).fill_own(gappy)
        else:
            filled = fill_series(fit_series(gappy, config), gappy)
        rows.append(row_of(filled, series, gappy, scored))
        rows[-1] |= {"method": method, "seed": seed, "seconds": round(time.monotonic() - began)}
        print(rows[-1], flush=True)
    return rows


def row_of(filled: Filled, series: Series, gappy: Series, scored: BoolArray) -> Row:
    """Squared errors relative to the last observation, and coverage, over all scored cells and by gap length."""
    spread = np.nanstd(series.values, axis=0)
    ours, last = (
        ((values - series.values) / np.where(spread > 0, spread, 1.0)) ** 2
        for values in (filled.values, last_reading(gappy.values))
    )
    bucket = bucket_of(np.maximum(gap_lengths(gappy.observed), 1))
    by_gap = {name: scored & (bucket == b) for b, name in enumerate(BUCKET_NAMES)}
    return {
        "all": _errors(ours, last, scored) | {"coverage": coverage(filled, series, scored)},
        "by_gap": {name: _errors(ours, last, cells) for name, cells in by_gap.items() if cells.any()},
    }


def _errors(ours: FloatArray, last: FloatArray, cells: BoolArray) -> Row:
    """Number of cells, and mean squared errors of ours and of the last observation."""
    return {"cells": int(cells.sum()), "mse": float(ours[cells].mean()), "locf_mse": float(last[cells].mean())}


def coverage(filled: Filled, series: Series, cells: BoolArray) -> float:
    """Share of the cells with an interval whose truth lies in it; the first steps have none from the past alone."""
    assert filled.lower is not None
    assert filled.upper is not None
    bounded = cells & ~np.isnan(filled.lower)
    return float(((filled.lower <= series.values) & (series.values <= filled.upper))[bounded].mean())


def report(*, quick: bool = False) -> str:
    """The results as Markdown, over all seeds."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = ["| data | filled | all | " + " | ".join(BUCKET_NAMES) + " | 90 % intervals hold | seconds |"]
    lines.append("|---" * (len(BUCKET_NAMES) + 5) + "|")
    for record in records:
        for method, title in METHODS.items():
            rows = [row for row in record["rows"] if row["method"] == method]
            ratios = [_ratio([row["all"] for row in rows])]
            ratios += [_ratio([row["by_gap"][gap] for row in rows if gap in row["by_gap"]]) for gap in BUCKET_NAMES]
            held = np.mean([row["all"]["coverage"] for row in rows])
            seconds = np.mean([row["seconds"] for row in rows])
            lines.append(f"| {record['data']} | {title} | {' | '.join(ratios)} | {held:.3f} | {seconds:.0f} |")
    return "\n".join([*lines, "", measured_line(records)])


def _ratio(errors: list[Row]) -> str:
    """Squared error over that of the last observation; empty without cells."""
    if not errors:
        return ""
    ours, last = (sum(row["cells"] * row[name] for row in errors) for name in ("mse", "locf_mse"))
    return f"{ours / last:.2f}" if last > 0 else "-"


if __name__ == "__main__":
    main()
